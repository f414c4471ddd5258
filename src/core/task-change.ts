/**
 * How a change is put together: the details that every notification needs are added here, once, and
 * so is what any end and any way back into the queue sets or clears.
 */
import { titleOf, type EventDetails, type NewEvent } from './event.ts';
import type { Act, Task, TaskChange } from './task.ts';
import type { EventAction, LeaseOutcome } from './vocabulary.ts';

export interface Told {
  readonly action: EventAction;
  readonly act: Act;
  readonly details: Omit<EventDetails, 'title'>;
}

export function change(before: Task | null, after: Task, told: Told): TaskChange {
  const held = after.instanceName ?? before?.instanceName ?? null;
  const event: NewEvent = {
    taskId: after.id,
    action: told.action,
    actor: told.act.actor,
    keyId: told.act.keyId,
    instanceId: after.instanceId ?? before?.instanceId ?? null,
    timestamp: told.act.now,
    details: {
      title: titleOf(after.description),
      ...(after.submittedBy !== null && { submitted_by: after.submittedBy }),
      submitter: after.createdBy,
      ...(held !== null && { instance_name: held }),
      ...told.details,
    },
  };
  return { before, after, event };
}

function leaseEndOf(task: Task, outcome: LeaseOutcome, act: Act): Pick<TaskChange, 'leaseEnd'> {
  if (task.lease === null) return {};
  return { leaseEnd: { leaseId: task.lease.leaseId, outcome, endedBy: act.actor, endedAt: act.now } };
}

interface Ended extends Told {
  readonly outcome: LeaseOutcome;
}

/** Any end sets `completedAt`, keeps who worked on it, and ends the lease. */
export function end(before: Task, after: Task, told: Ended): TaskChange {
  const { now } = told.act;
  const finished: Task = {
    ...after,
    lease: null,
    completedAt: now,
    notBefore: null,
    parked: null,
    updatedAt: now,
  };
  const took = before.claimedAt === null ? null : Math.max(0, now.getTime() - before.claimedAt.getTime());
  const details = { ...told.details, ...(took !== null && { duration_ms: took }) };
  return { ...change(before, finished, { ...told, details }), ...leaseEndOf(before, told.outcome, told.act) };
}

/** Back in the queue: `after` carries what the move itself changed, the rest is cleared here. */
export function giveBack(after: Task, before: Task, told: Ended & { delayMs: number }): TaskChange {
  const { now } = told.act;
  const notBefore = told.delayMs > 0 ? new Date(now.getTime() + told.delayMs) : null;
  const details = { ...told.details, ...(notBefore && { not_before: notBefore.toISOString() }) };
  const waiting: Task = { ...backInQueue(after, now), notBefore };
  return { ...change(before, waiting, { ...told, details }), ...leaseEndOf(before, told.outcome, told.act) };
}

export function backInQueue(task: Task, now: Date): Task {
  return {
    ...task,
    status: 'pending',
    instanceId: null,
    instanceName: null,
    lease: null,
    claimedAt: null,
    completedAt: null,
    notBefore: null,
    parked: null,
    updatedAt: now,
  };
}
