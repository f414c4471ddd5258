/** What people ask for: new tasks, changes to them, and the queue's own switch. */
import { createMove } from './move.ts';
import type { Caller } from './ownership.ts';
import * as edits from './task-edits.ts';
import type { Origin, Task } from './task.ts';
import type { TaskServiceDeps } from './task-deps.ts';
import type { Actor, Priority } from './vocabulary.ts';
import { work, type QueueState, type Work } from './work.ts';

export interface SubmitTask {
  readonly description: string;
  readonly priority?: Priority | undefined;
  readonly target?: string | undefined;
  readonly submittedBy?: string | undefined;
  readonly actor?: Actor | undefined;
  readonly origin?: Origin | undefined;
}

export function createEditUseCases({ clock, policy }: TaskServiceDeps) {
  const move = createMove(clock);

  return {
    /** Submits once per origin: the same request of a front end, seen twice, makes one task. */
    submit(wanted: SubmitTask): Work<Task> {
      const origin = wanted.origin ?? null;
      return work<'newTask', Task>({ read: 'newTask', origin }, ({ id, existing }) => {
        if (existing !== null) return { result: existing };
        const submission: edits.Submission = {
          id,
          description: wanted.description,
          priority: wanted.priority ?? 'medium',
          target: wanted.target ?? null,
          submittedBy: wanted.submittedBy ?? null,
          origin,
          maxAttempts: policy.maxAttempts,
        };
        const made = edits.submit(submission, { actor: wanted.actor ?? 'operator', now: clock.now() });
        return { result: made.after, changes: [made] };
      });
    },

    cancel(id: number, caller: Caller, reason?: string): Work<Task> {
      return move(id, caller, { make: (task, act) => edits.cancel(task, reason, act) });
    },

    requeue(id: number, caller: Caller): Work<Task> {
      return move(id, caller, { make: (task, act) => edits.requeue(task, act) });
    },

    edit(id: number, caller: Caller, description: string): Work<Task> {
      return move(id, caller, { make: (task, act) => edits.edit(task, description, act) });
    },

    changePriority(id: number, caller: Caller, priority: Priority): Work<Task> {
      return move(id, caller, { make: (task, act) => edits.changePriority(task, priority, act) });
    },

    pause: (reason?: string) => setQueue({ paused: true, reason: reason ?? null }),
    resume: (reason?: string) => setQueue({ paused: false, reason: reason ?? null }),
  };
}

function setQueue(wanted: QueueState): Work<QueueState> {
  return work<'queue', QueueState>({ read: 'queue' }, ({ queue }) => {
    const same = queue.paused === wanted.paused && (wanted.reason === null || queue.reason === wanted.reason);
    return same ? { result: queue } : { result: wanted, queue: wanted };
  });
}
