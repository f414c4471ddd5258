/**
 * What a run says, cut into messages: on lines, with a code fence closed at the end of a message and opened again in
 * the next. Put together again line by line, and without the fences that were added, it is what was said.
 */
import { isBlank, repair } from './text.ts';

/** Room is left below Discord's 2,000 for a fence that is opened and closed. */
const LENGTH = 1_900;
const FENCE = '```';
/** What a fence may be opened with: the name of a language. */
const OPENING = /```([\w+#.-]{0,20})\s*$/;

/** A message that is being filled. */
interface Filling {
  readonly lines: readonly string[];
  readonly length: number;
  /** How the fence was opened that goes on from the message before; null: none. */
  readonly begunIn: string | null;
  /** The same, after its last line. */
  readonly open: string | null;
}

/** None, if there is nothing to see. */
export function inMessages(text: string): readonly string[] {
  const done: Filling[] = [];
  let filling = beginIn(null);
  for (const line of repair(text).split('\n').flatMap(inPieces)) {
    if (filling.lines.length > 0 && filling.length + line.length > LENGTH) {
      done.push(filling);
      filling = beginIn(filling.open);
    }
    filling = withLine(filling, line);
  }
  return [...done, filling].filter(({ lines }) => !isBlank(lines.join(''))).map(toContent);
}

function beginIn(fence: string | null): Filling {
  return { lines: [], length: (fence?.length ?? 0) + FENCE.length + 2, begunIn: fence, open: fence };
}

function withLine(filling: Filling, line: string): Filling {
  const { lines, length, open } = filling;
  // The fence that ends here was closed at the end of the message before.
  if (lines.length === 0 && open !== null && line.trim() === FENCE) return beginIn(null);
  return {
    ...filling,
    lines: [...lines, line],
    length: length + line.length + 1,
    open: openAfter(line, open),
  };
}

function toContent({ lines, begunIn, open }: Filling): string {
  return [...(begunIn === null ? [] : [begunIn]), ...lines, ...(open === null ? [] : [FENCE])].join('\n');
}

/** A line may be longer than a message: it is cut at a word, or wherever it must be. */
function inPieces(line: string): string[] {
  const most = LENGTH - 100;
  const pieces: string[] = [];
  let rest = line;
  while (rest.length > most) {
    const space = rest.lastIndexOf(' ', most);
    const isAtWord = space > most / 2;
    const at = isAtWord ? space : rest.slice(0, most).replace(/[\uD800-\uDBFF]$/, '').length;
    pieces.push(rest.slice(0, at));
    rest = rest.slice(isAtWord ? at + 1 : at);
  }
  return [...pieces, rest];
}

function openAfter(line: string, before: string | null): string | null {
  const marks = line.split(FENCE).length - 1;
  if (marks % 2 === 0) return before;
  if (before !== null) return null;
  return `${FENCE}${OPENING.exec(line)?.[1] ?? ''}`;
}

/** Several texts as one: a fence that one leaves open does not swallow the next. */
export function joined(texts: readonly string[]): string {
  return texts.map(closed).join('\n');
}

function closed(text: string): string {
  const isOpen = (text.split(FENCE).length - 1) % 2 === 1;
  return isOpen ? `${text}\n${FENCE}` : text;
}
