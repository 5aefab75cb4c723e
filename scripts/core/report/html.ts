/** The report as one page that opens from a disk: pictures are inline SVG, there is no script and nothing is fetched. */
import type { Report, ReportAccount } from "./schema.js";

import { armsChart, lossChart, perpetualChart, priceChart } from "./charts.js";
import { FIGURES, GROUP_FIGURES, GROUP_LABELS, LOSS_KINDS, LOSS_LABELS, differences, setting } from "./figures.js";
import { grouped, percent, signed } from "./format.js";
import { CLIP, healthChart } from "./healthChart.js";
import { ARMS, HEALTH, LOSSES, MARKERS, PRICE } from "./palette.js";
import { EVENT_KINDS } from "./schema.js";
import { STYLE } from "./style.js";
import { drawSvg } from "./svg.js";

/** Pictures beyond these make a page of many megabytes that nobody scrolls through; the table has everybody. */
const PICTURED = 48;

export function renderHtml(report: Report): string {
  const body = [
    head(report),
    section("The arms compared", armsTable(report)),
    section("By group", groupsTable(report)),
    section(
      "Prices",
      legend(PRICE_KEYS),
      pair(drawSvg(priceChart(report, "eth"), "eth"), drawSvg(priceChart(report, "btc"), "btc")),
    ),
    section("Losses by kind", legend(lossKeys()), drawSvg(lossChart(report), "loss")),
    section(
      "Solvency",
      legend(armKeys(report)),
      pair(drawSvg(armsChart(report, "marginUsd"), "margin"), drawSvg(armsChart(report, "equityUsd"), "equity")),
    ),
    section(
      "Perpetuals: open interest and funding rate",
      legend(armKeys(report)),
      pair(drawSvg(perpetualChart(report, "eth"), "perp-eth"), drawSvg(perpetualChart(report, "btc"), "perp-btc")),
    ),
    healthSection(report),
    section("Accounts", accountsTable(report)),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Ballast simulation: ${escape(report.source)}</title>
<style>${STYLE}</style>
</head>
<body>
${body.join("\n")}
</body>
</html>
`;
}

function head(report: Report): string {
  const broken = report.arms.filter(({ promises }) => promises.broken > 0);
  const breaches = broken.flatMap(({ name, promises }) =>
    promises.breaches.map((b) => `<li>${escape(`${name}, step ${b.step}, ${b.promise}: ${b.detail}`)}</li>`),
  );
  const alarm = broken.length > 0 ? `<div class="alarm"><b>Broken promises</b><ul>${breaches.join("")}</ul></div>` : "";
  const generated =
    report.kind === "generated" ? `<p class="note">The prices are generated. They are not history.</p>` : "";
  return `<header>
<h1>Ballast simulation</h1>
<p class="source">Prices: ${escape(report.source)}</p>
${[setting(report), ...report.notes].map((line) => `<p>${escape(line)}</p>`).join("\n")}
${generated}
${differences(report)
  .map((line) => `<p class="difference">${escape(line)}.</p>`)
  .join("\n")}
${alarm}</header>`;
}

function section(title: string, ...parts: readonly string[]): string {
  return `<section>\n<h2>${escape(title)}</h2>\n${parts.join("\n")}\n</section>`;
}

function pair(...svgs: readonly string[]): string {
  return `<div class="pair">${svgs.map((svg) => `<figure>${svg}</figure>`).join("")}</div>`;
}

export type Key = readonly [picture: string, words: string];

/** Legends are part of the page, not of the pictures, where they would have to find room between lines. */
function legend(keys: readonly Key[]): string {
  return `<ul class="legend">${keys.map(([picture, words]) => `<li>${picture} ${escape(words)}</li>`).join("")}</ul>`;
}

function symbol(shape: string): string {
  return `<svg width="22" height="12" aria-hidden="true">${shape}</svg>`;
}

const swatch = (color: string, opacity = 1): string =>
  symbol(`<rect x="2" y="1" width="18" height="10" fill="${color}" fill-opacity="${opacity}"/>`);

const line = (color: string, dash: string = "solid"): string => {
  const dashes = { solid: "", dashed: ` stroke-dasharray="5 3"`, dotted: ` stroke-dasharray="2 2"` }[dash] ?? "";
  return symbol(`<path d="M1 6H21" stroke="${color}" stroke-width="2"${dashes}/>`);
};

const SHAPES = {
  triangle: "M11 1L16 11H6Z",
  circle: "M11 2A4 4 0 1 1 10.99 2Z",
  diamond: "M11 0L16 6L11 12L6 6Z",
  rect: "M7 2H15V10H7Z",
} as const;

export const PRICE_KEYS: readonly Key[] = [
  [line(PRICE.market), "market, at each bar's close"],
  [swatch(PRICE.range, 0.45), "from low to high of the bar"],
  [line(PRICE.oracle), "last print of the feed"],
];

export function lossKeys(): readonly Key[] {
  return LOSS_KINDS.map((kind) => [swatch(LOSSES[kind]), LOSS_LABELS[kind]]);
}

export function armKeys({ arms }: Report): readonly Key[] {
  return lineKeys(arms.map(({ name }) => name));
}

/** Lines in the order of {@link ARMS}. */
export function lineKeys(names: readonly string[]): readonly Key[] {
  return names.map((name, i): Key => {
    const { color, dash } = ARMS[i % ARMS.length] ?? ARMS[0];
    return [line(color, dash), name];
  });
}

export const HEALTH_KEYS: readonly Key[] = [
  [line(HEALTH.line), "health"],
  [swatch(HEALTH.band), "from lower (call) to lowerRestore"],
  [swatch(HEALTH.below), "below 1: liquidation"],
  ...EVENT_KINDS.map((kind): Key => {
    const { color, symbol: shape, rotate, label } = MARKERS[kind];
    const turn = rotate === 180 ? ` transform="rotate(180 11 6)"` : "";
    return [symbol(`<path d="${SHAPES[shape]}" fill="${color}"${turn}/>`), label];
  }),
];

function healthSection(report: Report): string {
  const chosen = pictured(report);
  const omitted = report.accounts.length - chosen.length;
  const shares = [...new Set(chosen.map((i) => report.accounts[i]?.reserveShare ?? 0))].toSorted((a, b) => a - b);
  const groups = shares.map((share) => {
    const figures = chosen
      .filter((i) => report.accounts[i]?.reserveShare === share)
      .map(
        (i) =>
          `<figure><figcaption>${caption(report.accounts[i])}</figcaption>${drawSvg(healthChart(report, i), `h${i}`)}</figure>`,
      );
    const title = share === 0 ? "No reserve" : `Reserve of ${percent(share)} of its equity`;
    return `<h3>${title}</h3>\n<div class="pair">${figures.join("\n")}</div>`;
  });
  const note = `Healths below ${CLIP.low} and above ${CLIP.high} are drawn at the edge; the line stops where there is neither debt nor position.`;
  const more = omitted > 0 ? ` Shown are the ${chosen.length} accounts that most happened to; the table has all.` : "";
  return section("Health of each account", legend(HEALTH_KEYS), `<p class="note">${note}${more}</p>`, ...groups);
}

/** Indices of the accounts to draw, in their order: all, or those with the worst outcomes. */
export function pictured({ accounts }: Report): readonly number[] {
  const severity = ({ outcomes }: ReportAccount): number =>
    Math.max(...outcomes.map(({ worst }) => (worst === "untouched" ? -1 : EVENT_KINDS.indexOf(worst))));
  return accounts
    .map((account, i) => ({ i, severity: severity(account) }))
    .toSorted((a, b) => b.severity - a.severity || a.i - b.i)
    .slice(0, PICTURED)
    .map(({ i }) => i)
    .toSorted((a, b) => a - b);
}

function caption(account: ReportAccount | undefined): string {
  if (!account) return "";
  const { id, collateral, band } = account;
  return `<b>${escape(id)}</b> ${escape(collateral)}, ${riskOf(account)}, band ${band.lower} to ${band.lowerRestore}`;
}

/** What an account has at risk: a loan, or a position as a multiple of what was put in. */
function riskOf({ loanShare, exposure }: ReportAccount): string {
  return exposure === 0 ? `loan ${percent(loanShare)}` : `position ${timesOf(exposure)}`;
}

function timesOf(exposure: number): string {
  return exposure === 0 ? "" : `${exposure.toFixed(1)}x`;
}

/** The same without markup, with the reserve that on the page stands above. */
export function captionOf(account: ReportAccount | undefined): string {
  if (!account) return "";
  const { id, collateral, reserveShare, band } = account;
  const reserve = reserveShare === 0 ? "no reserve" : `reserve ${percent(reserveShare)}`;
  return `${id}: ${collateral}, ${riskOf(account)}, ${reserve}, band ${band.lower} to ${band.lowerRestore}`;
}

function armsTable({ arms }: Report): string {
  const [first, second] = arms;
  const compare = arms.length === 2 && first && second ? { first, second } : null;
  const names = arms.map(({ name }) => `<th>${escape(name)}</th>`).join("");
  const rows = FIGURES.map(({ label, decimals, of }) => {
    const cells = arms.map((arm) => `<td>${grouped(of(arm), decimals)}</td>`).join("");
    const difference = compare ? `<td>${signed(of(compare.first) - of(compare.second), decimals)}</td>` : "";
    const inner = label.startsWith(" ") ? ` class="inner"` : "";
    return `<tr><th${inner}>${escape(label.trim())}</th>${cells}${difference}</tr>`;
  });
  const header = `<tr><th></th>${names}${compare ? "<th>difference</th>" : ""}</tr>`;
  return `<table class="arms"><thead>${header}</thead><tbody>${rows.join("\n")}</tbody></table>`;
}

function groupsTable({ arms }: Report): string {
  const names = arms.map(({ name }) => `<th colspan="${GROUP_FIGURES.length}">${escape(name)}</th>`).join("");
  const heads = arms.map(() => GROUP_FIGURES.map(({ label }) => `<th>${label}</th>`).join("")).join("");
  const rows = (arms[0]?.groups ?? []).map(({ group, accounts, startEquityUsd }, row) => {
    const cells = arms.flatMap(({ groups }) => {
      const found = groups[row];
      return GROUP_FIGURES.map(({ of }) => `<td>${found === undefined ? "" : grouped(of(found))}</td>`);
    });
    const what = `<td>${accounts}</td><td>${grouped(startEquityUsd)}</td>`;
    return `<tr><th>${GROUP_LABELS[group]}</th>${what}${cells.join("")}</tr>`;
  });
  const header = `<tr><th></th><th></th><th></th>${names}</tr><tr><th></th><th>accounts</th><th>start, USD</th>${heads}</tr>`;
  return `<table class="groups"><thead>${header}</thead><tbody>${rows.join("\n")}</tbody></table>`;
}

function accountsTable({ arms, accounts }: Report): string {
  const columns = ["worst", "calls", "rebal.", "liq.", "start, USD", "end, USD", "losses, USD"];
  const names = arms.map(({ name }) => `<th class="first" colspan="${columns.length}">${escape(name)}</th>`).join("");
  const heads = arms
    .map(() => columns.map((name, i) => `<th${i === 0 ? ` class="first"` : ""}>${name}</th>`).join(""))
    .join("");
  const rows = accounts.map(({ id, collateral, loanShare, exposure, reserveShare, outcomes }) => {
    const cells = outcomes.map(
      (o) =>
        `<td class="first ${o.worst}">${o.worst}</td><td>${o.calls}</td><td>${o.rebalances}</td><td>${o.liquidations}</td>` +
        `<td>${grouped(o.startEquityUsd)}</td><td>${grouped(o.endEquityUsd)}</td><td>${grouped(o.lossesUsd)}</td>`,
    );
    const what = `<td class="word">${escape(collateral)}</td><td>${percent(loanShare)}</td><td>${timesOf(exposure)}</td><td>${percent(reserveShare)}</td>`;
    return `<tr><th>${escape(id)}</th>${what}${cells.join("")}</tr>`;
  });
  const top = `<tr><th colspan="5"></th>${names}</tr><tr><th>account</th><th class="word">collateral</th><th>loan</th><th>position</th><th>reserve</th>${heads}</tr>`;
  return `<table class="accounts"><thead>${top}</thead><tbody>${rows.join("\n")}</tbody></table>`;
}

export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
