/** What the contracts say of a parameter that they refuse, in words. */
import { decodeBytes32String } from "ethers";

/** As Ignition writes it: the contract, the field as bytes32, what was found and the bound. */
const OUT_OF_BOUNDS =
  /(?:Simulating the transaction failed with error: )?Reverted with custom error (\w+)_ParameterOutOfBounds\("(0x[0-9a-f]{64})", (\d+), (\d+)\)/g;

/** Names the field of each parameter out of its bounds; other text stays as it is. */
export function nameFields(text: string): string {
  return text.replace(
    OUT_OF_BOUNDS,
    (_, contract: string, field: string, found: string, bound: string) =>
      `${decodeBytes32String(field)} is ${found}, and the bound of ${contract} is ${bound}`,
  );
}
