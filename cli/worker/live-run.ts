/** One run while it lives: its lease, what it tells, what it is told, and what it has used. */
import type { RunSignal } from './signal-listener.ts';
import { ClientError } from '../errors.ts';
import type { Claim } from './claim.ts';
import type { Reply } from './executor.ts';
import type { HeldLease } from './lease-keeper.ts';
import { createPoster, type Poster } from './progress-poster.ts';
import { createQuestions, type Questions } from './run-questions.ts';
import { createRunWatcher, type RunWatcher } from './run-watcher.ts';
import type { PlaceOfRun } from './runs-of-tasks.ts';
import type { ProjectSettings } from './settings.ts';
import { createStopper, type Stopper } from './stop-cause.ts';
import { createStopwatch, type Stopwatch } from './stopwatch.ts';
import { FOR_TEXTS } from './worker-api.ts';
import type { Kit } from './worker-kit.ts';
import { errorText } from './worker-log.ts';

export interface LiveRun {
  readonly claim: Claim;
  readonly project: ProjectSettings;
  readonly kit: Kit;
  readonly stopper: Stopper;
  readonly stopwatch: Stopwatch;
  readonly lease: HeldLease;
  readonly poster: Poster;
  readonly questions: Questions;
  readonly watcher: RunWatcher;
  /** Among the runs of its task on this machine. */
  readonly place: PlaceOfRun;
  /** Replies go there from now on; those that came before, at once. */
  readonly onReply: (take: (reply: Reply) => void) => void;
  /** What the server says of the lease from now on concerns nobody: its end is known, or is being told. */
  readonly unwatch: () => void;
  /** It waits for nothing any more. */
  readonly close: () => void;
}

export function openRun(claim: Claim, project: ProjectSettings, kit: Kit): LiveRun {
  const { lease: granted, run } = claim;
  const place = kit.runsOfTasks.begin(claim.task.id, run.number);
  const stopper = createStopper();
  const stopwatch = createStopwatch(kit.clock);
  const lease = leaseOf(claim, kit, stopper);
  const watcher = createRunWatcher({
    poster: () => poster,
    questions: () => questions,
    stopwatch,
    redact: kit.redact,
    spent: (costUsd) => {
      kit.spending.note(granted.lease_id, costUsd);
    },
    lastReply: run.replies_after,
  });
  const about = { claim, kit, stopper, lease };
  const poster = posterOf(about, watcher);
  const questions = questionsOf(about, poster);
  const replies = createReplies(Math.max(run.replies_after, ...run.replies.map(({ number }) => number)));
  const unwatch = kit.listener.watch({
    leaseId: granted.lease_id,
    known: () => ({
      repliesAfter: replies.newest(),
      questions: questions.waiting(),
      heard: questions.heard(),
      left: questions.left(),
    }),
    hear: (signal) => {
      hear(signal, { lease, questions, replies });
    },
  });
  stopper.signal.addEventListener('abort', questions.giveUp);
  // A lease that is over is news for ever: it would be told again and again.
  stopper.lost.addEventListener('abort', unwatch);
  return {
    ...{ claim, project, kit, stopper, stopwatch, lease, poster, questions, watcher, place },
    onReply: replies.to,
    unwatch,
    close() {
      unwatch();
      poster.stop();
      lease.letGo();
      place.end();
    },
  };
}

function leaseOf({ lease }: Claim, { keeper }: Kit, stopper: Stopper): HeldLease {
  const kept = { leaseId: lease.lease_id, heartbeatMs: lease.heartbeat_seconds * 1000 };
  return keeper.hold(kept, (reason) => {
    stopper.stop({ kind: 'lost', reason });
  });
}

interface About {
  readonly claim: Claim;
  readonly kit: Kit;
  readonly stopper: Stopper;
  readonly lease: HeldLease;
}

function posterOf({ claim, kit, stopper, lease }: About, watcher: RunWatcher): Poster {
  const { task, lease: granted } = claim;
  return createPoster({
    clock: kit.clock,
    totals: watcher.totalsBody,
    redact: kit.redact,
    send: (batch) =>
      kit.api.postMessages(
        task.id,
        { lease_id: granted.lease_id, ...batch },
        { signal: stopper.lost, patience: FOR_TEXTS },
      ),
    refused: (error) => {
      const reason = lossIn(error);
      if (reason !== undefined) lease.lost(reason);
      else if (!stopper.lost.aborted)
        kit.log.warn('the server takes no more messages of the run', {
          task_id: task.id,
          error: errorText(error),
        });
    },
  });
}

function questionsOf({ claim, kit, stopper, lease }: About, poster: Poster): Questions {
  const { task, lease: granted } = claim;
  return createQuestions({
    clock: kit.clock,
    holdMs: kit.settings.holdMs,
    redact: kit.redact,
    changed: () => {
      kit.listener.renew();
    },
    async post(body) {
      try {
        // What was said before it is read before it.
        await poster.flush();
        const reach = { signal: stopper.lost, patience: FOR_TEXTS };
        const { question } = await kit.api.askQuestion(
          task.id,
          { lease_id: granted.lease_id, ...body },
          reach,
        );
        return question;
      } catch (error) {
        const reason = lossIn(error);
        if (reason !== undefined) lease.lost(reason);
        else kit.log.warn('a question was not taken', { task_id: task.id, error: errorText(error) });
        throw error;
      }
    },
  });
}

/** How the lease ended, where that is what the server says. */
export function lossIn(error: unknown): string | undefined {
  if (!(error instanceof ClientError) || error.code !== 'lease_lost') return undefined;
  const { status } = (error.facts.details ?? {}) as { status?: unknown };
  return status === 'cancelled' ? 'cancelled' : 'lost';
}

interface Replies {
  readonly newest: () => number;
  take(reply: Reply): void;
  readonly to: (take: (reply: Reply) => void) => void;
}

function createReplies(known: number): Replies {
  const waiting: Reply[] = [];
  let newest = known;
  let pass = (reply: Reply): void => {
    waiting.push(reply);
  };
  return {
    newest: () => newest,
    take(reply) {
      if (reply.number <= newest) return;
      newest = reply.number;
      pass(reply);
    },
    to(take) {
      pass = take;
      for (const reply of waiting.splice(0)) take(reply);
    },
  };
}

type Ears = Pick<LiveRun, 'lease' | 'questions'> & { readonly replies: Replies };

function hear(signal: RunSignal, { lease, questions, replies }: Ears): void {
  if (signal.ended) lease.lost(signal.reason ?? 'unknown');
  questions.hear(signal.answers);
  for (const reply of signal.replies) replies.take(reply);
}
