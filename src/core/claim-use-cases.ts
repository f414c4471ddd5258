/** Taking tasks: one by its id, or whatever is next; and giving back a claim that was never heard of. */
import type { ActingKey } from './key.ts';
import { clampLeaseMs, heartbeatSeconds } from './lease.ts';
import { lanesFor } from './lanes.ts';
import { beginRun, type RunStart } from './run-begin.ts';
import { settleRun } from './run-end.ts';
import type { RunNeeds } from './run-state.ts';
import { claim, undoClaim } from './task-attempts.ts';
import { required, type Task } from './task.ts';
import type { TaskServiceDeps } from './task-deps.ts';
import { work, type Outcome, type Reads, type Speaker, type Work } from './work.ts';

export interface ClaimRequest {
  readonly instanceId: string;
  readonly instanceName?: string | undefined;
  readonly leaseMs?: number | undefined;
  readonly key?: ActingKey | undefined;
  /** Of a worker's process: the claim begins a run. */
  readonly session?: string | undefined;
  /** Whose quota the run uses. */
  readonly account?: string | undefined;
}

export interface Claimed {
  readonly task: Task;
  readonly leaseId: string;
  readonly expiresAt: Date;
  readonly heartbeatSeconds: number;
  /** Only for a worker. */
  readonly run: RunStart | null;
}

/** Without a claim: nothing to hand out now, or (`paused`) nothing will be until the queue is resumed. */
export type ClaimedNext =
  { readonly claimed: Claimed } | { readonly claimed: null; readonly paused: boolean };

export function createClaimUseCases({ clock, ids, policy, hasTranscript }: TaskServiceDeps) {
  /** `needs` is there if the claim begins a run. */
  function take(task: Task, by: ClaimRequest, seen: Seen): Outcome<Claimed> {
    const now = clock.now();
    const leaseMs = clampLeaseMs(by.leaseMs, policy.leaseMs);
    const leaseId = ids.leaseId();
    const instanceName = by.instanceName ?? seen.instance?.name ?? by.instanceId;
    const claimant = { instanceId: by.instanceId, instanceName, leaseId, leaseMs, keyId: by.key?.id ?? null };
    const made = claim(task, claimant, now);
    const begun =
      seen.needs === null
        ? null
        : beginRun(
            {
              task: made.after,
              leaseId,
              instanceId: by.instanceId,
              account: by.account ?? null,
              hasTranscript: hasTranscript?.(task.id) ?? false,
              now,
            },
            seen.needs,
          );
    const claimed: Claimed = {
      task: made.after,
      leaseId,
      expiresAt: new Date(now.getTime() + leaseMs),
      heartbeatSeconds: heartbeatSeconds(leaseMs),
      run: begun?.start ?? null,
    };
    return { result: claimed, changes: [made], ...(begun !== null && { runs: [begun.saves] }) };
  }

  return {
    claim(id: number, by: ClaimRequest): Work<Claimed> {
      const load = { read: 'claimById', id, instanceId: by.instanceId, beginsRun: beginsRun(by) } as const;
      const decide = (loaded: Reads['claimById']['gives']) => take(required(loaded.task, id), by, loaded);
      return work<'claimById', Claimed>(load, decide, speakerOf(by));
    },

    /** `isGone` is asked at the last moment: a claimant that has left never takes a task. */
    claimNext(by: ClaimRequest, isGone: () => boolean = () => false): Work<ClaimedNext> {
      const { instanceId } = by;
      const load = {
        read: 'nextReady',
        lanes: lanesFor(instanceId),
        instanceId,
        beginsRun: beginsRun(by),
      } as const;
      return work<'nextReady', ClaimedNext>(
        load,
        ({ task, queue, instance, needs }) => {
          if (task === null || queue.paused || isGone()) {
            return { result: { claimed: null, paused: queue.paused } };
          }
          const taken = take(task, by, { instance, needs });
          return { ...taken, result: { claimed: taken.result } };
        },
        speakerOf(by),
      );
    },

    /** Gives a claim back whose answer never left, together with the idempotency record that holds it. */
    undoClaim(leaseId: string, key?: string): Work<boolean> {
      return work<'taskOfLease', boolean>({ read: 'taskOfLease', leaseId }, ({ task, run }) => {
        if (task?.lease?.leaseId !== leaseId) return { result: false };
        const { change, saves } = settleRun(undoClaim(task, clock.now()), run);
        return { result: true, changes: [change], ...(saves && { runs: [saves] }), forgetKey: key };
      });
    },
  };
}

interface Seen {
  readonly instance: { readonly name: string } | null;
  readonly needs: RunNeeds | null;
}

const beginsRun = (by: ClaimRequest) => by.session !== undefined;

function speakerOf(by: ClaimRequest): Speaker {
  return { instanceId: by.instanceId, name: by.instanceName };
}
