import type { EventKind, ReportLosses } from "./schema.js";

/** Okabe and Ito's colours: told apart with any colour vision, and by their lightness in print. */
const BLUE = "#0072B2";
const SKY = "#56B4E9";
const GREEN = "#009E73";
const ORANGE = "#E69F00";
const VERMILLION = "#D55E00";
const PURPLE = "#CC79A7";
const BLACK = "#1b1b1b";

export const INK = BLACK;
export const MUTED = "#5c6470";
export const RULE = "#d9dde3";

export const PRICE = { market: BLUE, range: SKY, oracle: VERMILLION } as const;
export const HEALTH = { line: BLUE, band: "#F3DFA8", below: "#F6CFC0", edge: VERMILLION } as const;

/** Arms in their order; dashes tell them apart without colour, and where one line covers the other. */
export const ARMS = [
  { color: BLUE, dash: "solid" },
  { color: VERMILLION, dash: "dashed" },
  { color: GREEN, dash: "dotted" },
] as const;

export const LOSSES: Readonly<Record<keyof ReportLosses, string>> = {
  discountsUsd: SKY,
  penaltiesUsd: VERMILLION,
  slippageUsd: ORANGE,
  closingUsd: PURPLE,
  keeperPayUsd: GREEN,
  badDebtUsd: BLACK,
};

export interface Marker {
  readonly label: string;
  readonly color: string;
  /** A name that echarts knows. */
  readonly symbol: "triangle" | "circle" | "diamond" | "rect";
  readonly rotate: 0 | 180;
  readonly size: number;
}

/** Each kind has a shape of its own, since markers are too small to be told apart by colour alone. */
export const MARKERS: Readonly<Record<EventKind, Marker>> = {
  called: { label: "margin call", color: ORANGE, symbol: "triangle", rotate: 180, size: 9 },
  rebalanced: { label: "rebalanced", color: GREEN, symbol: "circle", rotate: 0, size: 7 },
  cured: { label: "cured", color: PURPLE, symbol: "triangle", rotate: 0, size: 9 },
  liquidated: { label: "liquidated", color: VERMILLION, symbol: "diamond", rotate: 0, size: 11 },
  insolvent: { label: "insolvent", color: BLACK, symbol: "rect", rotate: 0, size: 8 },
};
