/** The readers' side of `tasks`: pages by key, never by offset. */
import { desc, lt } from 'drizzle-orm';
import { RANK_ORDER, rankOf } from '../core/lanes.ts';
import type { TaskPage, TaskQuery } from '../core/ports.ts';
import type { Task } from '../core/task.ts';
import { FINISHED_STATUSES, TASK_STATUSES, type Actor, type TaskStatus } from '../core/vocabulary.ts';
import { keysOf, toCursor } from './cursor.ts';
import type { OpenDatabase } from './database.ts';
import { prepareTaskLists } from './list-statements.ts';
import { param } from './placeholders.ts';
import { prepareRead } from './prepared.ts';
import { toTask, type TaskRow } from './rows.ts';
import { tasks } from './schema.ts';

/** Open tasks looked through for a word: a person picks from the near ones, not from a backlog. */
const SEARCHED = 500;
const FROM_NEWEST = Number.MAX_SAFE_INTEGER;

type Statements = ReturnType<typeof prepareTaskLists> & {
  everyNewest: ReturnType<typeof prepareEveryNewest>;
};
interface Range {
  readonly below: number;
  readonly limit: number;
}

export function createTaskLists(database: OpenDatabase) {
  const statements = { ...prepareTaskLists(database), everyNewest: prepareEveryNewest(database) };

  return {
    page({ statuses, limit, cursor }: TaskQuery): TaskPage {
      if (statuses.every((status) => status === 'pending')) {
        const [rank = -1, id = 0] = cursor === undefined ? [] : keysOf(cursor, 'p', 2);
        const rows = inClaimOrder(statements, { rank, id, limit: limit + 1 });
        return toPage(rows, limit, (row) => toCursor('p', row.rank, row.id));
      }
      const [below = FROM_NEWEST] = cursor === undefined ? [] : keysOf(cursor, 'n', 1);
      return toPage(newest(statements, statuses, { below, limit: limit + 1 }), limit, (row) =>
        toCursor('n', row.id),
      );
    },

    searchOpen(text: string, limit: number, createdBy?: Actor): Task[] {
      const wanted = text.trim().toLowerCase().replace(/^#/, '');
      const near = [
        ...(createdBy === undefined
          ? nearEnds(statements)
          : statements.openOfPerson.all({ createdBy, limit: SEARCHED })),
        ...openById(statements, wanted).filter((row) => (createdBy ?? row.createdBy) === row.createdBy),
      ];
      const words = wanted.split(/\s+/);
      const fits = (row: TaskRow) => {
        const description = row.description.toLowerCase();
        return String(row.id).startsWith(wanted) || words.every((word) => description.includes(word));
      };
      const distinct = new Map(near.filter(fits).map((row) => [row.id, row]));
      return newestFirst([...distinct.values()])
        .slice(0, limit)
        .map(toTask);
    },

    recentlyFinished(limit: number): Task[] {
      const rows = FINISHED_STATUSES.flatMap((status) => statements.lastFinished.all({ status, limit }));
      const latestFirst = rows.sort((a, b) => (b.completedAt ?? 0) - (a.completedAt ?? 0) || b.id - a.id);
      return latestFirst.slice(0, limit).map(toTask);
    },

    oldestPendingAt(): number | null {
      const heads = RANK_ORDER.flatMap((rank) => statements.oldestOfRank.get({ rank })?.createdAt ?? []);
      return heads.length === 0 ? null : Math.min(...heads);
    },

    ahead: (task: Task, limit: number) =>
      statements.ahead.get({ rank: rankOf(task.priority), id: task.id, limit })?.n ?? 0,
  };
}

/** By the primary key, which needs no naming. */
function prepareEveryNewest({ client, tables }: OpenDatabase) {
  return prepareRead(
    client,
    tables
      .select()
      .from(tasks)
      .where(lt(tasks.id, param('below')))
      .orderBy(desc(tasks.id))
      .limit(param('limit')),
  );
}

/** What comes after a place; rank -1 is before all. */
function inClaimOrder(
  { pendingOfRank }: Statements,
  after: { rank: number; id: number; limit: number },
): TaskRow[] {
  const rows: TaskRow[] = [];
  for (const rank of RANK_ORDER.filter((one) => one >= after.rank)) {
    const id = rank === after.rank ? after.id : 0;
    rows.push(...pendingOfRank.all({ rank, id, limit: after.limit - rows.length }));
    if (rows.length === after.limit) break;
  }
  return rows;
}

/** The newest, and those that are next. */
function nearEnds(statements: Statements): TaskRow[] {
  return [
    ...newest(statements, ['in_progress', 'pending'], { below: FROM_NEWEST, limit: SEARCHED }),
    ...inClaimOrder(statements, { rank: -1, id: 0, limit: SEARCHED }),
  ];
}

/** A whole number finds its task however long the backlog is. */
function openById(statements: Statements, wanted: string): TaskRow[] {
  if (!/^\d{1,15}$/.test(wanted)) return [];
  const rows = statements.everyNewest.all({ below: Number(wanted) + 1, limit: 1 });
  return rows.filter(({ id, completedAt }) => String(id) === wanted && completedAt === null);
}

function newest(statements: Statements, statuses: readonly TaskStatus[], range: Range): TaskRow[] {
  const distinct = new Set(statuses);
  if (distinct.size === TASK_STATUSES.length) return statements.everyNewest.all({ ...range });
  const rows = [...distinct].flatMap((status) => newestOf(statements, status, range));
  return newestFirst(rows).slice(0, range.limit);
}

function newestOf(statements: Statements, status: TaskStatus, range: Range): TaskRow[] {
  if (status === 'pending')
    return RANK_ORDER.flatMap((rank) => statements.pendingNewest.all({ ...range, rank }));
  if (status === 'in_progress') return statements.runningNewest.all({ ...range });
  return statements.finishedNewest.all({ ...range, status });
}

function newestFirst(rows: TaskRow[]): TaskRow[] {
  return rows.sort((a, b) => b.id - a.id);
}

/** One row more than asked for tells whether there is a next page. */
function toPage(rows: TaskRow[], limit: number, cursorOf: (last: TaskRow) => string): TaskPage {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return {
    tasks: shown.map(toTask),
    nextCursor: more ? cursorOf(last) : null,
  };
}
