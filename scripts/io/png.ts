/** Turns SVG into PNG, without a browser and with a font that comes along: the same picture on every machine. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { Resvg, initWasm } from "@resvg/resvg-wasm";

import { PICTURE_FONT } from "../core/report/pictures.js";

/** Narrow faces, about as wide as what the charts were laid out for. */
const FACES = ["DejaVuSansCondensed.ttf", "DejaVuSansCondensed-Bold.ttf"];

const require = createRequire(import.meta.url);
let ready: Promise<readonly Uint8Array[]> | undefined;

/** The module may be started once in a process. */
async function start(): Promise<readonly Uint8Array[]> {
  await initWasm(await readFile(require.resolve("@resvg/resvg-wasm/index_bg.wasm")));
  return await Promise.all(FACES.map(async (face) => await readFile(require.resolve(`dejavu-fonts-ttf/ttf/${face}`))));
}

export async function renderPng(svg: string): Promise<Uint8Array> {
  const fontBuffers = [...(await (ready ??= start()))];
  const font = { fontBuffers, loadSystemFonts: false, defaultFontFamily: PICTURE_FONT, sansSerifFamily: PICTURE_FONT };
  const image = new Resvg(svg, { font }).render();
  const png = image.asPng();
  image.free();
  return png;
}
