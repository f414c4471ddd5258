/** What the queue says when it is only asked. */
import { TASK_STATUSES } from '../../../src/core/vocabulary.ts';
import type { Command } from '../command.ts';
import { inClaimOrder, nextFor } from './order.ts';
import { ANYTHING, answer, iso, NO_WORKER, refuse, runningView, taskReply, viewOf } from './reply.ts';
import { statusOf } from './waiting.ts';
import { heldBy, type State, type Reply } from './state.ts';

function get(state: State, { id }: Command): Reply {
  const task = state.tasks[(id ?? 0) - 1];
  return task === undefined ? refuse('task_not_found') : taskReply(state, task, false);
}

function logs(state: State, { id }: Command): Reply {
  const task = state.tasks[(id ?? 0) - 1];
  if (task === undefined) return refuse('task_not_found');
  // Whoever asks has the owner's own key; what time brings about needs none.
  const keyOf = (actor: string) => (actor === 'system' ? null : { id: 'owner', name: 'owner' });
  const lines = task.logs.map(({ at, ...line }) => ({
    id: ANYTHING,
    ...line,
    key: keyOf(line.actor),
    timestamp: iso(at),
  }));
  return answer({ logs: lines }, false);
}

/** All pages of a list, one after the other. */
function list(state: State, { statuses = ['pending'], limit = 50 }: Command): Reply {
  const among = state.tasks.filter(({ status }) => statuses.includes(status));
  const isQueue = statuses.every((status) => status === 'pending');
  const tasks = (isQueue ? inClaimOrder(among) : among.reverse()).map((task) => viewOf(state, task));
  const pages = [tasks.slice(0, limit)];
  for (let from = limit; from < tasks.length; from += limit) pages.push(tasks.slice(from, from + limit));
  return answer({ pages }, false);
}

function peek(state: State, { body }: Command): Reply {
  const next = nextFor(state, body);
  return answer({ task: next && viewOf(state, next) }, false);
}

function stats(state: State): Reply {
  const count = (status: string) => state.tasks.filter((task) => task.status === status).length;
  const born = state.tasks.filter(({ status }) => status === 'pending').map((task) => task.created_at);
  const oldest = born.length === 0 ? null : Math.floor((state.now - Math.min(...born)) / 1000);
  const among = Object.keys(state.instances).map((id) => statusOf(state, id));
  const are = (status: string) => among.filter((one) => one === status).length;
  return answer(
    {
      ...Object.fromEntries(TASK_STATUSES.map((status) => [status, count(status)])),
      ...{ total: state.tasks.length, oldest_pending_seconds: oldest, paused: state.queue.paused },
      instances: { idle: are('idle'), working: are('working'), offline: are('offline') },
    },
    false,
  );
}

/** The contract promises no order: by id here, and sorted by whoever asks. */
function instances(state: State): Reply {
  const views = Object.entries(state.instances).map(([id, { name, seen }]) => ({
    ...{ id, name, status: statusOf(state, id), last_seen: iso(seen) },
    current_task_id: heldBy(state, id)[0]?.id ?? null,
    ...{ ...NO_WORKER, running: heldBy(state, id).map(runningView) },
  }));
  return answer({ instances: views.sort((a, b) => (a.id < b.id ? -1 : 1)) }, false);
}

export const READS = { get, logs, list, peek, stats, instances };
