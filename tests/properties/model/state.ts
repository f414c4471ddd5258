/** All that the queue of the contract remembers, as plain values: copied for each step, compared as text. */
import type { Priority, TaskStatus } from '../../../src/core/vocabulary.ts';

export interface Reply {
  readonly status: number;
  readonly body: object;
  /** Whether it is kept under an idempotency key. */
  readonly changed: boolean;
}

export interface Log {
  readonly action: string;
  readonly actor: string;
  readonly details: object;
  readonly instance_id: string | null;
  readonly at: number;
}

/** One claim. */
export interface Lease {
  id: string;
  holder: string;
  lengthMs: number;
  outcome: string | null;
  endedBy: string | null;
  endedAt: number | null;
  /** Which request it was given to, where that matters. */
  request: string | null;
}

/** Times in milliseconds. */
export interface Task {
  id: number;
  description: string;
  status: TaskStatus;
  priority: Priority;
  target: string | null;
  project: string | null;
  /** In order of the alphabet, each once. */
  requires: readonly string[];
  model: string | null;
  max_cost_usd: number | null;
  max_turns: number | null;
  instance_id: string | null;
  instance_name: string | null;
  created_at: number;
  claimed_at: number | null;
  completed_at: number | null;
  not_before: number | null;
  notes: string | null;
  submitted_by: string | null;
  attempt: number;
  lease_expires_at: number | null;
  updated_at: number;
  error: string | null;
  leases: Lease[];
  logs: readonly Log[];
}

export interface Kept {
  readonly print: string;
  readonly reply: Reply;
  readonly lease: string | null;
  readonly at: number;
  /** Somebody who sent this key has read the answer. */
  readonly heard: boolean;
}

export interface State {
  now: number;
  /** The real queue runs on a clock that nobody holds: no time in an answer means anything. */
  readonly timeless: boolean;
  tasks: Task[];
  keys: Record<string, Kept>;
  queue: { readonly paused: boolean; readonly reason: string | null };
  instances: Record<string, { readonly name: string; readonly seen: number }>;
}

export function emptyState(now: number | null): State {
  return {
    now: now ?? 0,
    timeless: now === null,
    tasks: [],
    keys: {},
    queue: { paused: false, reason: null },
    instances: {},
  };
}

/** A state that may be written to; the one it was made from stays as it is. */
export function copyOf(state: State): State {
  const tasks = state.tasks.map((task) => ({ ...task, leases: task.leases.map((lease) => ({ ...lease })) }));
  return { ...state, tasks, keys: { ...state.keys }, instances: { ...state.instances } };
}

/** Two states with the same text are the same. */
export function textOf(state: State): string {
  const sorted = (record: object) => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({ ...state, keys: sorted(state.keys), instances: sorted(state.instances) });
}

export function liveLease(task: Task): Lease | null {
  const newest = task.leases.at(-1);
  return newest !== undefined && newest.outcome === null ? newest : null;
}

export function leaseById(state: State, id: string | undefined): { lease: Lease; task: Task } | null {
  for (const task of state.tasks)
    for (const lease of task.leases) if (lease.id === id) return { lease, task };
  return null;
}

export function heldBy(state: State, instance: string): Task[] {
  return state.tasks.filter((task) => task.status === 'in_progress' && task.instance_id === instance);
}
