// Preloaded into each process of a coverage run: has the engine count what is executed, and at the process's end writes
// the counts of the wanted scripts with their code as it ran. Node's own NODE_V8_COVERAGE leaves the code out, without
// which no statement can be told from another. Plain JavaScript, because it is loaded before tsx.
//
// COVERAGE_OUT: the folder to write to. COVERAGE_OF: the beginning of the addresses of the wanted scripts.
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector";
import { join } from "node:path";
import { threadId } from "node:worker_threads";

const { COVERAGE_OUT: out, COVERAGE_OF: wanted } = process.env;

if (out && wanted) {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });

  process.on("exit", () => {
    // Within one thread the answer comes before `post` returns.
    const ask = (method, params) => {
      let answer;
      session.post(method, params, (error, result) => {
        if (error) throw new Error(`${method}: ${error.message}`);
        answer = result;
      });
      return answer;
    };
    const { result } = ask("Profiler.takePreciseCoverage");
    const found = result.filter(({ url }) => url.startsWith(wanted));
    if (found.length === 0) return;
    ask("Debugger.enable");
    const scripts = found.map((script) => ({
      ...script,
      source: ask("Debugger.getScriptSource", { scriptId: script.scriptId }).scriptSource,
    }));
    writeFileSync(join(out, `${process.pid}-${threadId}-${Date.now()}.json`), JSON.stringify({ result: scripts }));
  });
}
