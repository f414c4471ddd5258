/**
 * Nothing happened that nobody asked for, nothing happened twice, and what was refused did not happen. Events
 * are traced to operations by the token in their text; those without a text of their own are counted.
 */
import type { Op } from '../journal.ts';
import { tokenIn } from '../journal.ts';
import { groupBy } from './history.ts';
import type { EventRow, LeaseRow, Tables } from './tables.ts';

/** Which operation makes which event, and where its token stands. */
const CAUSES: Readonly<
  Record<
    string,
    { readonly kinds: readonly string[]; readonly text: (event: EventRow) => string | undefined }
  >
> = {
  created: { kinds: ['add'], text: ({ details }) => details.description },
  edited: { kinds: ['edit'], text: ({ details }) => details.description },
  claimed: { kinds: ['claim'], text: ({ details }) => details.instance_name },
  completed: { kinds: ['complete'], text: ({ details }) => details.notes },
  retried: { kinds: ['fail'], text: ({ details }) => details.error },
  failed: { kinds: ['fail'], text: ({ details }) => details.error },
  released: { kinds: ['release'], text: ({ details }) => details.reason },
  cancelled: { kinds: ['cancel'], text: ({ details }) => details.reason },
  // Completing what is complete already only notes.
  notes_updated: { kinds: ['notes', 'complete'], text: ({ details }) => details.notes },
};

/** Without a text of their own: counted by task and actor. */
const COUNTED: Readonly<Record<string, string>> = {
  requeued: 'requeue',
  priority_changed: 'priority',
  cancelled: 'cancel',
};

export function tokensOf(events: readonly EventRow[]): Map<string, EventRow[]> {
  const traced = events.flatMap((event) => {
    const token = event.actor === 'system' ? null : tokenIn(CAUSES[event.action]?.text(event));
    return token === null ? [] : [{ token, event }];
  });
  return new Map(
    [...groupBy(traced, ({ token }) => token)].map(([token, all]) => [token, all.map(({ event }) => event)]),
  );
}

export function checkCauses(ops: readonly Op[], tables: Tables): string[] {
  const byToken = tokensOf(tables.events);
  const known = new Map(ops.map((op) => [op.token, op]));
  const leases = groupBy(tables.leases, (lease) => lease.task_id);
  return [
    ...[...byToken].flatMap(([token, events]) => checkToken(known.get(token), { token, events, leases })),
    ...tables.events.flatMap((event) => checkTraced(event)),
    ...checkCounted(ops, tables.events),
    ...checkLeasesOnce(ops),
  ];
}

/** A system event is Athena's own doing; every other one has a token or is counted. */
function checkTraced(event: EventRow): string[] {
  if (event.actor === 'system') {
    const isOwn = event.action === 'expired' || event.action === 'failed' || event.action === 'released';
    return isOwn ? [] : [`event ${event.id}: ${event.action} by nobody`];
  }
  const isCounted = COUNTED[event.action] !== undefined;
  const token = tokenIn(CAUSES[event.action]?.text(event));
  return token !== null || isCounted
    ? []
    : [`event ${event.id}: ${event.action} by ${event.actor}, which nobody asked for`];
}

interface Traced {
  readonly token: string;
  readonly events: readonly EventRow[];
  readonly leases: ReadonlyMap<number, LeaseRow[]>;
}

function checkToken(op: Op | undefined, { token, events, leases }: Traced): string[] {
  const ids = events.map(({ id }) => id).join(', ');
  if (op === undefined) return [`event ${ids} has the unknown token ${token}`];
  return [...events.flatMap((event) => checkCause(op, event)), ...checkTimes(op, { events, leases, ids })];
}

