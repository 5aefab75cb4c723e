/** The one place that writes to the terminal: results go to the output, everything said about them to the error stream. */
export const terminal = {
  result(text: string): void {
    process.stdout.write(`${text}\n`);
  },
  say(text: string): void {
    process.stderr.write(`${text}\n`);
  },
};
