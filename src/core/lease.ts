/**
 * A lease is the time-limited right to work on one task. Claiming hands one out, a heartbeat
 * renews it, and letting it run out gives the task back. Its id is new for every claim, so an
 * instance that wakes up late cannot finish a task that somebody else holds by now. A lease ends
 * when a write ends it, never because a clock was compared inside a request.
 */
import type { Actor, LeaseOutcome } from './vocabulary.ts';

/** The part of a lease that a task in progress carries. */
export interface LiveLease {
  readonly leaseId: string;
  readonly lengthMs: number;
  readonly expiresAt: Date;
}

/** One claim in the history of attempts. `endedBy` tells the holder's own end from anybody else's. */
export interface Lease {
  readonly leaseId: string;
  readonly taskId: number;
  readonly instanceId: string;
  readonly attempt: number;
  readonly lengthMs: number;
  readonly claimedAt: Date;
  readonly endedAt: Date | null;
  readonly endedBy: Actor | null;
  readonly outcome: LeaseOutcome | null;
}

export interface LeaseEnd {
  readonly leaseId: string;
  readonly outcome: LeaseOutcome;
  readonly endedBy: Actor;
  readonly endedAt: Date;
}

/** Shortest lease a claim may ask for, unless the longest one is shorter still. */
const MIN_LEASE_MS = 10_000;

/** How long holders are heard before expired leases end, after a time in which nobody could be heard. */
export const GRACE_MS = 30_000;

/**
 * The length a claim gets, in whole milliseconds: what it asked for within 10 s and `maxMs`; `maxMs` if
 * it did not ask. Seconds and minutes with a fraction seldom make whole milliseconds by themselves.
 */
export function clampLeaseMs(wantedMs: number | undefined, maxMs: number): number {
  const longest = Math.max(1, Math.round(maxMs));
  if (wantedMs === undefined) return longest;
  return Math.min(Math.max(Math.round(wantedMs), Math.min(MIN_LEASE_MS, longest)), longest);
}

/** The expiry after a renewal now: the claim's own length again, and never earlier than before. */
export function renewedUntil(lease: LiveLease, now: Date): Date {
  return new Date(Math.max(lease.expiresAt.getTime(), now.getTime() + lease.lengthMs));
}

export function isExpired(lease: LiveLease, now: Date): boolean {
  return lease.expiresAt.getTime() <= now.getTime();
}

/** Seconds between heartbeats for a lease: three fit into it, and silence never looks like offline. */
export function heartbeatSeconds(lengthMs: number): number {
  return Math.min(60, Math.max(0.1, Math.floor(lengthMs / 300) / 10));
}

/** Whether the holder of this lease ended it itself in one of these ways: repeating that is no error. */
export function endedByItsHolder(lease: Lease, outcomes: readonly LeaseOutcome[]): boolean {
  return (
    lease.outcome !== null &&
    outcomes.includes(lease.outcome) &&
    lease.endedBy === `instance:${lease.instanceId}`
  );
}
