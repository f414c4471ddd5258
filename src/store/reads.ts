/** The closed set of named reads, answered inside the transaction of the decision they are for. */
import { lanesFor } from '../core/lanes.ts';
import type { TallyWish } from '../core/person-limits.ts';
import type { Load, ReadName, Reads } from '../core/work.ts';
import type { ApiKeyTable } from './api-key-table.ts';
import type { InstanceTable } from './instance-table.ts';
import type { LeaseTable } from './lease-table.ts';
import type { PersonTally } from './person-tally.ts';
import type { QueueTable } from './queue-table.ts';
import type { TaskTable } from './task-table.ts';

export interface ReadTables {
  readonly tasks: TaskTable;
  readonly leases: LeaseTable;
  readonly instances: InstanceTable;
  readonly queue: QueueTable;
  readonly apiKeys: ApiKeyTable;
  readonly personTally: PersonTally;
}

type Answers = { [K in ReadName]: (takes: Reads[K]['takes']) => Reads[K]['gives'] };

export function createReads({ tasks, leases, instances, queue, apiKeys, personTally }: ReadTables) {
  const taskAndLease = (id: number, leaseId: string | undefined) => ({
    task: tasks.byId(id),
    lease: leaseId === undefined ? null : leases.byId(leaseId),
  });

  const tallyOf = (wish: TallyWish | undefined) => (wish === undefined ? null : personTally(wish));

  const answers: Answers = {
    newTask: ({ origin, tally }) => ({
      id: tasks.nextId(),
      existing: origin === null ? null : tasks.byOrigin(origin.frontEnd, origin.ref),
      tally: tallyOf(tally),
    }),
    task: ({ id, leaseId, tally }) => ({ ...taskAndLease(id, leaseId), tally: tallyOf(tally) }),
    taskAndNext({ id, leaseId }) {
      const found = taskAndLease(id, leaseId);
      return { ...found, next: tasks.nextReady(lanesFor(found.task?.instanceId)) };
    },
    nextReady: ({ lanes, instanceId }) => ({
      task: tasks.nextReady(lanes),
      queue: queue.state(),
      instance: instances.byId(instanceId),
    }),
    claimById: ({ id, instanceId }) => ({ task: tasks.byId(id), instance: instances.byId(instanceId) }),
    leasesOf: ({ instanceId, leaseIds, cancelledSince }) => ({
      instance: instances.byId(instanceId),
      held: tasks.heldBy(instanceId),
      named: leaseIds.flatMap((id) => leases.byId(id) ?? []),
      cancelledTaskIds: leases.cancelledTaskIds(instanceId, cancelledSince),
    }),
    taskOfLease({ leaseId }) {
      const lease = leases.byId(leaseId);
      return { task: lease === null ? null : tasks.byId(lease.taskId) };
    },
    expiredLeases: ({ before, limit }) => ({ tasks: tasks.expired(before, limit) }),
    dueTasks: ({ before, limit }) => ({ taskIds: tasks.due(before, limit) }),
    queue: () => ({ queue: queue.state() }),
    key: ({ id, name }) => ({
      key: apiKeys.byId(id),
      sameName: name === undefined ? null : apiKeys.liveByName(name),
    }),
  };

  return (load: Load): Reads[ReadName]['gives'] => {
    // Name and parameters were paired by `work`; the compiler cannot follow that through the union.
    const answer = answers[load.read] as (takes: Load) => Reads[ReadName]['gives'];
    return answer(load);
  };
}
