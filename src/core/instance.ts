/**
 * An instance is a Claude Code session or machine, known by an id of its own choosing. Any call
 * that names it is a sign of life; its status is derived, never stored.
 */
import type { InstanceStatus } from './vocabulary.ts';
import type { Worker } from './worker.ts';

export interface Instance {
  readonly id: string;
  readonly name: string;
  readonly lastSeen: Date;
  /** Null for what never said that it is a worker, or has left. */
  readonly worker: Worker | null;
}

/** A task that an instance holds. */
export interface HeldTask {
  readonly taskId: number;
  readonly since: Date;
}

export interface InstanceWithWork extends Instance {
  readonly status: InstanceStatus;
  /** The first of them. */
  readonly currentTaskId: number | null;
  /** What it holds, by id. */
  readonly running: readonly HeldTask[];
  /** The account of its runs has nothing left until then. */
  readonly heldUntil: Date | null;
}

/** Silence after which an instance without a live lease counts as offline. */
export const OFFLINE_AFTER_MS = 120_000;

export function instanceStatus(seen: { lastSeen: Date; holdsLease: boolean }, now: Date): InstanceStatus {
  if (seen.holdsLease) return 'working';
  return now.getTime() - seen.lastSeen.getTime() > OFFLINE_AFTER_MS ? 'offline' : 'idle';
}
