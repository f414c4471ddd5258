/**
 * Why a worker gives a task back, and what that makes of it. Waiting for people or quota, an overloaded service and a
 * fault of the machine use up no attempt; but a service that stays overloaded does at last, and what three different
 * workers stumble over is no fault of theirs.
 */
import { holdFor } from './account-hold.ts';
import type { RunEnd } from './run-end.ts';
import { waitsFor } from './run-end.ts';
import type { RunState } from './run-state.ts';
import { fail, release } from './task-attempts.ts';
import type { Act, Parked, Task, TaskChange } from './task.ts';
import type { Fault } from './vocabulary.ts';

export type ReleaseCause =
  | {
      readonly kind: 'parked';
      readonly waitsFor: 'answer' | 'quota' | 'budget';
      readonly until: Date | null;
    }
  | { readonly kind: 'overload' }
  | { readonly kind: 'fault'; readonly fault: Fault }
  | { readonly kind: 'stopping' };

export interface Releasing {
  readonly reason?: string | undefined;
  readonly retryInMs: number;
  readonly cause?: ReleaseCause | undefined;
}

/** After so many releases in a row the next is a failed attempt. */
const OVERLOADS_IN_A_ROW = 5;
/** So many different workers fail a task by the same fault. */
const FAULTY_WORKERS = 3;

export interface Seen {
  readonly state: RunState | null;
  /** Instances that gave this task back for the fault in question since it was queued, this one left out. */
  readonly faulty: readonly string[];
}

export function releaseFor(
  task: Task,
  how: Releasing,
  { seen, act }: { seen: Seen; act: Act },
): { readonly change: TaskChange; readonly end: RunEnd } {
  const { cause, reason } = how;
  if (cause?.kind === 'overload') return overloaded(task, how, { seen, act });
  if (cause?.kind === 'fault') return faulty(task, { ...how, fault: cause.fault }, { seen, act });
  const change = release(task, { reason, retryInMs: how.retryInMs }, act);
  if (cause?.kind !== 'parked') return { change, end: {} };
  if (cause.waitsFor === 'quota') return { change, end: spent(cause.until, how, { seen, act }) };
  return { change, end: { parked: parkedFor(cause, how, seen) } };
}

/** Whoever shares the account is held off; a run that named none parks its own task alone. */
function spent(until: Date | null, { reason }: Releasing, { seen, act }: { seen: Seen; act: Act }): RunEnd {
  const detail = reason ?? 'The account has no quota left.';
  const account = seen.state?.run?.account ?? null;
  const known = account === null ? null : (seen.state?.hold ?? null);
  const hold = holdFor({ account: account ?? '', until, detail, now: act.now }, known);
  const parked: Parked = { kind: 'quota', until: hold.until, detail };
  return account === null ? { parked } : { parked, hold };
}

function parkedFor(
  cause: Extract<ReleaseCause, { kind: 'parked' }>,
  { reason }: Releasing,
  seen: Seen,
): Parked | undefined {
  const { waitsFor: kind, until } = cause;
  // What it would wait for was answered while it gave up waiting.
  if ((kind === 'answer' || until === null) && waitsFor(seen.state?.questions ?? []) === undefined)
    return undefined;
  return { kind, until, detail: reason ?? '' };
}

function overloaded(task: Task, how: Releasing, { seen, act }: { seen: Seen; act: Act }) {
  const overloads = (seen.state?.work.overloads ?? 0) + 1;
  const { retryInMs } = how;
  if (overloads < OVERLOADS_IN_A_ROW) {
    const reason = how.reason ?? "The model's service is overloaded.";
    return { change: release(task, { reason, retryInMs }, act), end: { overloads } };
  }
  const why = how.reason === undefined ? '' : ` ${how.reason}`;
  const error = `The model's service was overloaded ${overloads} times in a row.${why}`;
  return { change: fail(task, { error, retry: true, retryInMs }, act), end: { overloads: 0 } };
}

const FAULTS: Readonly<Record<Fault, string>> = {
  key: 'its credentials were refused',
  billing: 'its account cannot be charged',
  disk: 'its disk is full or broken',
  model: 'the model that it is set to ask is not there',
  binary: 'a program is missing on it',
  repository: 'its repository could not be used',
  push: 'the push was refused',
};

function faulty(task: Task, how: Releasing & { fault: Fault }, { seen, act }: { seen: Seen; act: Act }) {
  const { fault } = how;
  const why = how.reason === undefined ? '' : ` ${how.reason}`;
  const end = { fault };
  const workers = new Set([...seen.faulty, task.instanceId]);
  if (workers.size >= FAULTY_WORKERS) {
    const error = `${workers.size} workers gave it back for the same fault: ${FAULTS[fault]}.${why}`;
    return { change: fail(task, { error, retry: false, retryInMs: 0 }, act), end };
  }
  const name = task.instanceName ?? task.instanceId ?? 'The worker';
  const reason = `${name} has a fault (${fault}): ${FAULTS[fault]}.${why}`;
  return { change: release(task, { reason, error: reason, retryInMs: how.retryInMs }, act), end };
}
