/** One simulation in a process of its own, for {@link runOf}: what it took is the only thing it prints. */
import { parseSimulateOptions } from "../../core/simulation/options.js";
import { loadPath } from "../simulation/path.js";
import { simulate } from "../simulation/simulate.js";
import { terminal } from "../terminal.js";

const request = parseSimulateOptions(process.argv.slice(2));
if (request.kind === "run") {
  const { accounts, seed } = request.options;
  const path = await loadPath(request.options);
  /** {ms} Of the clock and of the processor, since the part before. */
  const parts: Record<string, { readonly milliseconds: number; readonly cpuMilliseconds: number }> = {};
  let [since, cpu] = [performance.now(), process.cpuUsage()];
  const finished = (part: string): void => {
    const { user, system } = process.cpuUsage(cpu);
    parts[part] = { milliseconds: performance.now() - since, cpuMilliseconds: (user + system) / 1_000 };
    [since, cpu] = [performance.now(), process.cpuUsage()];
  };
  await simulate({ path, accounts, seed }, { finished });
  terminal.result(JSON.stringify({ parts, peakKilobytes: process.resourceUsage().maxRSS }));
}
