/** A generated file, as it was committed and as it was just generated; null where it is not there. */
export interface Generated {
  readonly path: string;
  readonly committed: string | null;
  readonly generated: string | null;
}

/**
 * Files whose lines differ, a line each. Their order does not count: the generator lists contracts as the file system
 * does, which is another order on another machine.
 */
export function findDrift(files: readonly Generated[]): readonly string[] {
  return files.flatMap(({ path, committed, generated }) => {
    if (committed === null) return generated === null ? [] : [`${path}: not committed`];
    if (generated === null) return [`${path}: of a contract that is gone`];
    const [before, after] = [linesOf(committed), linesOf(generated)];
    const gone = before.filter((line) => !after.includes(line)).length;
    const fresh = after.filter((line) => !before.includes(line)).length;
    const moved = before.length !== after.length || before.some((line, index) => line !== after[index]);
    return moved ? [`${path}: ${fresh} lines new, ${gone} gone`] : [];
  });
}

function linesOf(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .sort();
}
