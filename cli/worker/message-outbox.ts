/** Messages of a run that the server has not confirmed, in order, and as many of them as one request takes. */
import type { PostMessages } from '../../src/contract/run.ts';
import { cutEnd, LONGEST_TEXT } from './cut.ts';
import type { RunMessage } from './executor.ts';

export interface Outbox {
  add(message: RunMessage, at: Date): void;
  readonly size: () => number;
  /** From the first on; the first of all has the number 1. */
  readonly next: () => { readonly first: number; readonly messages: PostMessages['messages'] };
  /** All before this number have arrived. */
  moveTo(number: number): void;
  /** So many are not to be told as they are; their numbers stay, so that what follows arrives. */
  disarm(count: number): void;
}

const MOST_MESSAGES = 200;
/** A request may hold 256 KiB. */
const MOST_BYTES = 180_000;
const AROUND_BYTES = 100;

export function createOutbox(): Outbox {
  const queue: { kind: RunMessage['kind']; text: string; at: string }[] = [];
  let first = 1;
  return {
    add({ kind, text }, at) {
      queue.push({ kind, text: cutEnd(text, LONGEST_TEXT), at: at.toISOString() });
    },
    size: () => queue.length,
    next: () => ({ first, messages: queue.slice(0, roomFor(queue)) }),
    moveTo(number) {
      const to = Math.min(number, first + queue.length);
      queue.splice(0, to - first);
      first = to;
    },
    disarm(count) {
      for (const message of queue.slice(0, count)) message.text = '[a message that the server did not take]';
    },
  };
}

/** One at least. */
function roomFor(queue: readonly { readonly text: string }[]): number {
  let bytes = 0;
  for (const [at, { text }] of queue.entries()) {
    bytes += Buffer.byteLength(JSON.stringify(text)) + AROUND_BYTES;
    if (at > 0 && (at >= MOST_MESSAGES || bytes > MOST_BYTES)) return at;
  }
  return queue.length;
}
