/** Writes a source anew with its edits, of which one may lie inside another. */
import type { Span } from "./ast.js";
import type { Edit } from "./types.js";

/**
 * The source with all edits. Of two edits of one span the one that was found first is the outer.
 * @param bytes The source with a character for each byte, for the compiler counts bytes.
 */
export function rewrite(bytes: string, edits: readonly Edit[]): string {
  const sorted = edits
    .map((edit, order) => ({ edit, order }))
    .sort((a, b) => a.edit.start - b.edit.start || b.edit.end - a.edit.end || a.order - b.order)
    .map(({ edit }) => edit);

  /** What lies in `span`, with the edits from `from` on: those before it are written already. */
  const render = ({ start, end }: Span, from: number): string => {
    let text = "";
    let at = start;
    for (let index = from; index < sorted.length; ++index) {
      const edit = sorted[index];
      if (edit === undefined || edit.start >= end) break;
      if (edit.start < at || edit.end > end) continue;
      text += bytes.slice(at, edit.start) + edit.write((inner) => render(inner, index + 1));
      at = edit.end;
    }
    return text + bytes.slice(at, end);
  };
  return render({ start: 0, end: bytes.length }, 0);
}

/** A character for each byte, so that the compiler's offsets are indices. */
export function toBytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

export function fromBytes(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}
