/**
 * What a deployment can be told, checked for its form alone. The hard bounds of each parameter live in the contracts and
 * nowhere else: a deployment is rehearsed in the process before anything is sent, so a broken bound is found there.
 */
import type { Address } from "../mainnet.js";

import { z } from "zod";

export const AddressText = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "must be an address of 20 bytes, 0x and 40 hex digits")
  .refine((text) => !/^0x0{40}$/.test(text), "must not be the zero address")
  .transform((text): Address => `0x${text.slice(2)}`);

/** Bigints are written "7200n", as Ignition's parameter files have them; a plain whole number does too. */
const Quantity = z
  .union([z.bigint(), z.number().int().safe().transform(BigInt)], {
    errorMap: () => ({ message: 'must be a whole number, best written like "7200n"' }),
  })
  .refine((value) => value >= 0n, "must not be negative");

/** A token that stands at an address, or one of the worthless ones that a test network gets of its own. */
const Token = z.union([AddressText, z.object({ deploy: z.enum(["UsdCoin", "WETH9", "WrappedBitcoin"]) }).strict()], {
  errorMap: () => ({ message: "must be an address, or { deploy: UsdCoin | WETH9 | WrappedBitcoin }" }),
});

/** A Chainlink proxy, or a feed of our own that anyone may set, opened at `answerE8`. */
const Feed = z.union(
  [AddressText, z.object({ deploy: z.literal("SettableAggregator"), answerE8: Quantity }).strict()],
  {
    errorMap: () => ({ message: "must be an address, or { deploy: SettableAggregator, answerE8 }" }),
  },
);

const Listing = z
  .object({
    symbol: z.string().regex(/^[A-Za-z][A-Za-z0-9]{1,11}$/, "must be a ticker of 2 to 12 letters and digits"),
    token: Token,
    decimals: Quantity,
    /** What the feed calls itself; a feed that says something else is refused. */
    pair: z.string().min(1),
    feed: Feed,
    heartbeatSeconds: Quantity,
    slackSeconds: Quantity,
    capWholeTokens: Quantity,
    minimumE4: Quantity,
    outflowBps: Quantity,
  })
  .strict();

const Risk = z
  .object({
    shockBps: Quantity,
    haircutMaintenanceBps: Quantity,
    haircutInitialBps: Quantity,
    initialFactorBps: Quantity,
    sizeCoefficientBps: Quantity,
  })
  .strict();

/** The mean price of a Uniswap v3 pool, beside the feed; without it there is one source. */
const Second = z
  .object({
    pool: AddressText,
    windowSeconds: Quantity,
    deviationBps: Quantity,
    minimumPriceE6: Quantity,
    maximumPriceE6: Quantity,
  })
  .strict();

const Collateral = Listing.extend({ risk: Risk, second: Second.optional() }).strict();

/** Of a rollup: the feed that says whether its sequencer works. */
const Sequencer = z.object({ feed: AddressText, graceSeconds: Quantity }).strict();

const Interest = z
  .object({
    baseBps: Quantity,
    slopeBps: Quantity,
    jumpBps: Quantity,
    kinkBps: Quantity,
    feeBps: Quantity,
    minimumDebt: Quantity,
  })
  .strict();

const Keeper = z
  .object({
    gasMaximum: Quantity,
    gasOverhead: Quantity,
    baseFeeMaximum: Quantity,
    marginBps: Quantity,
    flatE6: Quantity,
    gasAsset: Quantity,
    releaseMultiple: Quantity,
    discountBps: Quantity,
  })
  .strict();

const Liquidation = z
  .object({
    startDiscountBps: Quantity,
    healthSlopeBps: Quantity,
    timeSlopeBps: Quantity,
    maxDiscountBps: Quantity,
    targetHealthBps: Quantity,
    toleranceBps: Quantity,
    fundShareBps: Quantity,
    dustValue: Quantity,
    restartSeconds: Quantity,
  })
  .strict();

/** The perpetual of a listed asset; the units are those of the contracts' setters. */
const PerpetualTerms = z
  .object({
    underlying: z.string().min(1),
    interestE7: Quantity,
    clampE7: Quantity,
    divisor: Quantity,
    deviationBps: Quantity,
    capE3: Quantity,
    basisMaintenanceBps: Quantity,
    basisInitialBps: Quantity,
    profitCap: Quantity,
  })
  .strict();

const TradingFees = z.object({ makerE6: Quantity, takerE6: Quantity }).strict();

/** Who governs afterwards. A file may leave a holder open (null) for the command line to name. */
const Holder = AddressText.nullable();

