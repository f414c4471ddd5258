/** What happens to a task when a move is allowed: its facts, its lease, and the line in its trail. */
import { ANYTHING, iso } from './reply.ts';
import { LEASE_MS, MAX_ATTEMPTS } from './policy.ts';
import { liveLease, type State, type Task } from './state.ts';

export interface Told {
  readonly action: string;
  readonly actor: string;
  readonly details?: object;
}

export function log(state: State, task: Task, told: Told, instance: string | null = task.instance_id): void {
  const { action, actor, details = {} } = told;
  task.logs = [...task.logs, { action, actor, details, instance_id: instance, at: state.now }];
  task.updated_at = state.now;
}

export function begin(
  state: State,
  task: Task,
  by: { instance: string; name: string; seconds: number | undefined; request: string | null },
): void {
  const wanted = by.seconds === undefined ? LEASE_MS : by.seconds * 1000;
  const lengthMs = Math.min(Math.max(wanted, 10_000), LEASE_MS);
  const id = `?lease-${task.id}-${task.leases.length + 1}`;
  const open = { outcome: null, endedBy: null, endedAt: null };
  task.leases.push({ id, holder: by.instance, lengthMs, request: by.request, ...open });
  task.status = 'in_progress';
  task.instance_id = by.instance;
  task.instance_name = by.name;
  task.attempt += 1;
  task.claimed_at = state.now;
  task.not_before = null;
  task.lease_expires_at = state.now + lengthMs;
  const details = { attempt: task.attempt, max_attempts: MAX_ATTEMPTS };
  log(state, task, { action: 'claimed', actor: `instance:${by.instance}`, details });
}

type End = Told & { readonly outcome?: string };

function endLease(state: State, task: Task, end: End): void {
  const lease = liveLease(task);
  if (lease !== null)
    Object.assign(lease, { outcome: end.outcome ?? end.action, endedBy: end.actor, endedAt: state.now });
  task.lease_expires_at = null;
}

/** For good: who worked on it stays. */
export function finish(
  state: State,
  task: Task,
  status: 'completed' | 'failed' | 'cancelled',
  end: End,
): void {
  endLease(state, task, end);
  task.status = status;
  task.completed_at = state.now;
  task.not_before = null;
  log(state, task, end);
}

/** Pending again: nothing of the attempt stays but what the move itself says. */
export function putBack(state: State, task: Task, end: End & { delayMs?: number }): void {
  const { instance_id: held } = task;
  const { delayMs = 0 } = end;
  endLease(state, task, end);
  task.status = 'pending';
  task.instance_id = task.instance_name = null;
  task.claimed_at = task.completed_at = null;
  task.not_before = delayMs > 0 ? state.now + delayMs : null;
  log(state, task, { ...end, details: { ...end.details, not_before: iso(task.not_before) } }, held);
}

/** One lease that ran out, or whose answer nobody got. */
export function expire(state: State, task: Task): void {
  task.error = `?error-${task.id}-${task.leases.length}`;
  const details = { reason: 'lease_expired', error: task.error, attempt: task.attempt };
  if (task.attempt < MAX_ATTEMPTS) putBack(state, task, { action: 'expired', actor: 'system', details });
  else finish(state, task, 'failed', { action: 'failed', outcome: 'expired', actor: 'system', details });
}

export function undo(state: State, task: Task): void {
  task.attempt -= 1;
  const details = { reason: ANYTHING };
  putBack(state, task, { action: 'released', outcome: 'undelivered', actor: 'system', details });
}
