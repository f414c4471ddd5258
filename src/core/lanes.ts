/**
 * A lane is the set of claimants that a task is offered to, as one word, so that claim-next is one
 * step in an index per lane. A rank orders tasks inside it: smaller first, then the smaller id.
 * It is a stored number so that another policy is a rewrite of that number, never a formula in a query.
 */
import type { Priority } from './vocabulary.ts';

const ANY_LANE = 'any';

const RANKS: Readonly<Record<Priority, number>> = { high: 100, medium: 200, low: 300 };

/** The distinct ranks in claim order. */
export const RANK_ORDER: readonly number[] = Object.values(RANKS).sort((a, b) => a - b);

export function rankOf(priority: Priority): number {
  return RANKS[priority];
}

export function laneOf(task: { readonly target: string | null }): string {
  return task.target === null ? ANY_LANE : `to:${task.target}`;
}

/** The lanes that an instance may take from; without one, only those open to everybody. */
export function lanesFor(instanceId: string | null | undefined): readonly string[] {
  return instanceId == null ? [ANY_LANE] : [ANY_LANE, laneOf({ target: instanceId })];
}
