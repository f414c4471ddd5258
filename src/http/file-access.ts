/** Whose transcript and attachments may be read and written: the run's own worker, and the owner. */
import { DomainError } from '../core/errors.ts';
import { OWNER_KEY, type ActingKey } from '../core/key.ts';
import type { Lease } from '../core/lease.ts';
import type { Clock, Store } from '../core/ports.ts';
import { REPORT_MS } from '../core/run-use-cases.ts';
import { required } from '../core/task.ts';

export interface Visitor {
  readonly taskId: number;
  readonly leaseId: string | null;
  readonly key: ActingKey;
}

export function createFileAccess({
  store,
  clock,
}: {
  store: Pick<Store, 'task' | 'taskWork' | 'runOfLease'>;
  clock: Clock;
}) {
  async function leaseFor({ taskId, leaseId, key }: Visitor): Promise<Lease | null> {
    if (leaseId === null) return null;
    const { lease } = await store.runOfLease(leaseId);
    const isStrange = key.instanceId !== null && lease?.instanceId !== key.instanceId;
    return lease?.taskId === taskId && !isStrange ? lease : null;
  }

  return {
    /** Throws `not_permitted` or `lease_lost`. */
    async requireReader(visitor: Visitor): Promise<void> {
      if (visitor.leaseId === null) {
        if (visitor.key.id === OWNER_KEY.id) return;
        throw new DomainError(
          'not_permitted',
          "This is for the owner's key, or for the worker that holds the task: send its lease_id.",
        );
      }
      const lease = await leaseFor(visitor);
      if (lease?.endedAt !== null) throw lost(visitor.taskId);
    },

    /** The session of an ended run counts for a day, unless another run has gone on with it since. */
    async requireWriter(visitor: Visitor & { leaseId: string }): Promise<void> {
      const { taskId, leaseId } = visitor;
      required(await store.task(taskId), taskId);
      const lease = await leaseFor(visitor);
      const { run } = await store.runOfLease(leaseId);
      if (lease === null || run === null) throw lost(taskId);
      if (lease.endedAt === null) return;
      const isLate = clock.now().getTime() - lease.endedAt.getTime() > REPORT_MS;
      if (isLate || run.number !== (await store.taskWork(taskId))?.runs) throw lost(taskId);
    },
  };
}

function lost(taskId: number): DomainError {
  return new DomainError('lease_lost', `That lease on task #${taskId} has ended, or is of another task.`);
}
