/**
 * What a run says, cut into messages: on lines, with a code fence closed at the end of a message and opened again in
 * the next. Put together again line by line, and without the fences and marks that were added, it is what was said.
 */
import { linesOf, type TextLine } from './thread-lines.ts';
import { isBlank, repair } from './text.ts';

/** Room is left below Discord's 2,000 for a fence that is opened and closed, and for marks. */
const LENGTH = 1_900;
const FENCE = '```';
/**
 * Discord trims what a message begins and ends with. Where a cut has to be beside white space that matters (a blank
 * line between paragraphs, an indentation), this mark of no width keeps it.
 */
const KEEPS_SPACE = '\u200B';
/** A message that begins with it goes on with the line that the one before ended in. */
const SAME_LINE = '\u2060';

/** None, if there is nothing to see. */
export function inMessages(text: string): readonly string[] {
  const lines = linesOf(settled(repair(text)));
  const messages: string[] = [];
  for (let from = 0; from < lines.length;) {
    // The fence that ends here was closed at the end of the message before.
    if (from > 0 && isClosing(lines[from])) from += 1;
    const to = cutAfter(lines, from);
    const part = lines.slice(from, to);
    if (!isBlank(part.map((line) => line.text).join('')))
      messages.push(toContent(part, { isFirst: from === 0, isLast: to === lines.length }));
    from = to;
  }
  return messages;
}

const isClosing = (line: TextLine | undefined) => line?.before != null && line.text.trim() === FENCE;

/** The end of the message that begins there: as late as it fits, but where a cut costs least. */
function cutAfter(lines: readonly TextLine[], from: number): number {
  let length = FENCE.length + 2;
  let best = { at: from + 1, cost: Infinity, length: 0 };
  for (const [index, line] of lines.slice(from).entries()) {
    const at = from + index;
    length += line.text.length + 1 + (index === 0 ? (line.before?.length ?? 0) : 0);
    if (length > LENGTH && at > from) return best.at;
    const cost = costAt(lines, at + 1);
    // A message that is half empty costs more than a mark does.
    if (cost <= best.cost || best.length < LENGTH / 2) best = { at: at + 1, cost, length };
  }
  return lines.length;
}

/** What a cut before this line does: nothing, a blank line at an end, one at a beginning, or a line in two. */
function costAt(lines: readonly TextLine[], at: number): number {
  const [last, next] = [lines[at - 1], lines[at]];
  if (last === undefined || next === undefined) return 0;
  if (next.goesOn) return 3;
  // In a fence all that is white stands between its marks; but one that is empty shows nothing.
  if (last.after !== null) return last.before === null ? 2 : 0;
  if (beginsWhite(next.text)) return 2;
  return endsWhite(last.text) ? 1 : 0;
}

const beginsWhite = (line: string) => line === '' || /^\s/.test(line);
const endsWhite = (line: string) => line === '' || /\s$/.test(line);

interface Place {
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

function toContent(lines: readonly TextLine[], { isFirst, isLast }: Place): string {
  const [first, last] = [lines[0], lines.at(-1)];
  if (first === undefined || last === undefined) return '';
  const text = lines.reduce(
    (all, line, at) => `${all}${at === 0 || line.goesOn ? '' : '\n'}${line.text}`,
    '',
  );
  return `${beginning(first, isFirst)}${text}${ending(last, isLast)}`;
}

function beginning({ text, goesOn, before }: TextLine, isFirst: boolean): string {
  const mark = goesOn ? SAME_LINE : '';
  if (before !== null) return `${before}\n${mark}`;
  return !goesOn && !isFirst && beginsWhite(text) ? KEEPS_SPACE : mark;
}

function ending({ text, after }: TextLine, isLast: boolean): string {
  if (after !== null) return `\n${FENCE}`;
  return !isLast && endsWhite(text) ? KEEPS_SPACE : '';
}

/** Several texts as one: a fence that one leaves open does not swallow the next. */
export function joined(texts: readonly string[]): string {
  return texts.map(closed).join('\n');
}

function closed(text: string): string {
  const whole = settled(text);
  return isOpen(whole) ? `${whole}\n${FENCE}` : whole;
}

const isOpen = (text: string) => (text.split(FENCE).length - 1) % 2 === 1;

/** Three backticks within a line that nothing closes are only spoken of: a mark in them keeps them from opening a fence. */
function settled(text: string): string {
  if (!isOpen(text)) return text;
  const at = text.lastIndexOf(FENCE);
  const before = text.slice(text.lastIndexOf('\n', at) + 1, at);
  if (before.trim() === '') return text;
  return `${text.slice(0, at)}\`\`${KEEPS_SPACE}\`${text.slice(at + FENCE.length)}`;
}
