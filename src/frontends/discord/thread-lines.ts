/** The lines of a text, each with the code fence that it stands in; a line that is too long for a message in pieces. */
const FENCE = '```';
/** What a fence may be opened with: the name of a language comes first. */
const OPENING = /```([\w+#.-]{0,20})(?![^\s])[^`]*$/;
/** Less than a message holds, by a fence that is opened and closed. */
const LONGEST = 1_800;

export interface TextLine {
  readonly text: string;
  /** A piece of the line before, and not a line of its own. */
  readonly goesOn: boolean;
  /** How the fence that it begins in was opened; null: in none. */
  readonly before: string | null;
  /** The same, after it. */
  readonly after: string | null;
}

export function linesOf(text: string): readonly TextLine[] {
  const lines: TextLine[] = [];
  let open: string | null = null;
  for (const line of text.split('\n')) {
    for (const [index, piece] of inPieces(line).entries()) {
      const after = openAfter(piece, open);
      lines.push({ text: piece, goesOn: index > 0, before: open, after });
      open = after;
    }
  }
  return lines;
}

/** Cut before a space, or wherever it must be; none of it is left out. */
function inPieces(line: string): readonly string[] {
  const pieces: string[] = [];
  let rest = line;
  while (rest.length > LONGEST) {
    const space = rest.lastIndexOf(' ', LONGEST);
    const at = space > LONGEST / 2 ? space : rest.slice(0, LONGEST).replace(/[\uD800-\uDBFF`]+$/, '').length;
    pieces.push(rest.slice(0, at > 0 ? at : LONGEST));
    rest = rest.slice(at > 0 ? at : LONGEST);
  }
  return [...pieces, rest];
}

function openAfter(line: string, before: string | null): string | null {
  const marks = line.split(FENCE).length - 1;
  if (marks % 2 === 0) return before;
  if (before !== null) return null;
  return `${FENCE}${OPENING.exec(line)?.[1] ?? ''}`;
}
