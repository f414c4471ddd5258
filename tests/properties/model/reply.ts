/**
 * What the model answers. Where the contract leaves a value open, the answer holds a symbol: `?some` is
 * anything, any other word with a question mark in front (`?lease-1-2`) is a text that the server chooses
 * once and that must stay the same from then on. An object under `details` names only what must be in it.
 */
import { MAX_ATTEMPTS } from './policy.ts';
import type { Reply, State, Task } from './state.ts';
import { waitingFor } from './waiting.ts';

export const ANYTHING = '?some';

/** A text with this word in it. */
const says = (word: string) => ({ $says: word });
/** A list that holds all of `atLeast` and nothing that is not in `among`. */
export const between = (atLeast: readonly number[], among: readonly number[]) => ({
  $atLeast: atLeast,
  $among: among,
});

const STATUS_OF = {
  task_not_found: 404,
  task_not_claimable: 409,
  lease_lost: 409,
  invalid_transition: 409,
  idempotency_conflict: 409,
} as const;

export function refuse(error: keyof typeof STATUS_OF, more: { says?: string; details?: object } = {}): Reply {
  const body = { error, message: says(more.says ?? ''), details: more.details ?? {} };
  return { status: STATUS_OF[error], body, changed: false };
}

export const answer = (body: object, changed: boolean): Reply => ({ status: 200, body, changed });

export const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

/** What is told of an instance that never said that it is a worker. */
export const NO_WORKER = {
  ...{ projects: [], capabilities: [], concurrency: null },
  ...{ held_until: null, problem: null },
};

export const runningView = ({ id, claimed_at }: Task) => ({ task_id: id, since: iso(claimed_at) });

function waitingView(state: State, task: Task): object | null {
  const waiting = waitingFor(state, task);
  if (waiting === null) return null;
  const { kind, until } = waiting;
  return { kind, detail: ANYTHING, ...(until !== undefined && { until: iso(until) }) };
}

/** The task object of the contract. */
export function viewOf(state: State, task: Task): object {
  const { id, description, status, priority, target, instance_id, instance_name } = task;
  const { notes, submitted_by, attempt, error, project, requires, model, max_cost_usd, max_turns } = task;
  return {
    ...{ id, description, status, priority, target, instance_id, instance_name },
    ...{ notes, submitted_by, attempt, max_attempts: MAX_ATTEMPTS, error },
    created_at: iso(task.created_at),
    claimed_at: iso(task.claimed_at),
    completed_at: iso(task.completed_at),
    not_before: iso(task.not_before),
    lease_expires_at: iso(task.lease_expires_at),
    updated_at: iso(task.updated_at),
    ...{ project, requires, model, waiting_for: waitingView(state, task), result: null },
    ...{ max_cost_usd, max_tokens: null, max_turns, max_minutes: null },
  };
}

export const taskReply = (state: State, task: Task, changed: boolean) =>
  answer({ task: viewOf(state, task) }, changed);
export const statusReply = (state: State, task: Task, changed: boolean) =>
  answer({ status: task.status, task: viewOf(state, task) }, changed);
