/**
 * An attempt: one claim, and each way it can end. Completed, failed (for good or with another try),
 * released, expired, or undone because its answer never arrived.
 */
import { DomainError } from './errors.ts';
import type { Lease, LiveLease } from './lease.ts';
import { illegal, type Act, type Task, type TaskChange } from './task.ts';
import { change, end, giveBack } from './task-change.ts';

export interface Claimant {
  readonly instanceId: string;
  readonly instanceName: string;
  readonly leaseId: string;
  readonly leaseMs: number;
  readonly keyId: string | null;
}

export function claim(task: Task, by: Claimant, now: Date): TaskChange {
  if (task.status !== 'pending') throw notClaimable(task);
  const attempt = task.attempt + 1;
  const lease: LiveLease = {
    leaseId: by.leaseId,
    lengthMs: by.leaseMs,
    expiresAt: new Date(now.getTime() + by.leaseMs),
  };
  const after: Task = {
    ...task,
    status: 'in_progress',
    instanceId: by.instanceId,
    instanceName: by.instanceName,
    lease,
    attempt,
    claimedAt: now,
    notBefore: null,
    parked: null,
    updatedAt: now,
  };
  const started: Lease = {
    leaseId: by.leaseId,
    taskId: task.id,
    instanceId: by.instanceId,
    attempt,
    lengthMs: by.leaseMs,
    claimedAt: now,
    endedAt: null,
    endedBy: null,
    outcome: null,
  };
  const made = change(task, after, {
    action: 'claimed',
    act: { actor: `instance:${by.instanceId}`, keyId: by.keyId, now },
    details: { attempt, max_attempts: task.maxAttempts },
  });
  return { ...made, leaseStart: started };
}

function notClaimable(task: Task): DomainError {
  const who = task.instanceName ?? task.instanceId;
  const message =
    task.status === 'in_progress'
      ? `Task #${task.id} is already claimed by ${who ?? 'another instance'}.`
      : `Task #${task.id} is ${task.status}${who === null ? '' : ` (last held by ${who})`} and can no longer be claimed.`;
  return new DomainError('task_not_claimable', message, {
    status: task.status,
    instance_id: task.instanceId,
    instance_name: task.instanceName,
  });
}

export interface Completion {
  /** Undefined keeps the notes that are there. */
  readonly notes?: string | undefined;
  readonly nextTask?: { readonly id: number; readonly title: string } | undefined;
}

export function complete(task: Task, done: Completion, act: Act): TaskChange {
  requireInProgress(task, 'completed');
  const notes = done.notes ?? task.notes;
  return end(
    task,
    { ...task, status: 'completed', notes, error: null },
    {
      action: 'completed',
      outcome: 'completed',
      act,
      details: { ...(notes !== null && { notes }), ...(done.nextTask && { next_task: done.nextTask }) },
    },
  );
}

export interface Failure {
  readonly error: string | null;
  readonly notes?: string | undefined;
  readonly retry: boolean;
  /** How long the task waits before claim-next offers it again. */
  readonly retryInMs: number;
}

/** A failed attempt: back in the queue while attempts are left, else failed for good. */
export function fail(task: Task, failure: Failure, act: Act): TaskChange {
  requireInProgress(task, 'failed');
  const error = failure.error ?? task.error;
  const reason = error === null ? {} : { error };
  const notes = failure.notes ?? task.notes;
  // Notes that came along with the failure are part of it.
  const told = { ...reason, ...(failure.notes !== undefined && { notes: failure.notes }) };
  const attempts = { attempt: task.attempt, max_attempts: task.maxAttempts };
  if (failure.retry && task.attempt < task.maxAttempts) {
    return giveBack({ ...task, error, notes }, task, {
      action: 'retried',
      outcome: 'retried',
      act,
      details: { ...told, ...attempts },
      delayMs: failure.retryInMs,
    });
  }
  return end(
    task,
    { ...task, status: 'failed', error, notes },
    {
      action: 'failed',
      outcome: 'failed',
      act,
      details: { ...told, ...attempts },
    },
  );
}

/** Given back unfinished; the attempt does not count. An `error` is what whoever takes it next shall know. */
export function release(
  task: Task,
  how: { reason?: string | undefined; error?: string | undefined; retryInMs: number },
  act: Act,
): TaskChange {
  requireInProgress(task, 'released');
  const error = how.error ?? task.error;
  return giveBack({ ...task, error, attempt: Math.max(0, task.attempt - 1) }, task, {
    action: 'released',
    outcome: 'released',
    act,
    details: { ...(how.reason !== undefined && { reason: how.reason }) },
    delayMs: how.retryInMs,
  });
}

/** A claim whose answer never reached the claimant: as if it had not happened, but the trail tells. */
export function undoClaim(task: Task, now: Date): TaskChange {
  requireInProgress(task, 'released');
  return giveBack({ ...task, attempt: Math.max(0, task.attempt - 1) }, task, {
    action: 'released',
    outcome: 'undelivered',
    act: { actor: 'system', keyId: null, now },
    details: { reason: 'The answer to the claim could not be delivered.' },
    delayMs: 0,
  });
}

/** The lease ran out unheard: back in the queue, or failed after the last attempt. */
export function expire(task: Task, now: Date): TaskChange {
  requireInProgress(task, 'released');
  const act: Act = { actor: 'system', keyId: null, now };
  const error = `The lease of ${task.instanceName ?? 'its holder'} expired: nothing was heard from it in time.`;
  const details = { reason: 'lease_expired', error, attempt: task.attempt, max_attempts: task.maxAttempts };
  if (task.attempt < task.maxAttempts) {
    return giveBack({ ...task, error }, task, {
      action: 'expired',
      outcome: 'expired',
      act,
      details,
      delayMs: 0,
    });
  }
  return end(
    task,
    { ...task, status: 'failed', error },
    { action: 'failed', outcome: 'expired', act, details },
  );
}

function requireInProgress(task: Task, wanted: string): void {
  if (task.status === 'in_progress') return;
  const hint = task.status === 'pending' ? 'Claim it first.' : undefined;
  throw illegal(task, wanted, hint);
}
