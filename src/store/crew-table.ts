/**
 * Who is there to take tasks, and how much each has in hand. Each answer that shows a waiting task asks, so what was
 * read is kept until something about it changes. What was read inside a transaction is of use to that one alone:
 * it may be taken back.
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

interface Kept {
  readonly all: readonly Instance[];
  readonly inHand: ReadonlyMap<string, number>;
  readonly isOfTransaction: boolean;
}

interface CrewTables {
  readonly instances: Pick<InstanceTable, 'byId'>;
  readonly holds: Pick<HoldTable, 'of'>;
}

export type CrewTable = ReturnType<typeof createCrewTable>;

export function createCrewTable({ client }: OpenDatabase, { instances, holds }: CrewTables) {
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

  const member = (instance: Instance, running: number, now: Date) =>
    toCrewMember(instance, { running, hold: holds.of(instance.worker?.account ?? null) }, now);

  function read(now: Date): Kept {
    const inHand = new Map(held.all({}).map(({ id, n }) => [id, n]));
    const since = now.getTime() - OFFLINE_AFTER_MS;
    const rows = heard.all({ since, limit: LOOKED_AT }).map(toInstance);
    const known = new Set(rows.map(({ id }) => id));
    const silent = [...inHand.keys()].filter((id) => !known.has(id)).slice(0, LOOKED_AT);
    const all = [...rows, ...silent.flatMap((id) => instances.byId(id) ?? [])];
    return { all, inHand, isOfTransaction: client.inTransaction };
  }

  let kept: Kept | null = null;

  return {
    /** An instance was heard from, or took or gave back a task. */
    changed(): void {
      kept = null;
    },

    /** A transaction begins. */
    begin(): void {
      if (kept?.isOfTransaction === true) kept = null;
    },

    /** Heard lately, or silent with something in hand. */
    online(now: Date): CrewMember[] {
      if (kept === null || (kept.isOfTransaction && !client.inTransaction)) kept = read(now);
      const { all, inHand } = kept;
      return all
        .map((instance) => member(instance, inHand.get(instance.id) ?? 0, now))
        .filter(({ isOnline }) => isOnline);
    },

    byId(id: string, now: Date): CrewMember | null {
      const instance = instances.byId(id);
      return instance && member(instance, heldBy.get({ id })?.n ?? 0, now);
    },
  };
}

function toInstance({ worker, lastSeen, ...row }: Row): Instance {
  return { ...row, lastSeen: new Date(lastSeen), worker: toWorker(worker) };
}
