/** Who is next. */
import type { Priority } from '../../../src/core/vocabulary.ts';
import type { Body } from '../command.ts';
import type { State, Task } from './state.ts';

const RANK: Readonly<Record<Priority, number>> = { high: 1, medium: 2, low: 3 };

/** High before medium before low, and within one priority the oldest first. */
export function inClaimOrder(tasks: readonly Task[]): Task[] {
  return [...tasks].sort((a, b) => RANK[a.priority] - RANK[b.priority] || a.id - b.id);
}

type Asking = Pick<Body, 'projects' | 'capabilities'> & { readonly instance_id?: string | null };

/** What claim-next would hand to whoever asks like this, or to nobody in particular, if the queue is not paused. */
export function nextFor(state: State, by: Asking): Task | null {
  const ready = state.tasks.filter(({ status, not_before: delay }) => status === 'pending' && delay === null);
  return inClaimOrder(ready.filter((task) => mayTake(task, by)))[0] ?? null;
}

function mayTake({ target, project, requires }: Task, { instance_id, projects, capabilities }: Asking) {
  const isMeant = target === null || target === instance_id;
  return isMeant && isOneOf(project, projects) && hasAll(requires, capabilities);
}

/** Whoever names none takes what is of none. */
const isOneOf = (project: string | null, projects: Asking['projects'] = [null]) => projects.includes(project);
const hasAll = (requires: readonly string[], capabilities: Asking['capabilities'] = []) =>
  requires.every((word) => capabilities.includes(word));
