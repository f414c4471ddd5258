/** The prepared statements behind `task-table`. A query on a partial index repeats its condition. */
import { and, eq, getTableColumns, sql } from 'drizzle-orm';
import type { OpenDatabase } from './database.ts';
import { assigned, param, params } from './placeholders.ts';
import { prepareRead, prepareWrite } from './prepared.ts';
import type { TaskRow } from './rows.ts';
import { tasks } from './schema.ts';
import { columnsBy, tasksBy } from './using-index.ts';

const INSERTED = Object.keys(getTableColumns(tasks)) as (keyof TaskRow)[];

/** What almost every move changes: a column less to write is an index less to look at. */
const MOVED = [
  'status',
  'ready',
  'instanceId',
  'instanceName',
  'leaseId',
  'leaseMs',
  'leaseExpiresAt',
  'attempt',
  'claimedAt',
  'completedAt',
  'updatedAt',
  'notes',
  'error',
] as const;

/**
 * What else a change may touch; the other columns are fixed when the task is made. But `person`: tasks that had ended
 * before there was such a column get it when they come back.
 */
const CHANGED = [
  ...MOVED,
  'person',
  'description',
  'priority',
  'rank',
  'notBefore',
  'parked',
  'parkedUntil',
  'parkedDetail',
  'result',
] as const;

export function prepareTaskReads({ client, tables }: OpenDatabase) {
  const origin = and(
    eq(tasks.originFrontEnd, param('frontEnd')),
    eq(tasks.originRef, param('ref')),
    sql`origin_ref IS NOT NULL`,
  );
  return {
    ...prepareTimes(client),
    ...prepareLanes(client),
    byId: prepareRead(
      client,
      tables
        .select()
        .from(tasks)
        .where(eq(tasks.id, param('id'))),
    ),
    byOrigin: prepareRead(client, tables.select().from(tasks).where(origin)),
    heldBy: tasksBy<{ instanceId: string }>(
      client,
      'tasks_held',
      "WHERE status = 'in_progress' AND instance_id = CAST(:instanceId AS TEXT) ORDER BY id",
    ),
    expired: tasksBy<Until>(
      client,
      'tasks_leased',
      "WHERE status = 'in_progress' AND lease_expires_at <= :before ORDER BY lease_expires_at LIMIT :limit",
    ),
    due: tasksBy<Until>(
      client,
      'tasks_due',
      "WHERE status = 'pending' AND ready = 0 AND not_before <= :before ORDER BY not_before LIMIT :limit",
    ),
    dueParked: tasksBy<Until>(
      client,
      'tasks_parked',
      'WHERE parked_until IS NOT NULL AND parked_until <= :before ORDER BY parked_until LIMIT :limit',
    ),
  };
}

/** What claim-next takes from. */
function prepareLanes(client: OpenDatabase['client']) {
  return {
    // CAST hides the value from the planner: with statistics in the file (ANALYZE), SQLite would plan this
    // statement anew for every value, which costs many times the claim itself.
    headOfLane: tasksBy<{ lane: string }>(
      client,
      'tasks_ready',
      "WHERE status = 'pending' AND ready = 1 AND lane = CAST(:lane AS TEXT) ORDER BY rank, id LIMIT 1",
    ),
    /** The same for many lanes: of all but one of them nothing else is read. */
    placeInLane: columnsBy<{ lane: string }, { id: number; rank: number; person: null }>(
      client,
      // Whose it is, is asked for only where there are limits.
      'id, rank, NULL AS person',
      "tasks INDEXED BY tasks_ready WHERE status = 'pending' AND ready = 1 AND lane = CAST(:lane AS TEXT) ORDER BY rank, id LIMIT 1",
    ),
    placePast: preparePlacePast(client),
    /** From lane to lane: the first of each that waits for its person to have room. */
    limitedAfter: columnsBy<{ person: string; after: string }, { id: number; lane: string }>(
      client,
      'id, lane',
      `tasks INDEXED BY tasks_limited WHERE parked = 'limit' AND parked_until IS NULL
       AND person = :person AND lane > :after ORDER BY lane, rank, id LIMIT 1`,
    ),
  };
}

interface Until {
  /** Milliseconds, inclusive. */
  readonly before: number;
  readonly limit: number;
}

