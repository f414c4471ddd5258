/**
 * Signs of life. A heartbeat says that an instance is alive and which leases it still works on; it
 * renews those, and answers what became of the others, so that a machine learns of its own loss.
 */
import { heldNow } from './account-hold.ts';
import { heartbeatSeconds, renewedUntil, type Lease } from './lease.ts';
import type { Clock } from './ports.ts';
import type { InstanceWithWork } from './instance.ts';
import type { Task } from './task.ts';
import { work, type Outcome, type Reads, type Renewal, type Work } from './work.ts';
import { announce } from './worker-name.ts';
import type { Announcement } from './worker.ts';

export interface Heartbeat {
  readonly instanceId: string;
  readonly instanceName?: string | undefined;
  /** Only these are renewed; undefined renews all that the instance holds. */
  readonly leaseIds?: readonly string[] | undefined;
  readonly worker?: Announcement | undefined;
}

export interface LostLease {
  readonly leaseId: string;
  readonly taskId: number | null;
  readonly reason: string;
}

export interface HeartbeatAnswer {
  readonly instance: Omit<InstanceWithWork, 'status'> & { readonly holdsLease: boolean };
  readonly leases: readonly Renewal[];
  readonly lost: readonly LostLease[];
  /** Held by this instance but not named: left to expire. */
  readonly unclaimed: readonly Renewal[];
  readonly cancelledTaskIds: readonly number[];
  readonly heartbeatSeconds: number;
}

/** How long a heartbeat names a task that was cancelled under its holder. */
const CANCELLED_SHOWN_MS = 15 * 60_000;

export type InstanceService = ReturnType<typeof createInstanceService>;

export function createInstanceService({ clock }: { clock: Clock }) {
  return {
    /** Throws `name_in_use` to a worker whose name belongs to another one. */
    heartbeat(beat: Heartbeat): Work<HeartbeatAnswer> {
      const load = {
        read: 'leasesOf',
        instanceId: beat.instanceId,
        leaseIds: beat.leaseIds ?? [],
        cancelledSince: new Date(clock.now().getTime() - CANCELLED_SHOWN_MS),
      } as const;
      return work<'leasesOf', HeartbeatAnswer>(load, (loaded) => hear(beat, loaded, clock.now()), {
        instanceId: beat.instanceId,
        name: beat.instanceName,
      });
    },

    /** Any other call that names an instance is a sign of life too. */
    seen(instanceId: string): Work<null> {
      return work<'queue', null>({ read: 'queue' }, () => ({ result: null }), { instanceId });
    },
  };
}

type Known = Reads['leasesOf']['gives'];

function hear(beat: Heartbeat, loaded: Known, now: Date): Outcome<HeartbeatAnswer> {
  const { instanceId } = beat;
  const known = loaded.instance?.worker ?? null;
  const worker = beat.worker ? announce(beat.worker, { name: instanceId, known, now }) : known;
  const spoken = leasesSpokenOf(beat, loaded, now);
  const lengths = loaded.held.flatMap((task) => (task.lease ? [task.lease.lengthMs] : []));
  const result: HeartbeatAnswer = {
    instance: {
      id: instanceId,
      name: beat.instanceName ?? loaded.instance?.name ?? instanceId,
      lastSeen: now,
      worker,
      holdsLease: loaded.held.length > 0,
      currentTaskId: loaded.held[0]?.id ?? null,
      running: loaded.held.map((task) => ({ taskId: task.id, since: task.claimedAt ?? now })),
      heldUntil: heldNow(loaded.hold, now),
    },
    ...spoken,
    // What it holds again by now is no longer lost to it.
    cancelledTaskIds: loaded.cancelledTaskIds.filter((id) => !loaded.held.some((task) => task.id === id)),
    heartbeatSeconds: heartbeatSeconds(Math.min(...lengths, 180_000)),
  };
  return {
    result,
    renewals: spoken.leases,
    ...(beat.worker && { announced: { instanceId, worker, at: now } }),
    changedSomething: true,
  };
}

function leasesSpokenOf(beat: Heartbeat, { held, named }: Known, now: Date) {
  const wanted = beat.leaseIds && new Set(beat.leaseIds);
  const isWanted = (task: Task) => wanted === undefined || wanted.has(task.lease?.leaseId ?? '');
  const leases = held.filter(isWanted).flatMap((task) => renewalOf(task, now));
  const unclaimed = held.filter((task) => !isWanted(task)).flatMap((task) => renewalOf(task, null));
  const live = new Set(leases.map((lease) => lease.leaseId));
  const lost = [...(wanted ?? [])].filter((id) => !live.has(id)).map((id) => lostLease(id, named, beat));
  return { leases, unclaimed, lost };
}

/** `now` null: as it stands, not renewed. */
function renewalOf(task: Task, now: Date | null): Renewal[] {
  if (task.lease === null) return [];
  const { leaseId, expiresAt } = task.lease;
  return [{ taskId: task.id, leaseId, expiresAt: now === null ? expiresAt : renewedUntil(task.lease, now) }];
}

/** Nothing is said about a lease of another instance but that it is not this one's. */
function lostLease(leaseId: string, named: readonly Lease[], beat: Heartbeat): LostLease {
  const lease = named.find((row) => row.leaseId === leaseId);
  if (lease?.instanceId !== beat.instanceId) return { leaseId, taskId: null, reason: 'unknown' };
  return { leaseId, taskId: lease.taskId, reason: lease.outcome ?? 'unknown' };
}
