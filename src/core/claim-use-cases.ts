/** Taking tasks: one by its id, or whatever is next; and giving back a claim that was never heard of. */
import type { ActingKey } from './key.ts';
import { clampLeaseMs, heartbeatSeconds } from './lease.ts';
import { lanesFor } from './lanes.ts';
import { claim, undoClaim } from './task-attempts.ts';
import { required, type Task } from './task.ts';
import type { TaskServiceDeps } from './task-deps.ts';
import { work, type Outcome, type Reads, type Speaker, type Work } from './work.ts';

export interface ClaimRequest {
  readonly instanceId: string;
  readonly instanceName?: string | undefined;
  readonly leaseMs?: number | undefined;
  readonly key?: ActingKey | undefined;
}

export interface Claimed {
  readonly task: Task;
  readonly leaseId: string;
  readonly expiresAt: Date;
  readonly heartbeatSeconds: number;
}

/** Without a claim: nothing to hand out now, or (`paused`) nothing will be until the queue is resumed. */
export type ClaimedNext =
  { readonly claimed: Claimed } | { readonly claimed: null; readonly paused: boolean };

export function createClaimUseCases({ clock, ids, policy }: TaskServiceDeps) {
  function take(task: Task, by: ClaimRequest, knownName: string | undefined): Outcome<Claimed> {
    const now = clock.now();
    const leaseMs = clampLeaseMs(by.leaseMs, policy.leaseMs);
    const leaseId = ids.leaseId();
    const instanceName = by.instanceName ?? knownName ?? by.instanceId;
    const claimant = { instanceId: by.instanceId, instanceName, leaseId, leaseMs, keyId: by.key?.id ?? null };
    const made = claim(task, claimant, now);
    const claimed: Claimed = {
      task: made.after,
      leaseId,
      expiresAt: new Date(now.getTime() + leaseMs),
      heartbeatSeconds: heartbeatSeconds(leaseMs),
    };
    return { result: claimed, changes: [made] };
  }

  return {
    claim(id: number, by: ClaimRequest): Work<Claimed> {
      const load = { read: 'claimById', id, instanceId: by.instanceId } as const;
      const decide = (loaded: Reads['claimById']['gives']) =>
        take(required(loaded.task, id), by, loaded.instance?.name);
      return work<'claimById', Claimed>(load, decide, speakerOf(by));
    },

    /** `isGone` is asked at the last moment: a claimant that has left never takes a task. */
    claimNext(by: ClaimRequest, isGone: () => boolean = () => false): Work<ClaimedNext> {
      const load = { read: 'nextReady', lanes: lanesFor(by.instanceId), instanceId: by.instanceId } as const;
      return work<'nextReady', ClaimedNext>(
        load,
        ({ task, queue, instance }) => {
          if (task === null || queue.paused || isGone()) {
            return { result: { claimed: null, paused: queue.paused } };
          }
          const taken = take(task, by, instance?.name);
          return { ...taken, result: { claimed: taken.result } };
        },
        speakerOf(by),
      );
    },

    /** Gives a claim back whose answer never left, together with the idempotency record that holds it. */
    undoClaim(leaseId: string, key?: string): Work<boolean> {
      return work<'taskOfLease', boolean>({ read: 'taskOfLease', leaseId }, ({ task }) => {
        if (task?.lease?.leaseId !== leaseId) return { result: false };
        return { result: true, changes: [undoClaim(task, clock.now())], forgetKey: key };
      });
    },
  };
}

function speakerOf(by: ClaimRequest): Speaker {
  return { instanceId: by.instanceId, name: by.instanceName };
}
