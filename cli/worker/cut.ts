/**
 * Texts of a run have limits; what is left out is said. Nothing is cut through a character, and what comes out is
 * plain: a command may have printed anything.
 */

/** The longest text of one message. */
export const LONGEST_TEXT = 16_000;

const ROOM_FOR_NOTE = 60;

/** Where the beginning is missing. */
export const LEFT_OUT = '[earlier characters left out]';
/** Where something was cut, by any function of this file. */
export const CUT = /(…|\n?\[(?:\d+(?: more)?|earlier) characters left out\]\n?)/;

/** Nothing that the server would refuse: NUL, and half characters. */
export function plain(text: string): string {
  return text.replaceAll('\u0000', '\u2400').replace(/\p{Surrogate}/gu, '\ufffd');
}

/** The beginning, and a note of how much is missing. */
export function cutEnd(said: string, longest: number): string {
  const text = plain(said);
  if (text.length <= longest) return text;
  const kept = headOf(text, longest - ROOM_FOR_NOTE);
  return `${kept}\n[${text.length - kept.length} more characters left out]`;
}

/** Beginning and end, where the end says why something failed. */
export function cutMiddle(said: string, longest: number): string {
  const text = plain(said);
  if (text.length <= longest) return text;
  const half = Math.floor((longest - ROOM_FOR_NOTE) / 2);
  return joinCut(headOf(text, half), tailOf(text, half), text.length - 2 * half);
}

export function joinCut(head: string, tail: string, missing: number): string {
  return `${head}\n[${missing} characters left out]\n${tail}`;
}

export function headOf(text: string, length: number): string {
  const head = text.slice(0, Math.max(0, length));
  return isHighHalf(head.charCodeAt(head.length - 1)) ? head.slice(0, -1) : head;
}

export function tailOf(text: string, length: number): string {
  const tail = text.slice(Math.max(0, text.length - length));
  return isLowHalf(tail.charCodeAt(0)) ? tail.slice(1) : tail;
}

const isHighHalf = (code: number) => code >= 0xd800 && code <= 0xdbff;
const isLowHalf = (code: number) => code >= 0xdc00 && code <= 0xdfff;
