/**
 * What was acknowledged must be there. Works on any state of the database that is not older than `before`:
 * the trail only grows, so what is found in a copy stays found.
 */
import type { Op, OpKind } from '../journal.ts';
import { tokensOf } from './causes.ts';
import type { EventRow, LeaseRow, Tables } from './tables.ts';

/** Outcomes that the holder's own end leaves on its lease. */
const LEASE_ENDS: Readonly<Record<string, readonly string[]>> = {
  complete: ['completed'],
  fail: ['retried', 'failed'],
  release: ['released'],
};

interface Index {
  readonly tables: Tables;
  readonly byToken: ReadonlyMap<string, EventRow[]>;
  readonly created: ReadonlyMap<number, EventRow>;
  readonly leases: ReadonlyMap<string, LeaseRow>;
}

export function checkAcknowledged(ops: readonly Op[], tables: Tables, before = Infinity): string[] {
  const index: Index = {
    tables,
    byToken: tokensOf(tables.events),
    created: new Map(
      tables.events.filter(({ action }) => action === 'created').map((event) => [event.task_id, event]),
    ),
    leases: new Map(tables.leases.map((lease) => [lease.lease_id, lease])),
  };
  const told = ops.filter((op) => op.outcome === 'acknowledged' && (op.answeredAt ?? Infinity) <= before);
  return told.flatMap((op) => {
    const wrong = CHECKS[op.kind](op, index);
    return wrong === null ? [] : [`lost: ${op.token} (${op.via} ${op.kind}, ${op.said}): ${wrong}`];
  });
}

type Check = (op: Op, index: Index) => string | null;

const leavesEvent: Check = (op, index) => (hasEvent(op, index) ? null : 'no event');
/** These leave no token; they are counted (`causes`), or leave no trail at all. */
const untraced: Check = () => null;

const CHECKS: Readonly<Record<OpKind, Check>> = {
  add: checkAdd,
  claim: checkClaim,
  complete: checkEnd,
  fail: checkEnd,
  release: checkEnd,
  edit: leavesEvent,
  notes: leavesEvent,
  cancel: (op, index) => (op.via === 'discord' ? null : leavesEvent(op, index)),
  heartbeat: untraced,
  requeue: untraced,
  priority: untraced,
  pause: untraced,
  resume: untraced,
};

function checkAdd(op: Op, { created, tables }: Index): string | null {
  const event = created.get(op.answeredTask ?? -1);
  if (event === undefined) return `there is no task #${String(op.answeredTask)}`;
  if (!tables.tasks.some(({ id }) => id === event.task_id))
    return `task #${event.task_id} has a trail and no row`;
  return event.details.description === op.text
    ? null
    : `task #${event.task_id} says "${event.details.description ?? ''}"`;
}

function checkClaim(op: Op, { leases }: Index): string | null {
  if (op.answeredLease === null) return null;
  const lease = leases.get(op.answeredLease);
  if (lease === undefined) return `there is no lease ${op.answeredLease}`;
  if (lease.task_id !== op.answeredTask) return `lease ${lease.lease_id} is for task #${lease.task_id}`;
  if (`instance:${lease.instance_id}` !== op.actor)
    return `lease ${lease.lease_id} is held by ${lease.instance_id}`;
  if (lease.outcome === 'undelivered') return `lease ${lease.lease_id} was given back as undelivered`;
  return null;
}

/** With its lease, an end that its holder has told already (in other words, perhaps) is acknowledged and logs nothing. */
function checkEnd(op: Op, index: Index): string | null {
  const lease = index.leases.get(op.leaseId ?? '');
  if (!hasEvent(op, index) && lease?.ended_by !== op.actor) return `no event on task #${String(op.taskId)}`;
  if (op.leaseId === undefined) return null;
  const outcome = lease?.outcome ?? 'live';
  return LEASE_ENDS[op.kind]?.includes(outcome) === true ? null : `its lease ${op.leaseId} is ${outcome}`;
}

function hasEvent(op: Op, { byToken }: Index): boolean {
  return (
    byToken.get(op.token)?.some((event) => op.taskId === undefined || event.task_id === op.taskId) === true
  );
}
