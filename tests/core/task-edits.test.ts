/** What people do to a task, and what it may no longer be done to. */
import { describe, expect, it } from 'vitest';
import { cancel, changePriority, edit, requeue, submit, updateNotes } from '../../src/core/task-edits.ts';
import { NO_BUDGET, type Act, type Task, type TaskChange } from '../../src/core/task.ts';
import type { TaskStatus } from '../../src/core/vocabulary.ts';
import { aFinishedTask, aRunningTask, aTask, minutesAfterNoon } from '../support/builders.ts';

const now = minutesAfterNoon(31);
const act: Act = { actor: 'discord:7', keyId: null, now };

function inStatus(status: TaskStatus, facts: Partial<Task> = {}): Task {
  if (status === 'pending') return aTask(facts);
  if (status === 'in_progress') return aRunningTask(facts);
  return aFinishedTask(status, facts);
}

describe('a submission', () => {
  const wanted = {
    id: 9,
    description: '  Fix it\nplease',
    priority: 'high',
    target: 'nas',
    submittedBy: '@ada',
    origin: { frontEnd: 'discord', ref: 'i-1' },
    maxAttempts: 4,
    project: 'notes',
    requires: ['docker', 'gpu'],
    model: null,
    budget: NO_BUDGET,
  } as const;

  it('is a pending task that remembers all it was asked with', () => {
    const made = submit(wanted, act);
    expect(made.before).toBeNull();
    expect(made.after).toEqual(aTask({ ...wanted, createdBy: 'discord:7', createdAt: now, updatedAt: now }));
  });

  it('is told with everything its card shows', () => {
    expect(submit(wanted, act).event).toEqual({
      taskId: 9,
      action: 'created',
      actor: 'discord:7',
      keyId: null,
      instanceId: null,
      timestamp: now,
      details: {
        title: 'Fix it',
        description: '  Fix it\nplease',
        priority: 'high',
        project: 'notes',
        target: 'nas',
        submitted_by: '@ada',
        submitter: 'discord:7',
      },
    });
  });
});

describe('cancelling', () => {
  it('ends a running task, keeps who held it and ends the lease', () => {
    const task = aRunningTask({ notes: 'half', error: 'before' });
    const made = cancel(task, 'not needed', act);
    const ended = { status: 'cancelled', lease: null, completedAt: now, updatedAt: now } as const;
    expect(made.after).toEqual({ ...task, ...ended });
    expect(made.leaseEnd).toEqual({
      leaseId: 'lease-1',
      outcome: 'cancelled',
      endedBy: 'discord:7',
      endedAt: now,
    });
    expect(made.event).toMatchObject({
      action: 'cancelled',
      actor: 'discord:7',
      instanceId: 'mac',
      details: { reason: 'not needed', instance_name: 'MacBook-Claude', duration_ms: 1_800_000 },
    });
  });

  it('ends a waiting task, which has no duration and no lease', () => {
    const made = cancel(aTask({ notBefore: now }), undefined, act);
    expect(made.after).toEqual(
      aTask({ status: 'cancelled', completedAt: now, updatedAt: now, notBefore: null }),
    );
    expect(made.event.details).toEqual({ title: 'Deploy new monitoring stack', submitter: 'operator' });
    expect(made).not.toHaveProperty('leaseEnd');
  });
});

describe('requeueing', () => {
  it.each(['failed', 'cancelled'] as const)('gives a %s task a fresh start with its notes', (status) => {
    const task = aFinishedTask(status, { attempt: 3, error: 'no disk', notes: 'look at the log' });
    const made = requeue(task, act);
    expect(made.after).toEqual(
      aTask({ notes: 'look at the log', updatedAt: now, attempt: 0, error: null, completedAt: null }),
    );
    expect(made.event).toMatchObject({
      action: 'requeued',
      actor: 'discord:7',
      details: { reason: `It was ${status}.` },
    });
  });
});

describe('edits', () => {
  it('change the description of a pending task', () => {
    const made = edit(aTask(), 'Deploy it twice', act);
    expect(made?.after).toEqual(aTask({ description: 'Deploy it twice', updatedAt: now }));
    expect(made?.event).toMatchObject({
      action: 'edited',
      details: { title: 'Deploy it twice', description: 'Deploy it twice' },
    });
  });

  it.each(['pending', 'in_progress'] as const)('change the priority of a task that is %s', (status) => {
    const task = inStatus(status);
    const made = changePriority(task, 'high', act);
    expect(made?.after).toEqual({ ...task, priority: 'high', updatedAt: now });
    expect(made?.event).toMatchObject({
      action: 'priority_changed',
      details: { priority: 'high', previous_priority: 'medium' },
    });
    expect(made).not.toHaveProperty('leaseEnd');
  });

  it.each(['pending', 'in_progress', 'completed', 'failed', 'cancelled'] as const)(
    'change the notes of a task that is %s',
    (status) => {
      const task = inStatus(status, { notes: 'old' });
      const made = updateNotes(task, 'new', act);
      expect(made?.after).toEqual({ ...task, notes: 'new', updatedAt: now });
      expect(made?.event).toMatchObject({ action: 'notes_updated', details: { notes: 'new' } });
    },
  );

  it('that change nothing make no event', () => {
    expect(edit(aTask(), aTask().description, act)).toBeNull();
    expect(changePriority(aTask(), 'medium', act)).toBeNull();
    expect(updateNotes(aTask({ notes: 'same' }), 'same', act)).toBeNull();
  });
});

const MOVES: Record<string, { allowed: readonly TaskStatus[]; make: (task: Task) => TaskChange | null }> = {
  cancelled: { allowed: ['pending', 'in_progress'], make: (task) => cancel(task, undefined, act) },
  requeued: { allowed: ['failed', 'cancelled'], make: (task) => requeue(task, act) },
  edited: { allowed: ['pending'], make: (task) => edit(task, 'other words', act) },
  'edited to the same words': { allowed: ['pending'], make: (task) => edit(task, task.description, act) },
  'given another priority': {
    allowed: ['pending', 'in_progress'],
    make: (task) => changePriority(task, 'low', act),
  },
  'given the same priority': {
    allowed: ['pending', 'in_progress'],
    make: (task) => changePriority(task, task.priority, act),
  },
};

describe.each(Object.entries(MOVES))('a task can be %s', (_name, { allowed, make }) => {
  it.each(['pending', 'in_progress', 'completed', 'failed', 'cancelled'] as const)('or not: %s', (status) => {
    const attempt = () => make(inStatus(status));
    if (allowed.includes(status)) expect(attempt).not.toThrow();
    else
      expect(attempt).toThrow(expect.objectContaining({ code: 'invalid_transition', details: { status } }));
  });
});
