/** Orders against the chain: whether they are for this exchange, signed by one who may, and what is left of them. */
import type { Address } from "../../core/mainnet.js";
import type { Order } from "../../core/order.js";
import type { SignedOrder } from "../../core/trade/orderFile.js";
import type { OrderState } from "../../core/trade/report.js";
import type { Desk } from "./desk.js";

import { randomBytes } from "node:crypto";

import { Interface, TypedDataEncoder, recoverAddress } from "ethers";

import { ORDER_TYPES, orderDomain } from "../../core/order.js";
import { accountName } from "../../core/trade/report.js";
import { checkOrderFile } from "../../core/trade/orderFile.js";
import { isNoAnswer } from "../deployment/reading.js";
import { readInputFile } from "../files.js";
import { TradeError } from "./failures.js";
import { refusalIn } from "./refusals.js";

/** The bit of the right to trade, as contracts/Exchange.sol has it. */
const RIGHT_TRADE = 2;

const CONTRACT_SIGNER = new Interface(["function isValidSignature(bytes32, bytes) view returns (bytes4)"]);
const VALID = "0x1626ba7e";

export async function readOrder(file: string, option: string): Promise<SignedOrder> {
  const { text } = await readInputFile(file, option);
  const checked = checkOrderFile(text);
  if (checked.kind === "wrong") throw new TradeError("BAD_ORDER", `${file} is no order: ${checked.why}.`);
  return checked.value;
}

/** That it is for this exchange, and that its signer signed it and may trade for the account. */
export async function checkSigned(desk: Desk, signed: SignedOrder, file: string): Promise<void> {
  const { chainId, exchange, order, signature } = signed;
  const { addresses, marginAccount } = desk.protocol;
  if (chainId !== desk.chainId) {
    throw new TradeError("OTHER_CHAIN", `${file} is for chain ${chainId}; the node is on chain ${desk.chainId}.`);
  }
  if (exchange.toLowerCase() !== addresses.exchange.toLowerCase()) {
    const message = `${file} is for the exchange ${exchange}; the deployment's is ${addresses.exchange}.`;
    throw new TradeError("OTHER_EXCHANGE", message);
  }
  if (!(await isSigned(desk, order, signature))) {
    const message = `${file} is not signed by ${order.signer}: it was changed since, or signed by another.`;
    throw new TradeError("BAD_SIGNATURE", message);
  }
  const owns = BigInt(order.signer) === order.account >> 96n;
  if (!owns && !(await marginAccount.mayAct(order.account, order.signer, RIGHT_TRADE))) {
    const message = `${file}: ${order.signer} may not trade for account ${accountName(order.account)}.`;
    throw new TradeError("NOT_ALLOWED", message);
  }
}

/** As the exchange sees it: the key comes first; where it is another's, a signer with code is asked. */
async function isSigned(desk: Desk, order: Order, signature: string): Promise<boolean> {
  const { connection, chainId, protocol, block } = desk;
  const hash = TypedDataEncoder.hash(orderDomain(BigInt(chainId), protocol.addresses.exchange), ORDER_TYPES, order);
  if (BigInt(signerOf(hash, signature)) === BigInt(order.signer)) return true;
  const { provider } = connection.ethers;
  if ((await provider.getCode(order.signer, block)) === "0x") return false;
  const data = CONTRACT_SIGNER.encodeFunctionData("isValidSignature", [hash, signature]);
  try {
    return (await provider.call({ to: order.signer, data, blockTag: block })).startsWith(VALID);
  } catch (error) {
    if (isNoAnswer(error) || refusalIn(error) !== null) return false;
    throw error;
  }
}

/** The zero address for what no key signs: it is nobody's, and in no order. */
function signerOf(hash: string, signature: string): Address {
  try {
    return `0x${recoverAddress(hash, signature).slice(2)}`;
  } catch {
    return "0x0000000000000000000000000000000000000000";
  }
}

/** What is left, and why nothing is. */
export async function stateOf(
  desk: Desk,
  order: Order,
): Promise<{ readonly state: OrderState; readonly left: bigint }> {
  if (order.expiry < desk.now) return { state: "expired", left: 0n };
  const left = await desk.protocol.exchange.leftOf(order);
  return { state: left === 0n ? "filled or cancelled" : "open", left };
}

/** Short enough to be typed, long enough to be met once only. */
export function randomNonce(): bigint {
  return BigInt(`0x${randomBytes(6).toString("hex")}`);
}
