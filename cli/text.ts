/**
 * Texts from the server were written by anybody. Before a person sees them on a terminal, whatever could move
 * the cursor, set the title, colour or reorder the line is made visible instead of carried out.
 */

/** C0, DEL and C1 but for the line feed; then the characters that reorder or hide text, and broken halves. */
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g;
const REORDERING = /[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]|\p{Surrogate}/gu;

/** Several lines, as they were sent. */
export function safeText(text: string): string {
  return text
    .replace(/\r\n/g, '\n')
    .replace(/\t/g, '    ')
    .replace(CONTROL, visible)
    .replace(REORDERING, '\ufffd');
}

/** One line, whatever the text holds. */
export function safeLine(text: string): string {
  return safeText(text.replace(/\s+/g, ' ')).trim();
}

/** ESC becomes the picture of ESC; C1, which has no pictures, the replacement character. */
function visible(character: string): string {
  const code = character.charCodeAt(0);
  if (code === 0x7f) return '\u2421';
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\ufffd';
}

/** The first line with something in it. */
export function titleOf(text: string): string {
  return safeLine(text.trim().split(/[\r\n]/, 1)[0] ?? '');
}

/** A key shorter than this is a word like any other, and hiding it would only garble the sentence. */
const SHORTEST_HIDDEN = 8;

export function hideKey(text: string, key: string | undefined): string {
  return key === undefined || key.length < SHORTEST_HIDDEN ? text : text.replaceAll(key, '***');
}

/** JSON that is as safe to look at: its own rules escape only C0. */
export function safeJson(value: unknown, indent = 0): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]/g,
    escaped,
  );
}
