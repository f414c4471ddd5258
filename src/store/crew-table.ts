/**
 * Who is there to take tasks, and how much each has in hand. Each answer that shows a waiting task asks, so all of them
 * are kept in memory, and of those that something has changed about only they are read again. What was read in a
 * transaction that is taken back is forgotten with it.
 */
import { toCrewMember, type CrewMember } from '../core/crew.ts';
import { OFFLINE_AFTER_MS, type Instance } from '../core/instance.ts';
import type { OpenDatabase } from './database.ts';
import type { HoldTable } from './hold-table.ts';
import type { InstanceTable } from './instance-table.ts';
import { columnsBy } from './using-index.ts';
import { toWorker } from './worker-text.ts';

/** Of more machines nobody could say at a glance what they do. */
const LOOKED_AT = 500;

interface Row {
  readonly id: string;
  readonly name: string;
  readonly lastSeen: number;
  readonly worker: string | null;
}

interface Standing {
  readonly instance: Instance;
  /** Tasks in hand. */
  readonly running: number;
}

interface CrewTables {
  readonly instances: Pick<InstanceTable, 'byId'>;
  readonly holds: Pick<HoldTable, 'of'>;
}

export type CrewTable = ReturnType<typeof createCrewTable>;

export function createCrewTable(database: OpenDatabase, tables: CrewTables) {
  const { client } = database;
  const { holds } = tables;
  const { readAll, readOne } = prepareCrew(database, tables);
  /** Null: to be read. */
  let kept: Map<string, Standing> | null = null;
  const changed = new Set<string>();
  let isInDoubt = false;

  function forget(): void {
    kept = null;
    changed.clear();
  }

  function standings(now: Date): Map<string, Standing> {
    if (isInDoubt && !client.inTransaction) forget();
    if (kept === null || kept.size > 2 * LOOKED_AT) {
      forget();
      kept = readAll(now);
    }
    for (const id of changed) {
      const standing = readOne(id);
      if (standing === null) kept.delete(id);
      else kept.set(id, standing);
    }
    changed.clear();
    return kept;
  }

  const member = ({ instance, running }: Standing, now: Date) =>
    toCrewMember(instance, { running, hold: holds.of(instance.worker?.account ?? null) }, now);

  return {
    /** An instance was heard from, or took or gave back a task. */
    changed(id: string): void {
      if (kept !== null) changed.add(id);
    },

    /** A transaction begins: one that did not come to its end was taken back. */
    begin(): void {
      if (isInDoubt) forget();
      isInDoubt = true;
    },

    committed: () => void (isInDoubt = false),

    /** Heard lately, or silent with something in hand; made as they are looked at. */
    *online(now: Date): Generator<CrewMember, undefined> {
      for (const standing of standings(now).values()) {
        const one = member(standing, now);
        if (one.isOnline) yield one;
      }
    },

    byId(id: string, now: Date): CrewMember | null {
      const standing = readOne(id);
      return standing && member(standing, now);
    },
  };
}

function prepareCrew({ client }: OpenDatabase, { instances }: CrewTables) {
  const heard = columnsBy<{ since: number; limit: number }, Row>(
    client,
    'id, name, last_seen AS lastSeen, worker',
    'instances INDEXED BY instances_seen WHERE last_seen >= :since ORDER BY last_seen DESC LIMIT :limit',
  );
  const held = columnsBy<object, { id: string; n: number }>(
    client,
    'instance_id AS id, count(*) AS n',
    "tasks INDEXED BY tasks_held WHERE status = 'in_progress' GROUP BY instance_id",
  );
  const heldBy = columnsBy<{ id: string }, { n: number }>(
    client,
    'count(*) AS n',
    "tasks INDEXED BY tasks_held WHERE status = 'in_progress' AND instance_id = :id",
  );

  function readOne(id: string): Standing | null {
    const instance = instances.byId(id);
    return instance && { instance, running: heldBy.get({ id })?.n ?? 0 };
  }

  function readAll(now: Date): Map<string, Standing> {
    const inHand = new Map(held.all({}).map(({ id, n }) => [id, n]));
    const since = now.getTime() - OFFLINE_AFTER_MS;
    const rows = heard.all({ since, limit: LOOKED_AT }).map(toInstance);
    const all = new Map(
      rows.map((instance) => [instance.id, { instance, running: inHand.get(instance.id) ?? 0 }]),
    );
    const silent = [...inHand.keys()].filter((id) => !all.has(id)).slice(0, LOOKED_AT);
    for (const id of silent) {
      const standing = readOne(id);
      if (standing !== null) all.set(id, standing);
    }
    return all;
  }

  return { readAll, readOne };
}

function toInstance({ worker, lastSeen, ...row }: Row): Instance {
  return { ...row, lastSeen: new Date(lastSeen), worker: toWorker(worker) };
}
