/** JSON as a report file has it: indented, but a list of plain values on one line. */
export function compactJson(value: unknown): string {
  const json = JSON.stringify(value, null, 2);
  // A line break inside brackets is layout: JSON writes those of strings as \n.
  const compact = json.replace(/\[\n\s+([^[\]{}]*?)\n\s+\]/g, (_, body: string) => `[${body.replace(/\n\s+/g, " ")}]`);
  return `${compact}\n`;
}
