/**
 * A lane is one combination of what a task asks of its claimant (target, project, capabilities) as one word, so that
 * claim-next is one step in an index per lane that has tasks ready. Which lanes a claimant may take from is judged
 * here, in memory. A rank orders tasks inside a lane: smaller first, then the smaller id. It is a stored number so
 * that another policy is a rewrite of that number, never a formula in a query.
 */
import { DomainError } from './errors.ts';
import type { Priority } from './vocabulary.ts';

const RANKS: Readonly<Record<Priority, number>> = { high: 100, medium: 200, low: 300 };

/** The distinct ranks in claim order. */
export const RANK_ORDER: readonly number[] = Object.values(RANKS).sort((a, b) => a - b);

export function rankOf(priority: Priority): number {
  return RANKS[priority];
}

/** What a task asks of whoever takes it. */
export interface Demand {
  readonly target: string | null;
  readonly project: string | null;
  /** Sorted and without repeats. */
  readonly requires: readonly string[];
}

/** What a claimant is and has. */
export interface Claimant {
  /** Null: nobody in particular, who gets nothing that is meant for one instance. */
  readonly instanceId: string | null;
  /** Null in the list stands for tasks without a project. */
  readonly projects: readonly (string | null)[];
  readonly capabilities: readonly string[];
}

/** Whoever names no projects takes tasks without one, and who names no capabilities has none. */
export function claimantOf(said: {
  readonly instanceId?: string | null | undefined;
  readonly projects?: readonly (string | null)[] | undefined;
  readonly capabilities?: readonly string[] | undefined;
}): Claimant {
  const { instanceId = null, projects = [null], capabilities = [] } = said;
  return { instanceId, projects, capabilities };
}

export function fits({ target, project, requires }: Demand, by: Claimant): boolean {
  if (target !== null && target !== by.instanceId) return false;
  return by.projects.includes(project) && requires.every((word) => by.capabilities.includes(word));
}

const ANY_LANE = 'any';
const TO = 'to:';
const IN = 'in:';

/** A target is free text and therefore comes last; the other parts have no `;` and no `,` in them. */
export function laneOf({ target, project, requires }: Demand): string {
  if (project === null && requires.length === 0) return target === null ? ANY_LANE : `${TO}${target}`;
  return `${IN}${project ?? ''};${requires.join(',')}${target === null ? '' : `;${target}`}`;
}

/** The other way round. */
export function demandOf(lane: string): Demand {
  if (lane.startsWith(TO)) return { target: lane.slice(TO.length), project: null, requires: [] };
  if (!lane.startsWith(IN)) return { target: null, project: null, requires: [] };
  const [project = '', requires = '', ...target] = lane.slice(IN.length).split(';');
  return {
    target: target.length === 0 ? null : target.join(';'),
    project: project === '' ? null : project,
    requires: requires === '' ? [] : requires.split(','),
  };
}

/** Every claim looks through this many, so there are not more. */
export const MOST_LANES = 1000;

/** The lane that everybody takes from is always open, so that the others can never shut it. */
export function isAlwaysOpen(lane: string): boolean {
  return lane === ANY_LANE;
}

/** The refusal of a task that would open one lane too many. */
export function tooManyLanes(): DomainError {
  return new DomainError(
    'invalid_input',
    `${MOST_LANES} different combinations of target, project and requires have tasks ready, and there cannot be more. Use one of those, or wait until one of them has no task left.`,
    { most: MOST_LANES },
  );
}