/** The next moment at which time alone changes something. */
function prepareTimes(client: OpenDatabase['client']) {
  const first = (column: string, rest: string) =>
    columnsBy<object, { at: number }>(
      client,
      `${column} AS at`,
      `tasks INDEXED BY ${rest} ORDER BY ${column} LIMIT 1`,
    );
  return {
    nextLeaseExpiry: first('lease_expires_at', "tasks_leased WHERE status = 'in_progress'"),
    nextDue: first(
      'not_before',
      "tasks_due WHERE status = 'pending' AND ready = 0 AND not_before IS NOT NULL",
    ),
    nextParked: first('parked_until', 'tasks_parked WHERE parked_until IS NOT NULL'),
  };
}

/** One statement each for those that wait for room, and for those that wait for a day to end. */
function prepareOffers(client: OpenDatabase['client']) {
  return ['tasks_limited WHERE parked_until IS NULL', 'tasks_parked WHERE parked_until IS NOT NULL'].map(
    (which) =>
      client.prepare(
        `UPDATE tasks SET ready = iif(not_before IS NULL, 1, 0), parked = NULL, parked_until = NULL, parked_detail = NULL
       WHERE id IN (SELECT id FROM tasks INDEXED BY ${which} AND parked = 'limit')`,
      ),
  );
}

/** Changes that are no move: nothing is told of them by themselves. */
function prepareRunWrites({ client, tables }: OpenDatabase) {
  return {
    unpark: prepareWrite(
      client,
      tables
        .update(tasks)
        .set({
          ready: sql`iif(not_before IS NULL, 1, 0)`,
          parked: null,
          parkedUntil: null,
          parkedDetail: null,
        })
        .where(sql`id = ${param('id')} AND status = 'pending'`),
    ),
    park: prepareWrite(
      client,
      tables
        .update(tasks)
        .set({ ready: sql`0`, ...assigned(['parked', 'parkedUntil', 'parkedDetail']) })
        .where(sql`id = ${param('id')} AND status = 'pending'`),
    ),
    setResult: prepareWrite(
      client,
      tables
        .update(tasks)
        .set(assigned(['result']))
        .where(sql`id = ${param('id')}`),
    ),
  };
}

export function prepareTaskWrites(database: OpenDatabase) {
  const { client, tables } = database;
  const earliest = sql`${param('now')} + min(lease_ms, ${param('grace')})`;
  // One that began after the clock was set, and before that was noticed, is not moved past its own length.
  const isAsBefore = sql`id = ${param('id')} AND status = ${param('beforeStatus')} AND lease_id IS ${param('beforeLease')}`;
  const shifted = sql`min(max(lease_expires_at + ${param('byMs')}, ${earliest}), ${param('now')} + lease_ms)`;
  return {
    ...prepareRunWrites(database),
    offerLimited: prepareOffers(client),
    insert: prepareWrite(client, tables.insert(tasks).values(params(INSERTED))),
    move: prepareWrite(client, tables.update(tasks).set(assigned(MOVED)).where(isAsBefore)),
    change: prepareWrite(client, tables.update(tasks).set(assigned(CHANGED)).where(isAsBefore)),
    renew: prepareWrite(
      client,
      tables
        .update(tasks)
        .set(assigned(['leaseExpiresAt']))
        .where(sql`id = ${param('id')} AND lease_id = ${param('leaseId')}`),
    ),
    markReady: prepareWrite(
      client,
      tables
        .update(tasks)
        .set({ ready: sql`iif(parked IS NULL, 1, 0)`, notBefore: null })
        .where(sql`id = ${param('id')} AND status = 'pending'`),
    ),
    shiftLeases: prepareWrite(
      client,
      tables
        .update(tasks)
        .set({ leaseExpiresAt: shifted })
        .where(sql`status = 'in_progress'`),
    ),
  };
}

interface Past {
  readonly lane: string;
  /** Ids to leave out, which are few: each of them is at most one step more. As JSON. */
  readonly except: string;
  readonly rank: number;
  readonly id: number;
}

/**
 * The next place in a lane after one. Asked at once, `(rank, id) > (:rank, :id)`, the index would be entered at the
 * rank alone, and each step would be as long as all before it.
 */
function preparePlacePast(client: OpenDatabase['client']) {
  const after = (where: string) =>
    columnsBy<Past, { id: number; rank: number; person: string | null }>(
      client,
      'id, rank, person',
      `tasks INDEXED BY tasks_ready WHERE status = 'pending' AND ready = 1 AND lane = CAST(:lane AS TEXT) AND ${where}
       AND id NOT IN (SELECT value FROM json_each(:except)) ORDER BY rank, id LIMIT 1`,
    );
  const inRank = after('rank = :rank AND id > :id');
  const inNextRank = after('rank > :rank');
  return { get: (past: Past) => inRank.get(past) ?? inNextRank.get(past) };
}
