/** A line of the archive: the task as REST shows it, with its whole history. */
import type { Lease } from '../core/lease.ts';
import type { TaskTrail } from '../core/retention.ts';
import type { Keyring } from './keyring.ts';
import { toLogEntry, toTaskView } from './views.ts';

export function toArchivedTask({ task, events, leases }: TaskTrail, keyring: Pick<Keyring, 'nameOf'>) {
  const logs = events.map((event) => toLogEntry(event, keyring));
  return { ...toTaskView(task), logs, leases: leases.map(toPastLease) };
}

function toPastLease(lease: Lease) {
  return {
    lease_id: lease.leaseId,
    instance_id: lease.instanceId,
    attempt: lease.attempt,
    length_seconds: lease.lengthMs / 1000,
    claimed_at: lease.claimedAt.toISOString(),
    ended_at: lease.endedAt?.toISOString() ?? null,
    ended_by: lease.endedBy,
    outcome: lease.outcome,
  };
}
