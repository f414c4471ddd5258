/** What people do to tasks and to the queue. An instance may say that it was the one; it need not hold anything. */
import type { Body, Command } from '../command.ts';
import { finish, log, putBack } from './moves.ts';
import { ANYTHING, answer, refuse, statusReply, taskReply, viewOf } from './reply.ts';
import { type State, type Task, type Reply } from './state.ts';

interface By {
  readonly actor: string;
}

const speakerOf = ({ instance_id: instance }: Body) =>
  instance === undefined ? 'operator' : `instance:${instance}`;
const isOver = ({ status }: Task) => status !== 'pending' && status !== 'in_progress';
const wrongState = (task: Task) => refuse('invalid_transition', { details: { status: task.status } });

export function add(state: State, { body }: Command): Reply {
  const { description = '', priority = 'medium', target = null, submitted_by = null, project = null } = body;
  const { requires = [], model = null, max_cost_usd = null, max_turns = null } = body;
  const nothing = { instance_id: null, instance_name: null, claimed_at: null, completed_at: null };
  const task: Task = {
    ...{ id: state.tasks.length + 1, description, status: 'pending', priority, target, submitted_by },
    ...{ created_at: state.now, updated_at: state.now, not_before: null, lease_expires_at: null },
    ...{ project, requires: [...new Set(requires)].sort(), model, max_cost_usd, max_turns },
    ...{ attempt: 0, notes: null, error: null, leases: [], logs: [] },
    ...nothing,
  };
  state.tasks.push(task);
  log(state, task, {
    action: 'created',
    actor: speakerOf(body),
    details: { description, priority, target, project },
  });
  return {
    status: 201,
    body: { task_id: task.id, status: 'pending', task: viewOf(state, task) },
    changed: true,
  };
}

/** A refusal, or whether anything changed. */
type Make = (task: Task, by: By) => Reply | boolean;

function change(state: State, { id, body }: Command, make: Make, show = taskReply): Reply {
  const task = state.tasks[(id ?? 0) - 1];
  if (task === undefined) return refuse('task_not_found');
  const made = make(task, { actor: speakerOf(body) });
  return typeof made === 'boolean' ? show(state, task, made) : made;
}

export const cancelTask = (state: State, command: Command) =>
  change(
    state,
    command,
    (task, by) => cancel(state, task, { ...by, reason: command.body.reason }),
    statusReply,
  );

export const requeueTask = (state: State, command: Command) =>
  change(state, command, (task, by) => requeue(state, task, by), statusReply);

export const edit = (state: State, command: Command) =>
  change(state, command, (task, { actor }) => {
    const { description = '' } = command.body;
    if (task.status !== 'pending') return wrongState(task);
    if (task.description === description) return false;
    task.description = description;
    log(state, task, { action: 'edited', actor, details: { description } });
    return true;
  });

export const changePriority = (state: State, command: Command) =>
  change(state, command, (task, { actor }) => {
    const { priority = 'medium' } = command.body;
    if (isOver(task)) return wrongState(task);
    if (task.priority === priority) return false;
    const details = { priority, previous_priority: task.priority };
    task.priority = priority;
    log(state, task, { action: 'priority_changed', actor, details });
    return true;
  });

export function cancel(
  state: State,
  task: Task,
  { actor, reason }: By & { reason?: string | undefined },
): Reply | boolean {
  if (isOver(task)) return wrongState(task);
  finish(state, task, 'cancelled', { action: 'cancelled', actor, details: { reason } });
  return true;
}

export function requeue(state: State, task: Task, { actor }: By): Reply | boolean {
  if (task.status !== 'failed' && task.status !== 'cancelled') return wrongState(task);
  task.attempt = 0;
  task.error = null;
  putBack(state, task, { action: 'requeued', actor, details: { reason: ANYTHING } });
  return true;
}

export function editNotes(
  state: State,
  task: Task,
  { actor, notes }: By & { notes: string | undefined },
): boolean {
  if (notes === undefined || notes === task.notes) return false;
  task.notes = notes;
  log(state, task, { action: 'notes_updated', actor, details: { notes } });
  return true;
}

/** The reason stands until the switch is turned, or another reason is given. */
export function turn(state: State, { body }: Command, paused: boolean): Reply {
  const same = paused === state.queue.paused && (body.reason ?? state.queue.reason) === state.queue.reason;
  if (!same) state.queue = { paused, reason: body.reason ?? null };
  return answer(state.queue, !same);
}
