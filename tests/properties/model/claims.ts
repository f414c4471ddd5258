/** Taking tasks, and saying that one is alive. */
import type { Body, Command } from '../command.ts';
import { begin } from './moves.ts';
import { nextFor } from './order.ts';
import { ANYTHING, answer, between, iso, NO_WORKER, refuse, runningView, viewOf } from './reply.ts';
import { heldBy, leaseById, liveLease, type State, type Task, type Reply } from './state.ts';

/** A heartbeat goes on naming a cancelled task for at least this long. */
const CANCELLED_SHOWN_MS = 10 * 60_000;

const nameOf = (state: State, { instance_id: id = '', instance_name: name }: Body) =>
  name ?? state.instances[id]?.name ?? id;

export function claim(state: State, { id, body }: Command, request: string | null): Reply {
  const task = state.tasks[(id ?? 0) - 1];
  if (task === undefined) return refuse('task_not_found');
  const { status, instance_name: holder } = task;
  if (status === 'pending') return take(state, task, body, request);
  return refuse('task_not_claimable', { says: holder ?? '', details: { status } });
}

export function claimNext(state: State, { body }: Command, request: string | null): Reply {
  if (state.queue.paused) return answer({ task: null, paused: true }, false);
  const next = nextFor(state, body);
  return next === null ? answer({ task: null }, false) : take(state, next, body, request);
}

function take(state: State, task: Task, body: Body, request: string | null): Reply {
  const by = { instance: body.instance_id ?? '', name: nameOf(state, body), seconds: body.lease_seconds };
  begin(state, task, { ...by, request });
  const lease = {
    lease_id: liveLease(task)?.id,
    expires_at: iso(task.lease_expires_at),
    heartbeat_seconds: ANYTHING,
  };
  return answer({ status: 'in_progress', task: viewOf(state, task), lease }, true);
}

export function heartbeat(state: State, { body }: Command): Reply {
  const { instance_id: id = '', lease_ids: named } = body;
  const held = heldBy(state, id);
  const isNamed = (task: Task) => named === undefined || named.includes(liveLease(task)?.id ?? '');
  const renewed = held.filter(isNamed);
  for (const task of renewed) {
    const until = state.now + (liveLease(task)?.lengthMs ?? 0);
    task.lease_expires_at = Math.max(task.lease_expires_at ?? 0, until);
  }
  const live = renewed.map((task) => liveLease(task)?.id);
  const gone = [...new Set(named)].filter((lease) => !live.includes(lease));
  const instance = {
    ...{ id, name: nameOf(state, body), status: held.length > 0 ? 'working' : 'idle' },
    ...{ current_task_id: held[0]?.id ?? null, last_seen: iso(state.now) },
    ...{ ...NO_WORKER, running: held.map(runningView) },
  };
  const said = {
    instance,
    leases: renewed.map(leaseView),
    lost: gone.map((lease) => lossOf(state, lease, id)),
    unclaimed: held.filter((task) => !isNamed(task)).map(leaseView),
    cancelled_task_ids: cancelledUnder(state, id),
    heartbeat_seconds: ANYTHING,
  };
  return answer(said, true);
}

const leaseView = (task: Task) => ({
  task_id: task.id,
  lease_id: liveLease(task)?.id,
  expires_at: iso(task.lease_expires_at),
});

/** Of a lease that was another instance's nothing is told. */
function lossOf(state: State, lease: string, instance: string): object {
  const known = leaseById(state, lease);
  if (known?.lease.holder !== instance) return { lease_id: lease, task_id: null, reason: 'unknown' };
  return { lease_id: lease, task_id: known.task.id, reason: known.lease.outcome };
}

/** What it holds again by now is no longer lost to it. */
function cancelledUnder(state: State, instance: string): object {
  const since = (ms: number) =>
    state.tasks
      .filter((task) => task.status !== 'in_progress' || task.instance_id !== instance)
      .filter(({ leases }) =>
        leases.some(
          ({ holder, outcome, endedAt }) =>
            holder === instance && outcome === 'cancelled' && (endedAt ?? 0) >= state.now - ms,
        ),
      )
      .map(({ id }) => id);
  return between(since(CANCELLED_SHOWN_MS), since(Infinity));
}
