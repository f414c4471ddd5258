/** What a claim does to the task that it was given: a lease, and for a worker a run. */
import { probedBy, type SeenHold } from './account-hold.ts';
import type { ActingKey } from './key.ts';
import { clampLeaseMs, heartbeatSeconds } from './lease.ts';
import type { Reply } from './question.ts';
import { beginRun, type RunStart } from './run-begin.ts';
import type { RunNeeds } from './run-state.ts';
import { claim } from './task-attempts.ts';
import type { Task } from './task.ts';
import type { TaskServiceDeps } from './task-deps.ts';
import type { Outcome } from './work.ts';

export interface ClaimRequest {
  readonly instanceId: string;
  readonly instanceName?: string | undefined;
  readonly leaseMs?: number | undefined;
  /** Of claim-next alone: whoever names a task knows. Left out: tasks without a project. */
  readonly projects?: readonly (string | null)[] | undefined;
  /** The same; left out: none. */
  readonly capabilities?: readonly string[] | undefined;
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
  /** What people said that nobody has taken in yet, in order. */
  readonly replies: readonly Reply[];
  /** Only for a worker. */
  readonly run: RunStart | null;
}

export interface ClaimSeen {
  readonly instance: { readonly name: string } | null;
  /** There if the claim begins a run. */
  readonly needs: RunNeeds | null;
  readonly replies: readonly Reply[];
  /** Over by now: this claim tries for all of the account. */
  readonly hold?: SeenHold | null | undefined;
}

export type TakeTask = (task: Task, by: ClaimRequest, seen: ClaimSeen) => Outcome<Claimed>;

export function createTakeTask({
  clock,
  ids,
  policy,
  hasTranscript = () => false,
}: TaskServiceDeps): TakeTask {
  return (task, by, { instance, needs, replies, hold }) => {
    const now = clock.now();
    const leaseMs = clampLeaseMs(by.leaseMs, policy.leaseMs);
    const leaseId = ids.leaseId();
    const { instanceId } = by;
    const instanceName = by.instanceName ?? instance?.name ?? instanceId;
    const made = claim(task, { instanceId, instanceName, leaseId, leaseMs, keyId: by.key?.id ?? null }, now);
    const claimed: Claimed = {
      task: made.after,
      leaseId,
      expiresAt: new Date(now.getTime() + leaseMs),
      heartbeatSeconds: heartbeatSeconds(leaseMs),
      replies,
      run: null,
    };
    if (needs === null) return { result: claimed, changes: [made] };
    const begun = beginRun(
      {
        ...{ task: made.after, leaseId, instanceId, now },
        account: by.account ?? null,
        hasTranscript: hasTranscript(task.id),
      },
      needs,
    );
    const saves = { ...begun.saves, hold: probedBy(hold, leaseId) };
    return { result: { ...claimed, run: begun.start }, changes: [made], runs: [saves] };
  };
}
