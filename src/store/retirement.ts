/**
 * Finds finished tasks that have passed their time, and deletes them with everything that refers to them. Only its runs
 * stay, for they say what was spent.
 */
import { eq } from 'drizzle-orm';
import type { Retirable, TaskTrail } from '../core/retention.ts';
import { FINISHED_STATUSES, type TaskStatus } from '../core/vocabulary.ts';
import type { OpenDatabase } from './database.ts';
import type { EventTable } from './event-table.ts';
import type { LeaseTable } from './lease-table.ts';
import type { MessageTable } from './message-table.ts';
import { param } from './placeholders.ts';
import { prepareWrite } from './prepared.ts';
import { attachments, questions, replies, runMessages, taskWork, threadDeliveries } from './run-schema.ts';
import { frontEndLinks } from './front-end-schema.ts';
import { leases, taskLogs, tasks } from './schema.ts';
import type { TaskTable } from './task-table.ts';
import { columnsBy } from './using-index.ts';

export interface RetirementTables {
  readonly tasks: TaskTable;
  readonly events: EventTable;
  readonly leases: LeaseTable;
  readonly runTables: { readonly messages: Pick<MessageTable, 'drop'> };
}

/** Messages that one step deletes. */
const CLEARED = 100;

interface Ended {
  readonly id: number;
  readonly at: number;
}

export function createRetirement(database: OpenDatabase, tables: RetirementTables) {
  const statements = prepare(database);
  const { events } = tables;

  function trailOf({ id }: Ended): readonly TaskTrail[] {
    const task = tables.tasks.byId(id);
    if (task === null) return [];
    return [{ task, events: events.ofTask(id), leases: tables.leases.ofTask(id) }];
  }

  const isUnchanged = (trail: TaskTrail) =>
    events.newestOf(trail.task.id) === (trail.events.at(-1)?.position ?? null);

  function remove(taskId: number): void {
    for (const statement of statements.removals) statement.run({ taskId });
  }

  return {
    /** Ids come from the index alone; the rows are read only of those that may go. */
    retirable({ endedBefore, deliveredUpTo, limit }: Retirable): TaskTrail[] {
      const before = endedBefore.getTime();
      const ended = FINISHED_STATUSES.flatMap((status) => statements.ended.all({ status, before, limit }));
      const oldest = ended.sort((a, b) => a.at - b.at || a.id - b.id).slice(0, limit);
      const told = oldest.filter(({ id }) => deliveredUpTo === null || events.isToldOf(id, deliveredUpTo));
      return told.flatMap(trailOf);
    },

    /**
     * Inside a transaction of its own, as often as it says `more`: a task may have thousands of messages, and all of
     * them at once would hold everybody up. They go first, for nothing refers to them.
     */
    clear(trails: readonly TaskTrail[]): 'more' | 'cleared' | 'changed' {
      if (!trails.every(isUnchanged)) return 'changed';
      let left = CLEARED;
      for (const { task } of trails) if (left > 0) left -= tables.runTables.messages.drop(task.id, left);
      return left === 0 ? 'more' : 'cleared';
    },

    /**
     * Inside a transaction. Every change of a task appends an event, so a newest event that is still the
     * same means that the task is as it was read. All are checked before the first is deleted.
     */
    retire(trails: readonly TaskTrail[]): boolean {
      const unchanged = trails.every(isUnchanged);
      if (unchanged) for (const trail of trails) remove(trail.task.id);
      return unchanged;
    },
  };
}

/** Whatever refers to a task goes before it. */
function prepare({ client, tables }: OpenDatabase) {
  const taskId = param('taskId');
  return {
    ended: columnsBy<{ status: TaskStatus; before: number; limit: number }, Ended>(
      client,
      'id, completed_at AS at',
      `tasks INDEXED BY tasks_finished
       WHERE status = :status AND completed_at IS NOT NULL AND completed_at < :before ORDER BY completed_at LIMIT :limit`,
    ),
    removals: [
      prepareWrite(client, tables.delete(runMessages).where(eq(runMessages.taskId, taskId))),
      prepareWrite(client, tables.delete(replies).where(eq(replies.taskId, taskId))),
      prepareWrite(client, tables.delete(questions).where(eq(questions.taskId, taskId))),
      prepareWrite(client, tables.delete(attachments).where(eq(attachments.taskId, taskId))),
      prepareWrite(client, tables.delete(threadDeliveries).where(eq(threadDeliveries.taskId, taskId))),
      prepareWrite(client, tables.delete(taskWork).where(eq(taskWork.taskId, taskId))),
      prepareWrite(client, tables.delete(frontEndLinks).where(eq(frontEndLinks.taskId, taskId))),
      prepareWrite(client, tables.delete(leases).where(eq(leases.taskId, taskId))),
      prepareWrite(client, tables.delete(taskLogs).where(eq(taskLogs.taskId, taskId))),
      prepareWrite(client, tables.delete(tasks).where(eq(tasks.id, taskId))),
    ],
  };
}
