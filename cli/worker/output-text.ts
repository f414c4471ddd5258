/**
 * The output of a command as text that people can read: UTF-8 is put together over the borders of chunks and
 * repaired, escape sequences and control characters are gone, and a line that was drawn over shows its last state.
 * Whatever comes, no more than about `LONGEST_TEXT` characters are held.
 */
import { stripVTControlCharacters } from 'node:util';
import type { RunClock } from './clock.ts';
import { headOf, joinCut, LONGEST_TEXT, tailOf } from './cut.ts';

/** How long lines are collected before they are told as one text. */
const JOIN_MS = 1_000;
const HALF = 7_900;

export interface OutputText {
  add(chunk: Uint8Array): void;
  /** Tells what is held, an unfinished line included. */
  end(): void;
}

/** `tell` gets one text of complete lines a second at most, none of them empty. */
export function createOutputText(clock: RunClock, tell: (text: string) => void): OutputText {
  const decoder = new TextDecoder('utf-8');
  const lines = createBounded();
  let callOff: (() => void) | null = null;

  function flush(all: boolean): void {
    callOff?.();
    callOff = null;
    const text = cleanOutput(lines.take(all));
    if (text.trim() !== '') tell(text);
  }

  return {
    add(chunk) {
      lines.add(decoder.decode(chunk, { stream: true }));
      if (lines.hasLine()) {
        callOff ??= clock.after(JOIN_MS, () => {
          flush(false);
        });
      }
    },
    end() {
      lines.add(decoder.decode());
      flush(true);
    },
  };
}

interface Bounded {
  add(text: string): void;
  hasLine(): boolean;
  /** Complete lines, or everything; what was left out of the middle is said. */
  take(all: boolean): string;
}

/** Keeps the beginning and the end of what comes between two takes. */
function createBounded(): Bounded {
  let head = '';
  let tail = '';
  let missing = 0;
  let isComplete = false;

  function add(text: string): void {
    isComplete ||= text.includes('\n');
    const free = missing === 0 && tail === '' ? HALF - head.length : 0;
    head += text.slice(0, Math.max(0, free));
    tail += text.slice(Math.max(0, free));
    if (tail.length <= HALF) return;
    missing += tail.length - HALF;
    tail = tail.slice(-HALF);
  }

  function take(all: boolean): string {
    const text = missing === 0 ? head + tail : joinCut(headOf(head, HALF), tailOf(tail, HALF), missing);
    const end = all ? text.length : text.lastIndexOf('\n') + 1;
    head = tail = '';
    missing = 0;
    isComplete = false;
    add(text.slice(end));
    isComplete = false;
    return headOf(text.slice(0, end), LONGEST_TEXT);
  }

  return { add, take, hasLine: () => isComplete };
}

const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|\p{Surrogate}/gu;

export function cleanOutput(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\r+\n/g, '\n')
    .replace(/[^\n]*\r(?=[^\n])/g, '')
    .replace(CONTROL, '')
    .replace(/\n+$/, '');
}
