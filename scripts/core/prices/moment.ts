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

/** Of rows in the order of time, the last that is not after a moment; the first where all are. */
export function lastBy<Row>(rows: readonly Row[], moment: bigint, timeOf: (row: Row) => bigint): Row | undefined {
  let [low, high] = [0, rows.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const row = rows[middle];
    if (row !== undefined && timeOf(row) <= moment) low = middle;
    else high = middle - 1;
  }
  return rows[low];
}

/** `2020-03-13 02:00 UTC`, to the minute. */
export function formatMoment(seconds: bigint): string {
  return `${new Date(Number(seconds) * 1_000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
