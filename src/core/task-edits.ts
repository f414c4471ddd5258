/** What people do to a task: submit, edit, raise, annotate, cancel, and give it a second chance. */
import {
  illegal,
  isFinished,
  type Act,
  type Origin,
  type Task,
  type TaskBudget,
  type TaskChange,
} from './task.ts';
import { backInQueue, change, end } from './task-change.ts';
import type { Priority } from './vocabulary.ts';

export interface Submission {
  readonly id: number;
  readonly description: string;
  readonly priority: Priority;
  readonly target: string | null;
  readonly submittedBy: string | null;
  readonly origin: Origin | null;
  readonly maxAttempts: number;
  readonly project: string | null;
  readonly requires: readonly string[];
  readonly model: string | null;
  readonly budget: TaskBudget;
}

export function submit(wanted: Submission, act: Act): TaskChange {
  const after: Task = {
    ...wanted,
    status: 'pending',
    instanceId: null,
    instanceName: null,
    lease: null,
    attempt: 0,
    createdAt: act.now,
    claimedAt: null,
    completedAt: null,
    notBefore: null,
    updatedAt: act.now,
    notes: null,
    error: null,
    createdBy: act.actor,
    parked: null,
    result: null,
  };
  return change(null, after, {
    action: 'created',
    act,
    details: {
      description: after.description,
      priority: after.priority,
      ...(after.target !== null && { target: after.target }),
      ...(after.project !== null && { project: after.project }),
    },
  });
}

export function cancel(task: Task, reason: string | undefined, act: Act): TaskChange {
  if (task.status !== 'pending' && task.status !== 'in_progress') throw illegal(task, 'cancelled');
  return end(
    task,
    { ...task, status: 'cancelled' },
    {
      action: 'cancelled',
      outcome: 'cancelled',
      act,
      details: { ...(reason !== undefined && { reason }) },
    },
  );
}

/** A person's second chance for a failed or cancelled task: attempts start anew, notes stay. */
export function requeue(task: Task, act: Act): TaskChange {
  if (task.status !== 'failed' && task.status !== 'cancelled') {
    throw illegal(task, 'requeued', 'Only failed and cancelled tasks can be.');
  }
  const after: Task = { ...backInQueue(task, act.now), attempt: 0, error: null };
  return change(task, after, { action: 'requeued', act, details: { reason: `It was ${task.status}.` } });
}

export function edit(task: Task, description: string, act: Act): TaskChange | null {
  if (task.status !== 'pending') throw illegal(task, 'edited', 'Only pending tasks can be.');
  if (description === task.description) return null;
  return change(
    task,
    { ...task, description, updatedAt: act.now },
    {
      action: 'edited',
      act,
      details: { description },
    },
  );
}

/** Null when the task has that priority already: nothing happened, so nothing is told. */
export function changePriority(task: Task, priority: Priority, act: Act): TaskChange | null {
  if (isFinished(task)) throw illegal(task, 'given another priority');
  if (priority === task.priority) return null;
  return change(
    task,
    { ...task, priority, updatedAt: act.now },
    {
      action: 'priority_changed',
      act,
      details: { priority, previous_priority: task.priority },
    },
  );
}

export function updateNotes(task: Task, notes: string, act: Act): TaskChange | null {
  if (notes === task.notes) return null;
  return change(
    task,
    { ...task, notes, updatedAt: act.now },
    {
      action: 'notes_updated',
      act,
      details: { notes },
    },
  );
}