const Roles = z
  .object({
    admin: Holder,
    adminDelaySeconds: Quantity,
    governor: Holder,
    governorDelaySeconds: Quantity,
    steward: Holder,
    stewardDelaySeconds: Quantity,
    guardian: Holder,
  })
  .strict();

const Shape = z
  .object({
    roles: Roles,
    quote: Listing,
    collaterals: z.array(Collateral).min(1).max(254),
    /** The collateral that wraps the chain's own coin; without it nobody deposits that coin as it is. */
    wrappedNative: z.string().min(1).optional(),
    sequencer: Sequencer.optional(),
    interest: Interest,
    keeper: Keeper,
    liquidation: Liquidation,
    perpetuals: z.array(PerpetualTerms).max(32),
    trading: TradingFees,
  })
  .strict();

export type ParameterFile = z.infer<typeof Shape>;
export type Listing = z.infer<typeof Listing>;
export type Collateral = z.infer<typeof Collateral>;
export type PerpetualTerms = z.infer<typeof PerpetualTerms>;

export const HOLDERS = ["admin", "governor", "steward", "guardian"] as const;
export type Holder = (typeof HOLDERS)[number];
export type Holders = Readonly<Record<Holder, Address>>;

/** A parameter file in which every role has its holder: all that a deployment needs to know. */
export type DeploymentParameters = Omit<ParameterFile, "roles"> & {
  readonly roles: Omit<ParameterFile["roles"], Holder> & Holders;
};

export type Checked<T> = { readonly kind: "ok"; readonly value: T } | { readonly kind: "wrong"; readonly why: string };

/** Checks what a parameter file said; the sentence names the first mistake and where it is. */
export function checkParameters(content: unknown): Checked<ParameterFile> {
  const parsed = Shape.safeParse(content);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue?.path.join(".") ?? "";
    if (issue?.code === "unrecognized_keys") {
      return wrong(`${place === "" ? "" : `${place} has `}an unknown parameter: ${issue.keys.join(", ")}`);
    }
    return wrong(`${place} ${issue?.message === "Required" ? "is missing" : (issue?.message ?? "is wrong")}`);
  }
  const symbols = listingsOf(parsed.data).map(({ symbol }) => symbol);
  const twice = symbols.find((symbol, index) => symbols.indexOf(symbol) !== index);
  if (twice !== undefined) return wrong(`${twice} is listed twice`);
  const { wrappedNative } = parsed.data;
  if (wrappedNative !== undefined && !symbols.slice(1).includes(wrappedNative)) {
    return wrong(`wrappedNative names ${wrappedNative}, which is no collateral`);
  }
  const underlyings = parsed.data.perpetuals.map(({ underlying }) => underlying);
  const unknown = underlyings.find((symbol) => !symbols.slice(1).includes(symbol));
  if (unknown !== undefined) return wrong(`perpetuals names ${unknown}, which is no collateral`);
  const again = underlyings.find((symbol, index) => underlyings.indexOf(symbol) !== index);
  if (again !== undefined) return wrong(`the perpetual of ${again} is listed twice`);
  return { kind: "ok", value: parsed.data };
}

/** Fills the open holders. Missing: the first role that nobody holds. */
export function withHolders(
  file: ParameterFile,
  named: Partial<Holders>,
): { readonly kind: "ok"; readonly value: DeploymentParameters } | { readonly kind: "open"; readonly role: Holder } {
  const admin = named.admin ?? file.roles.admin;
  const governor = named.governor ?? file.roles.governor;
  const steward = named.steward ?? file.roles.steward;
  const guardian = named.guardian ?? file.roles.guardian;
  if (admin === null) return { kind: "open", role: "admin" };
  if (governor === null) return { kind: "open", role: "governor" };
  if (steward === null) return { kind: "open", role: "steward" };
  if (guardian === null) return { kind: "open", role: "guardian" };
  return { kind: "ok", value: { ...file, roles: { ...file.roles, admin, governor, steward, guardian } } };
}

/** Every asset in the order of its number: the quote is 0. */
export function listingsOf({ quote, collaterals }: Pick<ParameterFile, "quote" | "collaterals">): readonly Listing[] {
  return [quote, ...collaterals];
}

/** The number of the asset that a perpetual is on. */
export function underlyingOf(parameters: Pick<ParameterFile, "quote" | "collaterals">, symbol: string): bigint {
  return BigInt(listingsOf(parameters).findIndex((listing) => listing.symbol === symbol));
}

function wrong(why: string): { readonly kind: "wrong"; readonly why: string } {
  return { kind: "wrong", why };
}
