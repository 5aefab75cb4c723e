import { INK, MUTED, RULE } from "./palette.js";

/** The page's look. Two columns of pictures on a screen, none of them cut at a page's end in print. */
export const STYLE = `
:root { color-scheme: light; }
body { margin: 24px auto 48px; width: 1240px; background: #fff; color: ${INK};
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 24px; margin: 0 0 4px; }
h2 { font-size: 18px; margin: 32px 0 8px; border-bottom: 1px solid ${RULE}; padding-bottom: 4px; }
h3 { font-size: 14px; margin: 18px 0 6px; }
p { margin: 2px 0; }
.source { font-size: 16px; }
.difference { font-weight: 600; margin-top: 8px; }
.note { color: ${MUTED}; }
.alarm { margin-top: 10px; padding: 8px 14px; border: 2px solid #D55E00; }
.alarm ul { margin: 4px 0; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 20px; margin: 4px 0 8px; padding: 0; font-size: 13px; }
.legend svg { vertical-align: -1px; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 14px 20px; }
figure { margin: 0; break-inside: avoid; }
figcaption { font-size: 12px; margin-bottom: 2px; }
section > svg, figure > svg { display: block; max-width: 100%; height: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 2px 8px; text-align: right; white-space: nowrap; border-bottom: 1px solid ${RULE}; }
th { font-weight: 600; }
tbody th, th:first-child, .word { text-align: left; }
.arms td, .arms th { min-width: 150px; padding: 2px 14px; }
.arms .inner { font-weight: 400; padding-left: 32px; }
.accounts { font-size: 12px; width: 100%; }
.accounts th, .accounts td { padding: 2px 6px; }
.accounts .first { border-left: 1px solid ${MUTED}; text-align: left; }
.accounts .liquidated { color: #A84300; font-weight: 600; }
.accounts .insolvent { color: #fff; background: ${INK}; font-weight: 600; }
@media print { body { width: auto; margin: 0; } h2, h3 { break-after: avoid; } tr { break-inside: avoid; } }
`;
