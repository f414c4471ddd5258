/** The end of what a program wrote, in bounded memory: it says why something failed. */
import { LEFT_OUT, tailOf } from './cut.ts';
import { cleanOutput } from './output-text.ts';

const LONGEST_TAIL = 4_000;

export interface ErrorTail {
  add(chunk: Uint8Array): void;
  /** Plain text; that something came before it is said. */
  text(): string;
}

export function createErrorTail(): ErrorTail {
  const decoder = new TextDecoder('utf-8');
  let held = '';
  let isCut = false;
  return {
    add(chunk) {
      const all = held + decoder.decode(chunk, { stream: true });
      held = tailOf(all, LONGEST_TAIL);
      isCut ||= held.length < all.length;
    },
    text() {
      const said = cleanOutput(held).trim();
      return isCut ? `${LEFT_OUT}\n${said}` : said;
    },
  };
}
