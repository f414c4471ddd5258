/** Things of the domain with sensible facts, of which a test names only those that it is about. */
import type { Lease, LiveLease } from '../../src/core/lease.ts';
import { NO_BUDGET, type Task } from '../../src/core/task.ts';

export const NOON = new Date(Date.UTC(2026, 0, 15, 12, 0, 0));

export function minutesAfterNoon(minutes: number): Date {
  return new Date(NOON.getTime() + minutes * 60_000);
}

/** A pending task of medium priority that nobody has touched. */
export function aTask(facts: Partial<Task> = {}): Task {
  return {
    id: 5,
    description: 'Deploy new monitoring stack',
    status: 'pending',
    priority: 'medium',
    target: null,
    instanceId: null,
    instanceName: null,
    lease: null,
    attempt: 0,
    maxAttempts: 3,
    createdAt: NOON,
    claimedAt: null,
    completedAt: null,
    notBefore: null,
    updatedAt: NOON,
    notes: null,
    error: null,
    submittedBy: null,
    createdBy: 'operator',
    origin: null,
    project: null,
    requires: [],
    model: null,
    budget: NO_BUDGET,
    parked: null,
    result: null,
    ...facts,
  };
}

export function aLiveLease(facts: Partial<LiveLease> = {}): LiveLease {
  return { leaseId: 'lease-1', lengthMs: 7_200_000, expiresAt: minutesAfterNoon(121), ...facts };
}

/** Claimed one minute after noon by `mac`, for two hours. */
export function aRunningTask(facts: Partial<Task> = {}): Task {
  return aTask({
    status: 'in_progress',
    instanceId: 'mac',
    instanceName: 'MacBook-Claude',
    lease: aLiveLease(),
    attempt: 1,
    claimedAt: minutesAfterNoon(1),
    updatedAt: minutesAfterNoon(1),
    ...facts,
  });
}

/** Ended by `mac` eleven minutes after noon. */
export function aFinishedTask(status: 'completed' | 'failed' | 'cancelled', facts: Partial<Task> = {}): Task {
  const ended = { lease: null, completedAt: minutesAfterNoon(11), updatedAt: minutesAfterNoon(11) };
  return aRunningTask({ ...ended, status, ...facts });
}

/** The row of a lease that lives, of task 5. */
export function aLease(facts: Partial<Lease> = {}): Lease {
  return {
    leaseId: 'lease-1',
    taskId: 5,
    instanceId: 'mac',
    attempt: 1,
    lengthMs: 7_200_000,
    claimedAt: minutesAfterNoon(1),
    endedAt: null,
    endedBy: null,
    outcome: null,
    ...facts,
  };
}
