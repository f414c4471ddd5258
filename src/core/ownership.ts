/**
 * Who may change a task. An instance must be its holder, a lease must be the live one (it alone is
 * enough), and a caller that names neither is the operator. A person whose reach is their own tasks must
 * have queued it. Judged before the task's state.
 */
import { DomainError } from './errors.ts';
import type { ActingKey } from './key.ts';
import { endedByItsHolder, type Lease } from './lease.ts';
import type { Act, Task } from './task.ts';
import type { Actor, LeaseOutcome } from './vocabulary.ts';

/** What a caller says of itself. `actor` is set where a front end knows the person, `key` where one was needed. */
export interface Caller {
  readonly actor?: Actor | undefined;
  readonly key?: ActingKey | undefined;
  readonly instanceId?: string | undefined;
  readonly leaseId?: string | undefined;
  /** An instance that only says who it is; it need not hold the task. */
  readonly speaker?: string | undefined;
  /** Which tasks this caller may change: all of them, unless it says `own`. */
  readonly reach?: Reach | undefined;
  /** The same for what a worker does on its machine: all of it, unless it says `own`. */
  readonly steers?: Reach | undefined;
}

/** `own`: those that the caller queued, and no others. */
export type Reach = 'any' | 'own';

/** The name under which the trail records this caller. `lease` is the row of its lease id, if any. */
export function actorOf(caller: Caller, lease: Lease | null): Actor {
  if (caller.actor !== undefined) return caller.actor;
  if (caller.instanceId !== undefined) return `instance:${caller.instanceId}`;
  if (caller.speaker !== undefined) return `instance:${caller.speaker}`;
  if (lease !== null) return `instance:${lease.instanceId}`;
  return 'operator';
}

export function actOf(caller: Caller, lease: Lease | null, now: Date): Act {
  return { actor: actorOf(caller, lease), keyId: caller.key?.id ?? null, now };
}

/**
 * Throws `lease_lost` unless the caller holds the task or speaks as the operator, which a worker's key cannot do:
 * then `not_permitted`. The same for a person beyond their reach.
 */
export function requireOwnership(task: Task, caller: Caller): void {
  requireName(caller);
  requireReach(task, caller);
  const strange = caller.instanceId !== undefined && caller.instanceId !== task.instanceId;
  const stale = caller.leaseId !== undefined && caller.leaseId !== task.lease?.leaseId;
  if (!strange && !stale) return;
  throw new DomainError('lease_lost', lostMessage(task, strange), {
    status: task.status,
    instance_id: task.instanceId,
    instance_name: task.instanceName,
  });
}

function requireName({ key, instanceId, leaseId }: Caller): void {
  if (key?.scope !== 'worker' || instanceId !== undefined || leaseId !== undefined) return;
  throw new DomainError(
    'not_permitted',
    `The key "${key.name}" has the scope worker and cannot act as the operator: send instance_id or lease_id.`,
    { scope_needed: 'admin', scope: key.scope },
  );
}

function lostMessage(task: Task, strange: boolean): string {
  if (task.status !== 'in_progress') {
    return `That lease on task #${task.id} has ended; the task is ${task.status} now.`;
  }
  const holder = task.instanceName ?? task.instanceId ?? 'another instance';
  return strange
    ? `Task #${task.id} is held by ${holder}, not by this instance.`
    : `That lease on task #${task.id} has ended; ${holder} holds the task under a newer one.`;
}

/** Whether this call only repeats what the same lease did to this task: answered again, changing nothing. */
export function isRepeat(
  made: { task: Task; lease: Lease | null; caller: Caller },
  outcomes: readonly LeaseOutcome[],
): boolean {
  const { task, lease, caller } = made;
  if (lease?.taskId !== task.id) return false;
  if (caller.instanceId !== undefined && caller.instanceId !== lease.instanceId) return false;
  return endedByItsHolder(lease, outcomes);
}

function requireReach(task: Task, { reach, actor }: Caller): void {
  if (reach !== 'own' || task.createdBy === actor) return;
  const message = `Task #${task.id} was queued by somebody else; what you queued yourself you can change.`;
  throw new DomainError('not_permitted', message, { task_id: task.id });
}
