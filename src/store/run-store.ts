/** What front ends and the API read about runs, and what front ends remember of threads. */
import type { Store } from '../core/ports.ts';
import type { RunStore } from '../core/run-ports.ts';
import { isFinished } from '../core/task.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { LeaseTable } from './lease-table.ts';
import { reading } from './reading.ts';
import type { RunTables } from './run-tables.ts';
import { asStoreError } from './sqlite-errors.ts';
import type { TaskTable } from './task-table.ts';
import { createThreadMemories } from './thread-memory.ts';

interface Tables {
  readonly tasks: TaskTable;
  readonly leases: LeaseTable;
  readonly runTables: RunTables;
}

/** Messages that one step deletes: a hundred take about a millisecond. */
const DROPPED = 100;
/** Tasks that one step looks at. */
const LOOKED_AT = 100;

export function createRunStore(
  { tasks, leases, runTables }: Tables,
  queue: CommitQueue,
  onCommit: Store['onCommit'],
): RunStore {
  const { runs, messages, questions, attachments, usage } = runTables;

  function dropMessages({ endedBefore, after }: { endedBefore: Date; after: number }): number | null {
    let last = after;
    for (let looks = 0; looks < LOOKED_AT; looks += 1) {
      const taskId = messages.nextTask(last);
      if (taskId === null) return null;
      const task = tasks.byId(taskId);
      const isOver = task !== null && isFinished(task) && (task.completedAt ?? endedBefore) < endedBefore;
      // There may be more of this one.
      if (isOver && messages.drop(taskId, DROPPED) > 0) return taskId - 1;
      last = taskId;
    }
    return last;
  }

  return {
    messages: (taskId, after, limit) =>
      reading(() => messages.page({ taskId, after, limit }, runs.work(taskId)?.lastSeq ?? 0)),
    taskWork: (taskId) => reading(() => runs.work(taskId)),
    runOfLease: (leaseId) => reading(() => ({ lease: leases.byId(leaseId), run: runs.byLease(leaseId) })),
    replies: (taskId, after) => reading(() => questions.repliesAfter(taskId, after)),
    attachments: (taskId) => reading(() => attachments.ofTask(taskId)),
    taskOfFile: (file) => reading(() => attachments.taskOf(file)),
    question: (id) => reading(() => questions.byId(id)),
    questions: (query) => reading(() => questions.list(query)),
    async usage(query) {
      try {
        return await usage.since(query, othersFirst);
      } catch (error) {
        throw asStoreError(error);
      }
    },
    threads: createThreadMemories(runTables.threads, queue, onCommit),
    dropMessages: (step) => queue.enqueue(() => dropMessages(step)),
  };
}

const othersFirst = () => new Promise<void>((resolve) => setImmediate(resolve));
