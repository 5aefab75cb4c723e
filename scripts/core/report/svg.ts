import type { ComposeOption } from "echarts/core";
import type { BarSeriesOption, LineSeriesOption, ScatterSeriesOption } from "echarts/charts";
import type { GridComponentOption, MarkAreaComponentOption, MarkLineComponentOption } from "echarts/components";
import type { TitleComponentOption } from "echarts/components";

import { BarChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, MarkAreaComponent, MarkLineComponent, TitleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([
  BarChart,
  LineChart,
  ScatterChart,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
  SVGRenderer,
]);

export type ChartOption = ComposeOption<
  | BarSeriesOption
  | LineSeriesOption
  | ScatterSeriesOption
  | GridComponentOption
  | MarkAreaComponentOption
  | MarkLineComponentOption
  | TitleComponentOption
>;

export interface Chart {
  readonly width: number;
  readonly height: number;
  /** Read aloud in place of the picture. */
  readonly label: string;
  readonly option: ChartOption;
}

/**
 * Draws a chart as inline SVG, without a browser. `id` keeps its clip paths apart from those of the page's other charts;
 * echarts numbers them over the life of the process, which would make the second report of a process differ from the first.
 */
export function drawSvg({ width, height, label, option }: Chart, id: string): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption({ animation: false, ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();

  const names = new Map<string, string>();
  const rename = (name: string): string => {
    if (!names.has(name)) names.set(name, `${id}-${names.size}`);
    return names.get(name) ?? name;
  };
  return (
    svg
      // Styles for hovering, of no use without a script.
      .replace(/<style[\s\S]*?<\/style>/g, "")
      .replace(/ class="[^"]*"/g, "")
      .replace(/zr\d+-[a-z]+-?\d+/g, rename)
      .replace("<svg ", `<svg role="img" aria-label="${label.replace(/[&<>"]/g, " ")}" `)
  );
}
