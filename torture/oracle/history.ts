/**
 * The trail against the rules, and the tables against the trail: each task's events are replayed, and must be
 * legal, lead to the state its row shows, and agree with its leases. Knows nothing of who asked for what.
 */
import type { EventRow, LeaseRow, Tables, TaskRow } from './tables.ts';

interface State {
  status: string;
  attempt: number;
  description: string;
  priority: string;
  /** Index of the live lease among the task's claims; null when nobody holds it. */
  claim: number | null;
  claims: number;
  /** What each claim ended with, in the order of the claims. */
  ends: (string | null)[];
}

/** From which states each event may come; `open` is pending or in progress. */
const FROM: Readonly<Record<string, readonly string[]>> = {
  created: ['none'],
  edited: ['pending'],
  claimed: ['pending'],
  released: ['in_progress'],
  retried: ['in_progress'],
  expired: ['in_progress'],
  completed: ['in_progress'],
  failed: ['in_progress'],
  cancelled: ['pending', 'in_progress'],
  requeued: ['failed', 'cancelled'],
  priority_changed: ['pending', 'in_progress'],
  notes_updated: ['pending', 'in_progress', 'completed', 'failed', 'cancelled'],
};

const TO: Readonly<Record<string, string>> = {
  created: 'pending',
  claimed: 'in_progress',
  released: 'pending',
  retried: 'pending',
  expired: 'pending',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
  requeued: 'pending',
};

/** Which outcomes of a lease an event may have left. */
const OUTCOMES: Readonly<Record<string, readonly string[]>> = {
  released: ['released', 'undelivered'],
  retried: ['retried'],
  expired: ['expired'],
  completed: ['completed'],
  failed: ['failed', 'expired'],
  cancelled: ['cancelled'],
};

export function checkHistory(tables: Tables): string[] {
  const events = groupBy(tables.events, (event) => event.task_id);
  const leases = groupBy(tables.leases, (lease) => lease.task_id);
  return [
    ...tables.tasks.flatMap((task) => checkTask(task, events.get(task.id) ?? [], leases.get(task.id) ?? [])),
    ...checkCounts(tables),
  ];
}

function checkTask(task: TaskRow, events: readonly EventRow[], leases: readonly LeaseRow[]): string[] {
  const wrong: string[] = [];
  const state: State = {
    status: 'none',
    attempt: 0,
    description: '',
    priority: '',
    claim: null,
    claims: 0,
    ends: [],
  };
  const claims: EventRow[] = [];
  for (const event of events) {
    if (FROM[event.action]?.includes(state.status) !== true) {
      wrong.push(`task #${task.id}: event ${event.id} ${event.action} while ${state.status}`);
    }
    if (event.action === 'claimed') claims.push(event);
    apply(state, event);
    if (event.action === 'claimed' && event.details.attempt !== state.attempt) {
      wrong.push(
        `task #${task.id}: event ${event.id} says attempt ${event.details.attempt ?? '?'}, it is ${state.attempt}`,
      );
    }
  }
  return [...wrong, ...compare(task, state), ...checkLeases(task, { claims, leases, state })];
}

function apply(state: State, event: EventRow): void {
  const { action, details } = event;
  state.status = TO[action] ?? state.status;
  state.description = details.description ?? state.description;
  if (action === 'created' || action === 'priority_changed') state.priority = details.priority ?? '?';
  state.attempt = attemptAfter(action, state.attempt);
  if (action === 'claimed') {
    state.claim = state.claims;
    state.claims += 1;
    state.ends.push(null);
  } else if (OUTCOMES[action] !== undefined && state.claim !== null) {
    state.ends[state.claim] = action;
    state.claim = null;
  }
}

function attemptAfter(action: string, attempt: number): number {
  if (action === 'claimed') return attempt + 1;
  if (action === 'released') return attempt - 1;
  return action === 'requeued' ? 0 : attempt;
}

function compare(task: TaskRow, state: State): string[] {
  const fields = ['status', 'attempt', 'description', 'priority'] as const;
  const wrong = fields.flatMap((field) =>
    task[field] === state[field]
      ? []
      : [`task #${task.id}: ${field} is ${String(task[field])}, its trail says ${String(state[field])}`],
  );
  if (task.attempt > task.max_attempts)
    wrong.push(`task #${task.id}: attempt ${task.attempt} of ${task.max_attempts}`);
  return wrong;
}

interface Claims {
  readonly claims: readonly EventRow[];
  readonly leases: readonly LeaseRow[];
  readonly state: State;
}

/** One lease for each claim, ended by the very event that ended the claim; so two never lived at once. */
function checkLeases(task: TaskRow, { claims, leases, state }: Claims): string[] {
  const wrong: string[] = [];
  const left = new Set(leases);
  for (const [index, claim] of claims.entries()) {
    const lease = [...left].find(
      (each) =>
        each.claimed_at === claim.timestamp &&
        each.instance_id === claim.instance_id &&
        each.attempt === claim.details.attempt,
    );
    if (lease === undefined) {
      wrong.push(`task #${task.id}: no lease for its claim, event ${claim.id}`);
      continue;
    }
    left.delete(lease);
    wrong.push(...checkEnd(task, { lease, end: state.ends[index] ?? null }));
  }
  for (const lease of left) wrong.push(`task #${task.id}: lease ${lease.lease_id} belongs to no claim`);
  const live = leases.filter((lease) => lease.outcome === null);
  if (live.length > 1) wrong.push(`task #${task.id}: ${live.length} live leases`);
  return wrong;
}

function checkEnd(task: TaskRow, { lease, end }: { lease: LeaseRow; end: string | null }): string[] {
  const { lease_id: id, outcome } = lease;
  if (end === null) {
    const isRight = outcome === null && task.lease_id === id;
    return isRight
      ? []
      : [`task #${task.id}: lease ${id} should be live, but is ${outcome ?? 'not the one of its task'}`];
  }
  const allowed = OUTCOMES[end] ?? [];
  if (outcome !== null && allowed.includes(outcome)) return [];
  return [`task #${task.id}: lease ${id} is ${outcome ?? 'live'}, but its claim ended with ${end}`];
}

function checkCounts({ tasks, counts }: Tables): string[] {
  return Object.entries(counts).flatMap(([status, count]) => {
    const real = tasks.filter((task) => task.status === status).length;
    return real === count ? [] : [`counter ${status} is ${count}, there are ${real}`];
  });
}

export function groupBy<T, K>(all: readonly T[], keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}
