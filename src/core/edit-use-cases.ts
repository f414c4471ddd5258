/** What people ask for: new tasks, and changes to them. */
import { DomainError } from './errors.ts';
import { laneOf, tooManyLanes, type Demand } from './lanes.ts';
import { createMove, speakerOf, type Move } from './move.ts';
import { actOf, actorOf, type Caller } from './ownership.ts';
import { requireSteering } from './person.ts';
import { requireRoom, tallyFor, withoutRate, type PersonLimits } from './person-limits.ts';
import { MOST_ATTACHMENTS, type StoredFile } from './run-files.ts';
import type { Attachment } from './run-state.ts';
import * as edits from './task-edits.ts';
import { NO_BUDGET, type Origin, type Task, type TaskBudget } from './task.ts';
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
  readonly project?: string | undefined;
  readonly requires?: readonly string[] | undefined;
  readonly model?: string | undefined;
  readonly budget?: TaskBudget | undefined;
  /** Files that are stored already: see `AttachmentShelf`. */
  readonly attachments?: readonly StoredFile[] | undefined;
  /** Only what came with an origin counts, so they are for people of a front end. */
  readonly limits?: PersonLimits | undefined;
}

export function createEditUseCases(deps: TaskServiceDeps) {
  const { clock, policy } = deps;
  const move = createMove(deps);

  return {
    /** Submits once per origin: the same request of a front end, seen twice, makes one task. */
    submit(wanted: SubmitTask, caller: Caller = {}): Work<Task> {
      const { limits, origin = null } = wanted;
      const actor = wanted.actor ?? actorOf(caller, null);
      const tallied = limits && tallyFor(actor, limits, clock.now());
      return work<'newTask', Task>(
        { read: 'newTask', origin, lane: laneOf(demandOf(wanted)), tally: tallied },
        ({ id, existing, tally, hasRoom }) => {
          if (existing !== null) return { result: existing };
          if (!hasRoom) throw tooManyLanes();
          const now = clock.now();
          if (limits && tally) requireRoom(limits, tally, now);
          const act = actOf({ ...caller, actor }, null, now);
          const made = edits.submit(submissionOf(wanted, id, policy.maxAttempts), act);
          const files = attachmentsOf(wanted, id);
          return {
            result: made.after,
            changes: [made],
            ...(files.length > 0 && { runs: [{ attachments: files }] }),
          };
        },
        speakerOf(caller),
      );
    },

    cancel(id: number, caller: Caller, reason?: string): Work<Task> {
      return move(id, caller, { make: cancelling(caller, reason) });
    },

    /** It is open again, and so takes room at a limited person who queued it; it is no new submission. */
    requeue(id: number, caller: Caller, limits?: PersonLimits): Work<Task> {
      const open = limits && withoutRate(limits);
      const tally = open && tallyFor(actorOf(caller, null), open, clock.now());
      return move(id, caller, { reopens: true, tally, make: requeueing(caller, open) });
    },

    edit(id: number, caller: Caller, description: string): Work<Task> {
      return move(id, caller, { make: (task, act) => edits.edit(task, description, act) });
    },

    changePriority(id: number, caller: Caller, priority: Priority): Work<Task> {
      return move(id, caller, { make: (task, act) => edits.changePriority(task, priority, act) });
    },
  };
}

/** What a worker runs, not everybody may stop. */
function cancelling(caller: Caller, reason: string | undefined): Move['make'] {
  return (task, act, { run }) => {
    if (run?.run != null) requireSteering(task, caller);
    return edits.cancel(task, reason, act);
  };
}

/** Nor have it run again. */
function requeueing(caller: Caller, limits: PersonLimits | undefined): Move['make'] {
  return (task, act, { tally, run }) => {
    if (run !== null && run.work.runs > 0) requireSteering(task, caller);
    const made = edits.requeue(task, act);
    if (limits && tally && task.createdBy === act.actor) requireRoom(limits, tally, act.now);
    return made;
  };
}

/** Numbered from 1, as they were given. */
function attachmentsOf({ attachments = [] }: SubmitTask, taskId: number): readonly Attachment[] {
  if (attachments.length <= MOST_ATTACHMENTS) {
    return attachments.map((file, index) => ({ ...file, taskId, number: index + 1 }));
  }
  throw new DomainError('invalid_input', `A task takes at most ${MOST_ATTACHMENTS} attachments.`);
}

function demandOf({ target, project, requires }: SubmitTask): Demand {
  const words = [...new Set(requires)].sort();
  return { target: target ?? null, project: project ?? null, requires: words };
}

function submissionOf(wanted: SubmitTask, id: number, maxAttempts: number): edits.Submission {
  return {
    id,
    description: wanted.description,
    priority: wanted.priority ?? 'medium',
    ...demandOf(wanted),
    submittedBy: wanted.submittedBy ?? null,
    origin: wanted.origin ?? null,
    maxAttempts,
    model: wanted.model ?? null,
    budget: wanted.budget ?? NO_BUDGET,
  };
}
