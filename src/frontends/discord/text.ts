/**
 * The one place that makes text fit. People and agents write anything: 16,000 characters, half an emoji,
 * open code fences, nothing but zero-width spaces. What leaves here is well-formed, within its limit, cut
 * at a word, and says so. Lengths are UTF-16 units, the strictest reading of Discord's "characters".
 */

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;
/** Control characters except tab and line ends. */
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/g;
/** Marks that turn the direction of everything after them, and characters that take no room. */
const INVISIBLE =
  /[\u00AD\u061C\u115F\u1160\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0]/g;
/** Joiners hold emoji and some scripts together, so they stay; alone they show nothing. */
const JOINERS = /[\u200C\u200D\uFE0F]/g;
/** What Discord would read as formatting, a mention or a link. Underscores only where they can mean something. */
const MARKDOWN = /[\\`*~|<>[\]]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|^(?=[#-])/gu;

/** What stands where a text has nothing to see; Discord refuses blank parts. */
const BLANK = '(blank)';

const ELLIPSIS = '…';

/** How to get the whole of a shortened text. */
export function pointerTo(taskId: number): string {
  return `claude-task-client show ${taskId}`;
}

export function repair(text: string): string {
  return text.replace(LONE_SURROGATE, '\uFFFD').replace(CONTROL, '');
}

export function isBlank(text: string): boolean {
  return text.replace(INVISIBLE, '').replace(JOINERS, '').trim() === '';
}

/** Cuts at a word where there is one near, and never inside a surrogate pair. */
function cutAtWord(text: string, max: number): string {
  const cut = text.slice(0, Math.max(0, max)).replace(/[\uD800-\uDBFF]$/, '');
  const space = cut.search(/\s\S*$/);
  return (space > max * 0.6 ? cut.slice(0, space) : cut).trimEnd();
}

/** Text of several lines with its formatting kept. A cut text ends with where the whole of it is. */
export function block(text: string, max: number, pointer?: string): string {
  return blockWithNote(text, max, pointer === undefined ? ELLIPSIS : `\n${whereTo(pointer)}`);
}

/** The same, with what a cut text ends with. */
export function blockWithNote(text: string, max: number, note: string): string {
  const whole = repair(text).trim();
  if (isBlank(whole)) return BLANK;
  if (whole.length <= max) return whole;
  const fence = '\n```';
  const cut = cutAtWord(whole, max - note.length - fence.length);
  const isFenceOpen = (cut.match(/```/g) ?? []).length % 2 === 1;
  return `${cut}${isFenceOpen ? fence : ''}${note}`;
}

/** One line without formatting of its own, for places that show text as it is (footers, choices). */
export function flat(text: string, max: number): string {
  const line = oneLine(text);
  return line.length <= max ? line : `${cutAtWord(line, max - ELLIPSIS.length)}${ELLIPSIS}`;
}

/**
 * One line inside a sentence of ours: shown as it was written, formatting nothing, naming nobody. A cut one ends
 * with where the whole of it is. At most twice `max` long.
 */
export function inline(text: string, max: number, pointer?: string): string {
  const line = oneLine(text);
  if (line.length <= max) return defused(line);
  const note = pointer === undefined ? ELLIPSIS : whereTo(pointer);
  return `${defused(cutAtWord(line, max - note.length))}${note}`;
}

function oneLine(text: string): string {
  const line = repair(text).replace(INVISIBLE, '').replace(/\s+/g, ' ').trim();
  return isBlank(line) ? BLANK : line;
}

function defused(line: string): string {
  return line.replace(MARKDOWN, '\\$&');
}

function whereTo(pointer: string): string {
  return `${ELLIPSIS} (shortened; all of it: \`${pointer}\`)`;
}

/**
 * As it is, in a block of code that it cannot end. What would not be seen, or would turn the direction of what is, is
 * named. A cut text is followed by where the whole of it is.
 */
export function verbatim(text: string, max: number, pointer?: string): string {
  const seen = repair(text)
    .replace(INVISIBLE, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replaceAll('``', '`\u200B`');
  const fenced = (most: number) => `\`\`\`\n${blockWithNote(seen, most - 8, ELLIPSIS)}\n\`\`\``;
  if (pointer === undefined || seen.trim().length <= max - 8) return fenced(max);
  const note = `\n${whereTo(pointer)}`;
  return `${fenced(max - note.length)}${note}`;
}

/** As many lines as fit, then how many more there are; `hidden`: so many are left out already. */
export function fitLines(lines: readonly string[], max: number, hidden = 0): string {
  const more = (count: number) => `… and ${count} more`;
  let text = '';
  for (const [index, line] of lines.entries()) {
    const next = text === '' ? line : `${text}\n${line}`;
    const left = lines.length - index - 1 + hidden;
    const reserve = left === 0 ? 0 : more(left).length + 1;
    if (next.length + reserve > max) return `${text}\n${more(left + 1)}`.trim();
    text = next;
  }
  return hidden === 0 ? text : `${text}\n${more(hidden)}`.trim();
}

/** The same text after Discord has stored it: it trims, and joins what we compare loosely anyway. */
export function normalised(...parts: readonly (string | null | undefined)[]): string {
  return parts
    .map((part) => (part ?? '').replace(/\s+/g, ' ').trim())
    .filter((part) => part !== '')
    .join('\n');
}
