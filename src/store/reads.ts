/** The closed set of named reads, answered inside the transaction of the decision they are for. */
import { claimantOf, laneOf } from '../core/lanes.ts';
import type { Lease } from '../core/lease.ts';
import type { TallyWish } from '../core/person-limits.ts';
import type { Task } from '../core/task.ts';
import type { Load, ReadName, Reads } from '../core/work.ts';
import type { ApiKeyTable } from './api-key-table.ts';
import type { CrewTable } from './crew-table.ts';
import type { InstanceTable } from './instance-table.ts';
import type { LaneTable } from './lane-table.ts';
import type { LeaseTable } from './lease-table.ts';
import type { PersonTally } from './person-tally.ts';
import type { QueueTable } from './queue-table.ts';
import { createRunReads, type RunTables } from './run-tables.ts';
import type { TaskTable } from './task-table.ts';

export interface ReadTables {
  readonly tasks: TaskTable;
  readonly lanes: LaneTable;
  readonly crew: Pick<CrewTable, 'changed'>;
  readonly leases: LeaseTable;
  readonly instances: InstanceTable;
  readonly queue: QueueTable;
  readonly apiKeys: ApiKeyTable;
  readonly personTally: PersonTally;
  readonly runTables: RunTables;
}

type Answers = { [K in ReadName]: (takes: Reads[K]['takes']) => Reads[K]['gives'] };

interface Finding {
  readonly runs: ReturnType<typeof createRunReads>;
  readonly taskAndLease: (
    id: number,
    leaseId: string | undefined,
  ) => { task: Task | null; lease: Lease | null };
}

export function createReads(tables: ReadTables) {
  const found: Finding = {
    runs: createRunReads(tables.runTables),
    taskAndLease: (id, leaseId) => ({
      task: tables.tasks.byId(id),
      lease: leaseId === undefined ? null : tables.leases.byId(leaseId),
    }),
  };
  const answers: Answers = {
    ...createTaskReads(tables, found),
    ...createClaimReads(tables, found),
    ...createTimedReads(tables, found),
  };

  return (load: Load): Reads[ReadName]['gives'] => {
    // Name and parameters were paired by `work`; the compiler cannot follow that through the union.
    const answer = answers[load.read] as (takes: Load) => Reads[ReadName]['gives'];
    return answer(load);
  };
}

type Some<K extends ReadName> = Pick<Answers, K>;

function createTaskReads(
  { tasks, lanes, leases, instances, queue, apiKeys, personTally, runTables }: ReadTables,
  { runs, taskAndLease }: Finding,
): Some<'newTask' | 'task' | 'taskAndNext' | 'leasesOf' | 'key' | 'queue'> {
  const tallyOf = (wish: TallyWish | undefined) => (wish === undefined ? null : personTally(wish));
  return {
    newTask: ({ origin, lane, tally }) => ({
      id: tasks.nextId(),
      existing: origin === null ? null : tasks.byOrigin(origin.frontEnd, origin.ref),
      tally: tallyOf(tally),
      hasRoom: lanes.hasRoom(lane),
    }),
    task({ id, leaseId, tally, fault, reopens }) {
      const found = taskAndLease(id, leaseId);
      const faulty = fault === undefined ? [] : runTables.runs.faulty(id, fault);
      const hasRoom = reopens !== true || found.task === null || lanes.hasRoom(laneOf(found.task));
      return { ...found, tally: tallyOf(tally), run: runs.stateOf(found.task), faulty, hasRoom };
    },
    taskAndNext({ id, leaseId, limits }) {
      const found = taskAndLease(id, leaseId);
      const instanceId = found.task?.instanceId ?? null;
      const worker = instanceId === null ? null : (instances.byId(instanceId)?.worker ?? null);
      const claimant = claimantOf({ ...worker, instanceId });
      const next = tasks.nextReady({ claimant, limits, isLook: true }).task;
      return { ...found, next, run: runs.stateOf(found.task) };
    },
    leasesOf({ instanceId, leaseIds, cancelledSince }) {
      const instance = instances.byId(instanceId);
      return {
        instance,
        hold: runTables.holds.of(instance?.worker?.account ?? null),
        held: tasks.heldBy(instanceId),
        named: leaseIds.flatMap((id) => leases.byId(id) ?? []),
        cancelledTaskIds: leases.cancelledTaskIds(instanceId, cancelledSince),
      };
    },
    key: ({ id, name }) => ({
      key: apiKeys.byId(id),
      sameName: name === undefined ? null : apiKeys.liveByName(name),
    }),
    queue: () => ({ queue: queue.state() }),
  };
}

function createClaimReads(
  { tasks, leases, instances, queue, runTables }: ReadTables,
  { runs, taskAndLease }: Finding,
): Some<'nextReady' | 'claimById' | 'taskOfLease' | 'runOfLease' | 'question'> {
  return {
    nextReady({ claimant, instanceId, beginsRun, account, limits, faultySince }) {
      const barred = faultySince === undefined ? [] : runTables.runs.givenBack(instanceId, faultySince);
      const { task, ...passed } = tasks.nextReady({ claimant, limits, except: barred });
      const needs = runs.needsOf(task, beginsRun);
      return {
        task,
        ...passed,
        isBarred: task === null && barred.length > 0,
        queue: queue.state(),
        instance: instances.byId(instanceId),
        needs,
        replies: needs?.replies ?? runs.unheardOf(task),
        hold: runTables.holds.seen(account ?? null),
      };
    },
    claimById({ id, instanceId, beginsRun }) {
      const task = tasks.byId(id);
      const needs = runs.needsOf(task, beginsRun);
      const replies = needs?.replies ?? runs.unheardOf(task);
      return { task, instance: instances.byId(instanceId), needs, replies };
    },
    taskOfLease({ leaseId }) {
      const lease = leases.byId(leaseId);
      const task = lease === null ? null : tasks.byId(lease.taskId);
      return { task, run: runs.stateOf(task) };
    },
    runOfLease: (wanted) => ({ ...taskAndLease(wanted.id, wanted.leaseId), ...runs.ofLease(wanted) }),
    question({ id }) {
      const question = runTables.questions.byId(id);
      const task = question === null ? null : tasks.byId(question.taskId);
      return { question, task, run: runs.stateOf(task) };
    },
  };
}

function createTimedReads(
  { tasks }: ReadTables,
  { runs }: Finding,
): Some<'expiredLeases' | 'dueTasks' | 'dueParked' | 'dueQuestions'> {
  return {
    expiredLeases({ before, limit }) {
      const expired = tasks.expired(before, limit);
      return { tasks: expired, runs: expired.map(runs.stateOf) };
    },
    dueTasks: ({ before, limit }) => ({ taskIds: tasks.due(before, limit) }),
    dueParked: ({ before, limit }) => ({ taskIds: tasks.dueParked(before, limit) }),
    dueQuestions: (wanted) => runs.dueQuestions(wanted),
  };
}
