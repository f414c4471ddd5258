/** Why a task is still waiting, in a few words for its line in the queue. */
import type { Task } from '../../core/task.ts';
import type { WaitingKind } from '../../core/vocabulary.ts';
import type { QueueFacts, WaitingFor } from '../../core/waiting-for.ts';
import { inline } from './text.ts';
import { relative } from './words.ts';

const DETAIL_LENGTH = 120;

type Say = (detail: string, until: string) => string;

const SAY: Readonly<Record<WaitingKind, Say>> = {
  paused: () => 'the queue is paused',
  not_before: (_, until) => `not before${until}`,
  answer: (detail) => `waits for an answer: ${detail}`,
  quota: (detail, until) => `waits for quota${until === '' ? '' : `, until${until}`}: ${detail}`,
  budget: (detail, until) => `waits for its budget${until === '' ? '' : `, until${until}`}: ${detail}`,
  limit: (detail) => detail,
  target: (detail) => detail,
  no_worker: (detail) => detail,
  busy: (detail) => detail,
};

/** In the order in which a line may count them. */
export const WAITS_FOR: Readonly<Record<WaitingKind, string>> = {
  paused: 'for the queue to go on',
  not_before: 'for their time',
  answer: 'for an answer',
  quota: 'for quota',
  budget: 'for their budget',
  limit: "at their person's limit",
  target: 'for one instance',
  no_worker: 'for a worker that can',
  busy: 'for a free hand',
};

/** Null: nothing stands in its way but the tasks before it. */
export function whyWaiting(waiting: WaitingFor | null, task: Task, facts: QueueFacts): string | null {
  if (waiting !== null) return tellWaiting(waiting);
  return task.target === null && isEmpty(facts.crew()) ? 'no instance is online' : null;
}

function isEmpty(all: Iterable<unknown>): boolean {
  for (const _one of all) return false;
  return true;
}

/** `waits for an answer: May it run "npm test"?` */
export function tellWaiting({ kind, until, detail }: WaitingFor): string {
  const sentence = inline(detail, DETAIL_LENGTH).replace(/\.$/, '');
  return SAY[kind](sentence, until === null ? '' : ` ${relative(until)}`);
}
