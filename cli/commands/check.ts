/**
 * The summary for a session-start hook. Whatever the server does, it ends within 2 s of the start of the process;
 * half a second of that is left for Node itself to begin and to end.
 */
import type { Deps } from '../deps.ts';
import type { Outcome } from '../command.ts';
import type { HeartbeatAnswer } from '../../src/contract/instance.ts';
import { ClientError } from '../errors.ts';
import { safeText } from '../text.ts';
import { projectTag, taskLine, timeLeft } from '../format.ts';

const BUDGET_MS = 1500;
const LEAST_MS = 300;
/** Of more tasks than this, only numbers are shown. */
const TITLES = 5;

export async function run(deps: Deps): Promise<Outcome> {
  const budgetMs = Math.max(LEAST_MS, BUDGET_MS - deps.host.elapsed());
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort();
  }, budgetMs);
  const expired = new Promise<never>((_resolve, reject) => {
    deadline.signal.addEventListener('abort', () => {
      reject(tooLate(deps));
    });
  });
  try {
    return await Promise.race([summary(deps, budgetMs), expired]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLate(deps: Deps): ClientError {
  const { apiUrl } = deps.config();
  return new ClientError('unreachable', `Cannot reach Athena at ${apiUrl}: no answer in time.`, {
    hint: 'Tasks may be waiting; run "claude-task-client check" again later.',
  });
}

async function summary(deps: Deps, budgetMs: number): Promise<Outcome> {
  const { instanceId, instanceName } = deps.config();
  const api = deps.api({ timeoutMs: budgetMs, patience: { tries: 2, withinMs: budgetMs / 2 } });
  const beat = { instance_id: instanceId, instance_name: instanceName, lease_ids: [] };
  const [stats, { task: next }, alive] = await Promise.all([
    api.stats(),
    api.nextTask(instanceId),
    api.heartbeat(beat),
  ]);
  const held = [...alive.leases, ...alive.unclaimed];
  const titles = await Promise.all(held.slice(0, TITLES).map(({ task_id }) => titleOf(task_id)));
  async function titleOf(id: number): Promise<string | undefined> {
    const { task } = await api.getTask(id);
    return taskLine(task) + projectTag(task);
  }
  const cancelled = cancelledHere(deps, alive);
  return {
    json: {
      pending: stats.pending,
      paused: stats.paused,
      next,
      holding: held.map(({ task_id, expires_at }) => ({ task_id, expires_at })),
      cancelled_task_ids: cancelled,
    },
    lines: [
      pendingLine(stats.pending, stats.paused, next && taskLine(next) + projectTag(next)),
      ...held.map(
        ({ task_id, expires_at }, at) =>
          `🔄 You hold ${titles[at] ?? `#${task_id}`} (${timeLeft(expires_at, deps.host.now())})`,
      ),
      ...cancelled.map((id) => `🚫 #${id} was cancelled: stop working on it`),
    ].map(safeText),
  };
}

function pendingLine(pending: number, isPaused: boolean, next: string | null): string {
  const paused = isPaused ? ' (the queue is paused)' : '';
  if (pending === 0) return `No tasks pending.${paused}`;
  return `📋 ${pending} task(s) pending - ${next === null ? 'none for this instance now' : `Next: ${next}`}${paused}`;
}

/** Cancelled while this machine still believes that it holds them. */
function cancelledHere(deps: Deps, alive: HeartbeatAnswer): number[] {
  try {
    const remembered = new Set(
      deps
        .leases()
        .all()
        .map((lease) => lease.task_id),
    );
    return alive.cancelled_task_ids.filter((id) => remembered.has(id));
  } catch {
    return [];
  }
}
