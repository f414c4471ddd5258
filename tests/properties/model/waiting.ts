/** Why a pending task cannot start now: the first reason that holds. */
import { heldBy, type State, type Task } from './state.ts';

const OFFLINE_AFTER_MS = 2 * 60_000;

export function statusOf(state: State, id: string): string {
  if (heldBy(state, id).length > 0) return 'working';
  return state.now - (state.instances[id]?.seen ?? 0) > OFFLINE_AFTER_MS ? 'offline' : 'idle';
}

interface Waiting {
  readonly kind: string;
  readonly until?: number;
}

export function waitingFor(state: State, task: Task): Waiting | null {
  if (task.status !== 'pending') return null;
  if (state.queue.paused) return { kind: 'paused' };
  if (task.not_before !== null) return { kind: 'not_before', until: task.not_before };
  const { target } = task;
  if (target !== null && (!(target in state.instances) || statusOf(state, target) === 'offline'))
    return { kind: 'target' };
  return ofWorkers(state, task);
}

/** Nobody in these histories says what it serves, so nobody is known to serve a project. */
function ofWorkers(state: State, { target, project, requires }: Task): Waiting | null {
  if (project !== null || requires.length > 0) return { kind: 'no_worker' };
  const online = Object.keys(state.instances)
    .filter((id) => target === null || id === target)
    .map((id) => statusOf(state, id))
    .filter((status) => status !== 'offline');
  return online.length > 0 && !online.includes('idle') ? { kind: 'busy' } : null;
}
