/** Who was heard from, and when. */
import { eq, sql } from 'drizzle-orm';
import { heldNow } from '../core/account-hold.ts';
import {
  instanceStatus,
  OFFLINE_AFTER_MS,
  type HeldTask,
  type Instance,
  type InstanceWithWork,
} from '../core/instance.ts';
import type { QueueCounts } from '../core/ports.ts';
import type { Worker } from '../core/worker.ts';
import type { OpenDatabase } from './database.ts';
import type { HoldTable } from './hold-table.ts';
import { param } from './placeholders.ts';
import { prepareRead, prepareWrite } from './prepared.ts';
import { instances } from './schema.ts';
import { columnsBy } from './using-index.ts';
import { toWorker, toWorkerText } from './worker-text.ts';

/** More than anybody reads; the most recently heard ones come first. */
const LISTED = 500;

/** More tasks than any machine works on at once. */
const SHOWN = 100;

/** How exact "last seen" is. */
const HEARD_AGAIN_MS = 1000;

const holds = sql`EXISTS (SELECT 1 FROM tasks INDEXED BY tasks_held WHERE status = 'in_progress' AND tasks.instance_id = instances.id)`;

export type InstanceTable = ReturnType<typeof createInstanceTable>;

export function createInstanceTable(database: OpenDatabase, holds: Pick<HoldTable, 'of'>) {
  const statements = prepare(database);
  const heldBy = (id: string): HeldTask[] =>
    statements.held
      .all({ id, limit: SHOWN })
      .map(({ taskId, since }) => ({ taskId, since: new Date(since) }));

  return {
    byId(id: string): Instance | null {
      const row = statements.byId.get({ id });
      if (row === undefined) return null;
      return { ...row, lastSeen: new Date(row.lastSeen), worker: toWorker(row.worker) };
    },

    /** Whether that was news. */
    seen(seen: { instanceId: string; name?: string | undefined; at: Date }): boolean {
      const { instanceId: id, name = null, at } = seen;
      return statements.upsert.run({ id, name, at: at.getTime() }).changes > 0;
    },

    /** Whether it is known already or not. */
    announced(said: { instanceId: string; worker: Worker | null; at: Date }): void {
      const { instanceId: id, worker, at } = said;
      statements.announce.run({ id, worker: toWorkerText(worker), at: at.getTime() });
    },

    list(now: Date): InstanceWithWork[] {
      return statements.listed.all({}).map((row) => {
        const lastSeen = new Date(row.lastSeen);
        const worker = toWorker(row.worker);
        const status = instanceStatus({ lastSeen, holdsLease: row.taskId !== null }, now);
        return {
          ...{ id: row.id, name: row.name, lastSeen, status },
          worker,
          currentTaskId: row.taskId,
          running: row.taskId === null ? [] : heldBy(row.id),
          heldUntil: heldNow(holds.of(worker?.account ?? null), now),
        };
      });
    },

    counts(now: Date): QueueCounts['instances'] {
      const row = statements.counted.get({ since: now.getTime() - OFFLINE_AFTER_MS }) ?? {
        working: 0,
        idle: 0,
        total: 0,
      };
      return { idle: row.idle, working: row.working, offline: row.total - row.idle - row.working };
    },

    /** Resolves to how many were forgotten. */
    forgetSilent: (before: Date, limit: number) =>
      statements.forget.run({ before: before.getTime(), limit }).changes,
  };
}

function prepare({ client, tables }: OpenDatabase) {
  return {
    byId: prepareRead(
      client,
      tables
        .select()
        .from(instances)
        .where(eq(instances.id, param('id'))),
    ),
    upsert: prepareWrite(
      client,
      tables
        .insert(instances)
        .values({
          id: param('id'),
          name: sql`coalesce(${param('name')}, ${param('id')})`,
          lastSeen: param('at'),
        })
        .onConflictDoUpdate({
          target: instances.id,
          set: { name: sql`coalesce(${param('name')}, name)`, lastSeen: sql`${param('at')}` },
          // Heard a moment ago under the same name: writing that again would cost every call two pages.
          setWhere: sql`abs(last_seen - ${param('at')}) >= ${HEARD_AGAIN_MS} OR coalesce(${param('name')}, name) <> name`,
        }),
    ),
    forget: prepareWrite(
      client,
      tables
        .delete(instances)
        .where(
          sql`id IN (SELECT id FROM instances WHERE last_seen < ${param('before')} AND NOT ${holds} LIMIT ${param('limit')})`,
        ),
    ),
    announce: prepareWrite(
      client,
      tables
        .insert(instances)
        .values({ id: param('id'), name: param('id'), lastSeen: param('at'), worker: param('worker') })
        .onConflictDoUpdate({
          target: instances.id,
          set: { lastSeen: sql`${param('at')}`, worker: sql`${param('worker')}` },
        }),
    ),
    ...prepareLists({ client, tables }),
  };
}

function prepareLists({ client, tables }: OpenDatabase) {
  return {
    listed: prepareRead(
      client,
      tables
        .select({
          id: instances.id,
          name: instances.name,
          lastSeen: instances.lastSeen,
          worker: instances.worker,
          taskId: sql<
            number | null
          >`(SELECT min(id) FROM tasks INDEXED BY tasks_held WHERE status = 'in_progress' AND tasks.instance_id = instances.id)`,
        })
        .from(instances)
        .orderBy(sql`last_seen DESC, instances.id`)
        .limit(LISTED),
    ),
    held: columnsBy<{ id: string; limit: number }, { taskId: number; since: number }>(
      client,
      'id AS taskId, claimed_at AS since',
      "tasks INDEXED BY tasks_held WHERE status = 'in_progress' AND instance_id = :id ORDER BY id LIMIT :limit",
    ),
    counted: prepareRead(
      client,
      tables
        .select({
          working: sql<number>`coalesce(sum(${holds}), 0)`,
          idle: sql<number>`coalesce(sum(NOT ${holds} AND last_seen >= ${param('since')}), 0)`,
          total: sql<number>`count(*)`,
        })
        .from(instances),
    ),
  };
}
