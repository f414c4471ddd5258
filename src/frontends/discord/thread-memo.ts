/** What a thread shows that is edited in place; kept with the thread's position, from step to step. */
import type { Stretch } from './thread-cards.ts';

export interface ThreadMemo {
  /** The newest run that has its card; 0 for none. */
  readonly run: number;
  /** That card has its button. */
  readonly canStop: boolean;
  /** The newest end has its buttons. */
  readonly canFollowUp: boolean;
  /**
   * The stretch of work that goes on; `shown` tells one drawing of it from another, and `running` is what it shows as
   * running.
   */
  readonly stretch: (Stretch & { readonly shown: string; readonly running?: string | null }) | null;
  /** The list of that run. */
  readonly todo: { readonly run: number; readonly shown: string } | null;
}

const NO_MEMO: ThreadMemo = { run: 0, canStop: false, canFollowUp: false, stretch: null, todo: null };

/** It comes back as it was left, through JSON. */
export function toMemo(memo: unknown): ThreadMemo {
  return { ...NO_MEMO, ...(memo as Partial<ThreadMemo> | null) };
}

export const SLOTS = { run: 'run', tools: 'tools', todo: 'todo', end: 'end' } as const;

/** A question may be asked again as a reminder, so it has a card for each message. */
export function questionSlot(questionId: number, seq: number): string {
  return `question:${questionId}:${seq}`;
}

export function questionOf(slot: string): number | null {
  const digits = /^question:(\d+):/.exec(slot)?.[1];
  return digits === undefined ? null : Number(digits);
}
