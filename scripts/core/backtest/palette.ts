import { ARMS, PRICE } from "../report/palette.js";

/** The colours of the report's palette; dashes tell the lines apart without colour. */
const [BLUE, VERMILLION, GREEN] = ARMS;

export const LEVELS = {
  price: PRICE.market,
  move: "#8a929e",
  maintenance: { color: BLUE.color, dash: "solid", width: 1.8 },
  initial: { color: GREEN.color, dash: "dashed", width: 1.6 },
  constant: { color: "#1b1b1b", dash: "dotted", width: 2 },
  exceeded: VERMILLION.color,
} as const satisfies Readonly<
  Record<
    string,
    string | { readonly color: string; readonly dash: "solid" | "dashed" | "dotted"; readonly width: number }
  >
>;

export type LevelStyle = (typeof LEVELS)["maintenance" | "initial" | "constant"];
