/** What people ask for: new tasks, and changes to them. */
import { createMove, speakerOf } from './move.ts';
import { actOf, type Caller } from './ownership.ts';
import * as edits from './task-edits.ts';
import type { Origin, Task } from './task.ts';
import type { TaskServiceDeps } from './task-deps.ts';
import type { Actor, Priority } from './vocabulary.ts';
import { work, type Work } from './work.ts';

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
    submit(wanted: SubmitTask, caller: Caller = {}): Work<Task> {
      const origin = wanted.origin ?? null;
      const load = { read: 'newTask', origin } as const;
      return work<'newTask', Task>(
        load,
        ({ id, existing }) => {
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
          const by = wanted.actor === undefined ? caller : { ...caller, actor: wanted.actor };
          const made = edits.submit(submission, actOf(by, null, clock.now()));
          return { result: made.after, changes: [made] };
        },
        speakerOf(caller),
      );
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
  };
}
