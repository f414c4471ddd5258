/** Ending an attempt: who may, what counts as a repeat, and every move that `PUT status` can make. */
import type { TaskStatus } from '../../../src/core/vocabulary.ts';
import type { Body, Command } from '../command.ts';
import { editNotes, cancel, requeue } from './edits.ts';
import { finish, putBack } from './moves.ts';
import { nextFor } from './order.ts';
import { answer, refuse, statusReply, taskReply, viewOf } from './reply.ts';
import { MAX_ATTEMPTS } from './policy.ts';
import { leaseById, liveLease, type Reply, type State, type Task } from './state.ts';

/** Who the trail says it was. */
function actorOf(state: State, { instance_id: instance, lease_id: lease }: Body): string {
  if (instance !== undefined) return `instance:${instance}`;
  const known = leaseById(state, lease);
  return known === null ? 'operator' : `instance:${known.lease.holder}`;
}

/** Whether this lease ended this very task in one of these ways, by the hand of its own holder. */
function isRepeat(state: State, task: Task, body: Body, outcomes: readonly string[]): boolean {
  const known = leaseById(state, body.lease_id);
  if (known?.task.id !== task.id) return false;
  const { outcome, endedBy, holder } = known.lease;
  if (outcome === null || !outcomes.includes(outcome) || endedBy !== `instance:${holder}`) return false;
  return body.instance_id === undefined || body.instance_id === holder;
}

function owns(task: Task, { instance_id: instance, lease_id: lease }: Body): boolean {
  if (instance !== undefined && instance !== task.instance_id) return false;
  return lease === undefined || lease === liveLease(task)?.id;
}

interface End {
  /** Ends of the caller's own lease that make this call a repeat. */
  readonly repeats: readonly string[];
  readonly show: (state: State, task: Task, changed: boolean) => Reply;
  /** A refusal, or whether anything changed. */
  readonly make: (task: Task, actor: string) => Reply | boolean;
}

function end(state: State, { id, body }: Command, { repeats, show, make }: End): Reply {
  const task = state.tasks[(id ?? 0) - 1];
  if (task === undefined) return refuse('task_not_found');
  if (isRepeat(state, task, body, repeats)) return show(state, task, false);
  if (!owns(task, body)) return refuse('lease_lost', { details: { status: task.status } });
  const made = make(task, actorOf(state, body));
  return typeof made === 'boolean' ? show(state, task, made) : made;
}

const wrongState = (task: Task, says?: string) =>
  refuse('invalid_transition', { ...(says && { says }), details: { status: task.status } });

export function complete(state: State, command: Command): Reply {
  return end(state, command, {
    repeats: ['completed'],
    show(_, task, changed) {
      const next = nextFor(state, { instance_id: task.instance_id });
      return answer(
        { status: task.status, task: viewOf(state, task), next_task: next && viewOf(state, next) },
        changed,
      );
    },
    make: (task, actor) => completed(state, task, { actor, notes: command.body.notes }),
  });
}

interface How {
  readonly actor: string;
  readonly notes?: string | undefined;
}

function completed(state: State, task: Task, { actor, notes }: How): Reply | boolean {
  if (task.status !== 'in_progress') return wrongState(task);
  task.notes = notes ?? task.notes;
  task.error = null;
  const next = nextFor(state, { instance_id: task.instance_id });
  const details = { notes: task.notes, next_task: next && { id: next.id, title: next.description } };
  finish(state, task, 'completed', { action: 'completed', actor, details });
  return true;
}

export function fail(state: State, command: Command): Reply {
  const { error = '', retry = true, retry_in_seconds: seconds = 0 } = command.body;
  return end(state, command, {
    repeats: ['failed', 'retried'],
    show: statusReply,
    make(task, actor) {
      if (task.status !== 'in_progress') return wrongState(task);
      task.error = error;
      const details = { error, attempt: task.attempt, max_attempts: MAX_ATTEMPTS };
      if (retry && task.attempt < MAX_ATTEMPTS)
        putBack(state, task, { action: 'retried', actor, details, delayMs: seconds * 1000 });
      else finish(state, task, 'failed', { action: 'failed', actor, details });
      return true;
    },
  });
}

export function release(state: State, command: Command): Reply {
  const { reason, retry_in_seconds: seconds = 0 } = command.body;
  return end(state, command, {
    repeats: ['released'],
    show: statusReply,
    make: (task, actor) => released(state, task, { actor, reason, delayMs: seconds * 1000 }),
  });
}

function released(
  state: State,
  task: Task,
  { actor, reason, delayMs = 0 }: How & { reason?: string | undefined; delayMs?: number },
): Reply | boolean {
  if (task.status !== 'in_progress') return wrongState(task);
  task.attempt -= 1;
  putBack(state, task, { action: 'released', actor, details: { reason }, delayMs });
  return true;
}

const REPEATS: Readonly<Record<TaskStatus, readonly string[]>> = {
  pending: ['released'],
  in_progress: [],
  completed: ['completed'],
  failed: ['failed'],
  cancelled: ['cancelled'],
};

export function setStatus(state: State, command: Command): Reply {
  const { status, notes } = command.body;
  return end(state, command, {
    repeats: status === undefined ? [] : REPEATS[status],
    show: taskReply,
    make(task, actor) {
      if (status === undefined || status === task.status) return editNotes(state, task, { actor, notes });
      return moveTo(state, task, { status, actor, notes });
    },
  });
}

function moveTo(
  state: State,
  task: Task,
  { status, actor, notes }: How & { status: TaskStatus },
): Reply | boolean {
  const before = task.notes;
  // What comes along with a move is part of it: one line in the trail.
  if (notes !== undefined) task.notes = notes;
  const made = move(state, task, { status, actor });
  if (made !== true) task.notes = before;
  return made;
}

function move(state: State, task: Task, { status, actor }: How & { status: TaskStatus }): Reply | boolean {
  switch (status) {
    case 'in_progress':
      return wrongState(task, 'claim');
    case 'completed':
      return completed(state, task, { actor });
    case 'cancelled':
      return cancel(state, task, { actor });
    case 'pending':
      return task.status === 'in_progress'
        ? released(state, task, { actor })
        : requeue(state, task, { actor });
    case 'failed': {
      if (task.status !== 'in_progress') return wrongState(task);
      finish(state, task, 'failed', { action: 'failed', actor, details: { attempt: task.attempt } });
      return true;
    }
  }
}
