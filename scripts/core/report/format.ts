/** Figures as people read them. Written out instead of Intl, whose answers depend on the machine's language data. */

/** `-1,234,567.80` with the given decimals. */
export function grouped(value: number, decimals = 0): string {
  const [whole = "", fraction] = Math.abs(value).toFixed(decimals).split(".");
  const digits = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const text = fraction === undefined ? digits : `${digits}.${fraction}`;
  return value < 0 && /[1-9]/.test(text) ? `-${text}` : text;
}

/** With a sign whenever there is something to sign. */
export function signed(value: number, decimals = 0): string {
  const text = grouped(value, decimals);
  return value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/** For axes: `1.2M`, `350k`, `12`. */
export function compact(value: number): string {
  const size = Math.abs(value);
  const [unit, suffix] = size >= 1e9 ? [1e9, "B"] : size >= 1e6 ? [1e6, "M"] : size >= 1e3 ? [1e3, "k"] : [1, ""];
  return `${Number((value / unit).toPrecision(4))}${suffix}`;
}

export function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))}%`;
}

/** `20 min`, `1 h`, `90 s`. */
export function duration(seconds: number): string {
  if (seconds % 3_600 === 0) return `${seconds / 3_600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

/** `12.3 s`, `840 ms`. */
export function elapsed(milliseconds: number): string {
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}

export function plural(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}
