/** Ending an attempt: by saying so, or by naming the status it leads to. */
import { titleOf } from './event.ts';
import { missingScope } from './key.ts';
import { heardBy } from './heard-replies.ts';
import { createMove, settled, speakerOf, type Ending } from './move.ts';
import { actOf, isRepeat, requireOwnership, type Caller } from './ownership.ts';
import { releaseFor, type Releasing } from './release-cause.ts';
import type { RunReport } from './run.ts';
import type { RunState } from './run-state.ts';
import { complete, fail, release, type Completion, type Failure } from './task-attempts.ts';
import { cancel, requeue, updateNotes } from './task-edits.ts';
import { illegal, isFinished, required, type Act, type Task, type TaskChange } from './task.ts';
import type { TaskServiceDeps } from './task-deps.ts';
import type { LeaseOutcome, TaskStatus } from './vocabulary.ts';
import { work, type Work } from './work.ts';

export interface Completed {
  readonly task: Task;
  readonly next: Task | null;
}

/** How the run that ends reports of itself. */
interface Reporting {
  readonly report?: RunReport | undefined;
}

export interface Completing extends Reporting {
  readonly notes?: string | undefined;
}

export interface StatusWish {
  readonly status?: TaskStatus | undefined;
  readonly notes?: string | undefined;
}

export function createEndUseCases(deps: TaskServiceDeps) {
  const { clock, limitsAt } = deps;
  const move = createMove(deps);

  return {
    /** Text alone is notes. */
    complete(id: number, caller: Caller, done: string | Completing = {}): Work<Completed> {
      const { notes, report } = typeof done === 'string' ? { notes: done, report: undefined } : done;
      const which = { id, leaseId: caller.leaseId, limits: limitsAt(clock.now()) };
      return work<'taskAndNext', Completed>(
        { read: 'taskAndNext', ...which },
        ({ task, lease, next, run }) => {
          const found = required(task, id);
          const act = actOf(caller, lease, clock.now());
          if (isRepeat({ task: found, lease, caller }, ['completed']))
            return { result: { task: found, next } };
          requireOwnership(found, caller);
          const change = complete(found, { notes, nextTask: toNextTask(next) }, act);
          const heard = heardBy(run, { task: found, caller, report });
          const ended = settled({ change, end: { report, heard } }, run, act);
          return { ...ended, result: { task: ended.result, next } };
        },
        speakerOf(caller),
      );
    },

    fail(id: number, caller: Caller, failure: Failure & Reporting): Work<Task> {
      return move(id, caller, {
        repeats: ['failed', 'retried'],
        make: (task, act) => ({ change: fail(task, failure, act), end: { report: failure.report } }),
      });
    },

    release(id: number, caller: Caller, how: Releasing & Reporting): Work<Task> {
      const { cause, report } = how;
      return move(id, caller, {
        // Some causes make a failed attempt of it.
        repeats: cause === undefined ? ['released'] : ['released', 'retried', 'failed'],
        fault: cause?.kind === 'fault' ? cause.fault : undefined,
        make(task, act, { run, faulty }) {
          const { change, end } = releaseFor(task, how, { seen: { state: run, faulty }, act });
          return { change, end: { ...end, report } };
        },
      });
    },

    /** The one call that can make any move; notes alone only update notes. */
    setStatus(id: number, caller: Caller, wish: StatusWish): Work<Task> {
      return move(id, caller, {
        ...needsOf(wish.status),
        make: (task, act, { next, run }) => statusEnding({ task, run, act }, caller, { ...wish, next }),
      });
    },
  };
}

interface Seen {
  readonly task: Task;
  readonly run: RunState | null;
  readonly act: Act;
}

type WishAndNext = StatusWish & { readonly next: Task | null };

function statusEnding({ task, run, act }: Seen, caller: Caller, wish: WishAndNext): Ending | null {
  requireOwnMove(task, caller, wish.status);
  const change = statusMove(task, wish, act);
  return change && { change, end: { heard: heardBy(run, { task, caller }) } };
}

function toNextTask(next: Task | null): Completion['nextTask'] {
  return next === null ? undefined : { id: next.id, title: titleOf(next.description) };
}

function needsOf(status: TaskStatus | undefined) {
  return {
    repeats: repeatsOf(status),
    seesNext: status === 'completed',
    reopens: status === 'pending',
  };
}

function repeatsOf(status: TaskStatus | undefined): readonly LeaseOutcome[] {
  if (status === 'completed') return ['completed'];
  if (status === 'failed') return ['failed'];
  if (status === 'cancelled') return ['cancelled'];
  if (status === 'pending') return ['released'];
  return [];
}

/** A worker ends its own attempt and no more: to cancel a task or to give it another chance is for others. */
function requireOwnMove(task: Task, { key }: Caller, status: TaskStatus | undefined): void {
  if (key?.scope !== 'worker' || status === undefined || status === task.status) return;
  if (status === 'cancelled' || (status === 'pending' && isFinished(task))) throw missingScope(key, 'submit');
}

/** The table of moves by target status. The status it already has is no move; notes may still change. */
function statusMove(task: Task, { status, notes, next }: WishAndNext, act: Act): TaskChange | null {
  if (status === undefined || status === task.status) {
    return notes === undefined ? null : updateNotes(task, notes, act);
  }
  switch (status) {
    case 'in_progress':
      throw illegal(task, 'set to in_progress', `Use claim (POST /api/tasks/${task.id}/claim).`);
    case 'completed':
      return complete(task, { notes, nextTask: toNextTask(next) }, act);
    case 'failed':
      return fail(task, { error: null, notes, retry: false, retryInMs: 0 }, act);
    case 'cancelled':
      return withNotes(cancel(task, undefined, act), notes);
    case 'pending':
      return withNotes(backToPending(task, act), notes);
  }
}

function backToPending(task: Task, act: Act): TaskChange {
  return task.status === 'in_progress' ? release(task, { retryInMs: 0 }, act) : requeue(task, act);
}

/** Notes that came along with a move are part of it: one change, one event. */
function withNotes(made: TaskChange, notes: string | undefined): TaskChange {
  if (notes === undefined) return made;
  const details = { ...made.event.details, notes };
  return { ...made, after: { ...made.after, notes }, event: { ...made.event, details } };
}
