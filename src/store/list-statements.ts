/** The prepared statements behind `task-lists`: each page is a range of one index, in its own order. */
import type { OpenDatabase } from './database.ts';
import type { TaskStatus } from '../core/vocabulary.ts';
import { columnsBy, tasksBy } from './using-index.ts';

interface Key {
  readonly rank: number;
  readonly id: number;
  readonly limit: number;
}

/** Newest first, below an id. */
interface Below {
  readonly below: number;
  readonly limit: number;
}

export function prepareTaskLists({ client }: OpenDatabase) {
  return {
    /** One rank at a time: of `(rank, id) > (...)` the index is used for the rank alone. */
    pendingOfRank: tasksBy<Key>(
      client,
      'tasks_pending',
      "WHERE status = 'pending' AND rank = :rank AND id > :id ORDER BY id LIMIT :limit",
    ),
    pendingNewest: tasksBy<Below & { rank: number }>(
      client,
      'tasks_pending',
      "WHERE status = 'pending' AND rank = :rank AND id < :below ORDER BY id DESC LIMIT :limit",
    ),
    /** Few at a time: sorting what is in progress costs less than an index kept for it. */
    runningNewest: tasksBy<Below>(
      client,
      'tasks_held',
      "WHERE status = 'in_progress' AND id < :below ORDER BY id DESC LIMIT :limit",
    ),
    openOfPerson: tasksBy<{ createdBy: string; limit: number }>(
      client,
      'tasks_open_of_person',
      'WHERE created_by = :createdBy AND origin_ref IS NOT NULL AND completed_at IS NULL ORDER BY id DESC LIMIT :limit',
    ),
    finishedNewest: tasksBy<Below & { status: TaskStatus }>(
      client,
      'tasks_finished_by_id',
      'WHERE status = :status AND completed_at IS NOT NULL AND id < :below ORDER BY id DESC LIMIT :limit',
    ),
    lastFinished: tasksBy<{ status: TaskStatus; limit: number }>(
      client,
      'tasks_finished',
      'WHERE status = :status AND completed_at IS NOT NULL ORDER BY completed_at DESC LIMIT :limit',
    ),
    /** By rank and id, the oldest pending task is the head of one of the ranks. */
    oldestOfRank: columnsBy<{ rank: number }, { createdAt: number }>(
      client,
      'created_at AS createdAt',
      "tasks INDEXED BY tasks_pending WHERE status = 'pending' AND rank = :rank ORDER BY id LIMIT 1",
    ),
    ahead: columnsBy<Key, { n: number }>(
      client,
      'count(*) AS n',
      "(SELECT 1 FROM tasks INDEXED BY tasks_pending WHERE status = 'pending' AND (rank, id) < (:rank, :id) LIMIT :limit)",
    ),
  };
}