function checkTimes(op: Op, { events, leases, ids }: Omit<Traced, 'token'> & { ids: string }): string[] {
  // A claim whose answer could not be sent was given back; asked again it may be given once more.
  const counted = op.kind === 'claim' ? events.filter((event) => !wasUndelivered(event, leases)) : events;
  const told = `${op.token} (${op.via} ${op.kind}, ${op.outcome}, ${op.said}) made event ${ids}`;
  return [
    ...(counted.length > mostOf(op) ? [`doubled: ${told}`] : []),
    ...(counted.length > 0 && isNothing(op) ? [`refused, and yet done: ${told}`] : []),
  ];
}

/** The client claims anew when the lease of an earlier, killed run has ended meanwhile. */
function mostOf(op: Op): number {
  return op.kind === 'claim' && op.via === 'cli' ? op.tries : 1;
}

function isNothing(op: Op): boolean {
  if (op.kind !== 'claim') return op.outcome === 'refused';
  // `lease_lost`: the claim had happened, and its lease has ended since.
  if (op.outcome === 'refused') return op.via === 'http' && !op.said.includes('lease_lost');
  return op.outcome === 'acknowledged' && op.answeredLease === null;
}

function checkCause(op: Op, event: EventRow): string[] {
  const told = `event ${event.id} (${event.action} by ${event.actor} on #${event.task_id})`;
  const wrong: string[] = [];
  const isKind = CAUSES[event.action]?.kinds.includes(op.kind) === true;
  if (!isKind) wrong.push(`${told} comes from ${op.token}, a ${op.kind}`);
  if (event.actor !== op.actor) wrong.push(`${told} comes from ${op.token} by ${op.actor}`);
  if (op.taskId !== undefined && op.taskId !== event.task_id)
    wrong.push(`${told} comes from ${op.token} on #${op.taskId}`);
  return wrong;
}

function wasUndelivered(claim: EventRow, leases: Traced['leases']): boolean {
  return (leases.get(claim.task_id) ?? []).some(
    (lease) =>
      lease.outcome === 'undelivered' &&
      lease.claimed_at === claim.timestamp &&
      lease.instance_id === claim.instance_id,
  );
}

function checkCounted(ops: readonly Op[], events: readonly EventRow[]): string[] {
  const key = (kind: string, task: number | undefined, actor: string) =>
    `${kind} of #${String(task)} by ${actor}`;
  const asked = groupBy(ops.filter(isCountedOp), (op) => key(op.kind, op.taskId, op.actor));
  const made = groupBy(events.filter(isCountedEvent), (event) =>
    key(COUNTED[event.action] ?? '', event.task_id, event.actor),
  );
  return [...new Set([...asked.keys(), ...made.keys()])].flatMap((name) => {
    const mine = asked.get(name) ?? [];
    const done = made.get(name)?.length ?? 0;
    const most = mine.filter(({ outcome }) => outcome !== 'refused').length;
    // A priority that a task has already is acknowledged and makes no event.
    const least = name.startsWith('priority')
      ? 0
      : mine.filter(({ outcome }) => outcome === 'acknowledged').length;
    if (done > most) return [`doubled: ${name}: ${done} events, asked for ${most} times`];
    return done < least ? [`lost: ${name}: ${done} events, acknowledged ${least} times`] : [];
  });
}

function isCountedOp({ kind, via }: Op): boolean {
  return kind === 'requeue' || kind === 'priority' || (kind === 'cancel' && via === 'discord');
}

function isCountedEvent(event: EventRow): boolean {
  return COUNTED[event.action] !== undefined && tokenIn(CAUSES[event.action]?.text(event)) === null;
}

/** A lease is told to one claimant. */
function checkLeasesOnce(ops: readonly Op[]): string[] {
  const told = groupBy(
    ops.filter(({ kind, answeredLease }) => kind === 'claim' && answeredLease !== null),
    (op) => op.answeredLease,
  );
  return [...told].flatMap(([lease, claims]) =>
    claims.length === 1
      ? []
      : [`doubled: lease ${lease ?? ''} was given to ${claims.map(({ token }) => token).join(', ')}`],
  );
}
