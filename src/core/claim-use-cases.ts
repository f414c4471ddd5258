/** Taking tasks: one by its id, or whatever is next; and giving back a claim that was never heard of. */
import { heldUntil } from './account-hold.ts';
import { BARRED_MS } from './crew.ts';
import type { Instance } from './instance.ts';
import { claimantOf } from './lanes.ts';
import { settleRun } from './run-end.ts';
import { createTakeTask, type Claimed, type ClaimRequest } from './take-task.ts';
import { undoClaim } from './task-attempts.ts';
import { required } from './task.ts';
import type { TaskServiceDeps } from './task-deps.ts';
import { work, type Reads, type Speaker, type Work } from './work.ts';

export type { Claimed, ClaimRequest } from './take-task.ts';

/**
 * Without a claim: nothing to hand out now, or (`paused`) nothing will be until the queue is resumed, or (`heldUntil`)
 * nothing for this account until then.
 */
export type ClaimedNext =
  | { readonly claimed: Claimed }
  | {
      readonly claimed: null;
      readonly paused: boolean;
      readonly heldUntil: Date | null;
      /** What is ready may be what this claimant gave back a moment ago. */
      readonly isBarred: boolean;
      /** Tasks of people at their limit were passed over, and there are more: the claim goes on with another try. */
      readonly isMore: boolean;
    };

export function createClaimUseCases(deps: TaskServiceDeps) {
  const { clock, limitsAt } = deps;
  const take = createTakeTask(deps);

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
        claimant: claimantOf(by),
        instanceId,
        beginsRun: beginsRun(by),
        account: by.account,
        limits: limitsAt(clock.now()),
        ...(beginsRun(by) && { faultySince: new Date(clock.now().getTime() - BARRED_MS) }),
      } as const;
      return work<'nextReady', ClaimedNext>(
        load,
        ({ task, queue: { paused }, instance, needs, replies, hold, isBarred, isMore, limited }) => {
          const held = heldUntil(hold, clock.now());
          const told = { ...accountOf(by, instance, clock.now()), parked: limited };
          if (task === null || paused || held !== null || isGone()) {
            const result = { claimed: null, paused, heldUntil: held, isBarred, isMore };
            return { result, ...told };
          }
          const taken = take(task, by, { instance, needs, replies, hold });
          return { ...taken, ...told, result: { claimed: taken.result } };
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

/** Whose quota a worker uses is told with its claims; it is kept with the worker, where others can see it. */
function accountOf({ instanceId, account }: ClaimRequest, instance: Instance | null, at: Date) {
  const worker = instance?.worker ?? null;
  if (account === undefined || worker === null || worker.account === account) return {};
  return { announced: { instanceId, worker: { ...worker, account }, at } };
}

const beginsRun = (by: ClaimRequest) => by.session !== undefined;

function speakerOf(by: ClaimRequest): Speaker {
  return { instanceId: by.instanceId, name: by.instanceName };
}
