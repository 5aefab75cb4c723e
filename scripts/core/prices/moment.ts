const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?(?:\.0+)?)?(?:Z|\+00:00)?$/;
const UNIX_SECONDS = /^\d{9,11}$/;

/** {s} Reads an ISO date, with or without a time, as UTC, or unix seconds. Null for anything else, also 31 February. */
export function parseMoment(text: string): bigint | null {
  if (UNIX_SECONDS.test(text)) return BigInt(text);
  const match = ISO.exec(text);
  if (!match) return null;
  const [, day = "", minutes = "00:00", seconds = ":00"] = match;
  const iso = `${day}T${minutes}${seconds}.000Z`;
  const time = Date.parse(iso);
  // Date.parse rolls 31 February over into March; a date that does not come back as it was is none.
  if (Number.isNaN(time) || new Date(time).toISOString() !== iso) return null;
  return BigInt(time) / 1_000n;
}

/** `2020-03-13 02:00 UTC`, to the minute. */
export function formatMoment(seconds: bigint): string {
  return `${new Date(Number(seconds) * 1_000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
