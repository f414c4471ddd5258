/**
 * What a worker is told about its runs while they go on: that a lease is gone, and how; new replies; answers to what
 * they asked. Answered at once when there is something to say, else as soon as there is.
 */
import type { NewsRoom, WatchWish } from './news-room.ts';
import type { Clock, Store } from './ports.ts';
import type { Question, Reply } from './question.ts';
import type { RunService } from './run-service.ts';

/** What a worker knows of one of its runs. */
export interface KnownRun {
  readonly leaseId: string;
  /** The newest reply that it knows. */
  readonly repliesAfter: number;
  /** Questions whose answer it waits for. */
  readonly questions: readonly number[];
  /** Those whose answer it has gone on with, and those that it has left behind. */
  readonly heard: readonly number[];
  readonly left: readonly number[];
}

export interface RunSignal {
  readonly leaseId: string;
  readonly taskId: number | null;
  readonly ended: boolean;
  /** How the lease ended; `unknown` for one that this worker never had. */
  readonly reason: string | null;
  readonly replies: readonly Reply[];
  readonly answers: readonly Question[];
}

export interface SignalsWish extends Pick<WatchWish, 'onGone'> {
  readonly instanceId: string;
  readonly runs: readonly KnownRun[];
  readonly waitMs: number;
}

export interface Signals {
  /** Only runs with news; empty when there were none in time. */
  ask(wish: SignalsWish): Promise<readonly RunSignal[]>;
}

export interface SignalsDeps {
  readonly store: Pick<Store, 'runOfLease' | 'replies' | 'question' | 'decide'>;
  readonly room: NewsRoom;
  readonly runs: Pick<RunService, 'heard' | 'left'>;
  readonly clock: Clock;
}

export function createSignals(deps: SignalsDeps): Signals {
  const { store, room, clock } = deps;

  async function signalOf(known: KnownRun, instanceId: string): Promise<RunSignal> {
    const { lease } = await store.runOfLease(known.leaseId);
    const about = { leaseId: known.leaseId, replies: [], answers: [] };
    // Nothing is said about a lease of another instance but that it is not this one's.
    if (lease?.instanceId !== instanceId) return { ...about, taskId: null, ended: true, reason: 'unknown' };
    const { taskId, outcome } = lease;
    if (outcome !== null) return { ...about, taskId, ended: true, reason: outcome };
    const replies = await store.replies(taskId, known.repliesAfter);
    const asked = await Promise.all(known.questions.map((id) => store.question(id)));
    const answered = asked.filter((one) => one?.taskId === taskId && one.status === 'answered');
    return {
      ...about,
      taskId,
      ended: false,
      reason: null,
      replies,
      answers: answered.filter((one) => one !== null),
    };
  }

  async function newsOf(runs: readonly KnownRun[], instanceId: string): Promise<RunSignal[]> {
    const all = await Promise.all(runs.map((known) => signalOf(known, instanceId)));
    return all.filter(isNews);
  }

  return {
    async ask({ instanceId, runs, waitMs, onGone }) {
      const tasks = await tasksOf(runs, store);
      const deadlineMs = clock.monotonicMs() + waitMs;
      const watch = room.watch({ taskIds: [...new Set(tasks.values())], deadlineMs, onGone });
      try {
        for (const known of runs) await settle(known, instanceId, deps);
        let news = await newsOf(runs, instanceId);
        while (news.length === 0 && waitMs > 0) {
          const ids = await watch.next();
          const touched = runs.filter(({ leaseId }) => ids.includes(tasks.get(leaseId) ?? 0));
          news = await newsOf(touched, instanceId);
          if (ids.length === 0) break;
        }
        return news;
      } finally {
        watch.end();
      }
    },
  };
}

const isNews = ({ ended, replies, answers }: RunSignal) => ended || replies.length + answers.length > 0;

async function tasksOf(runs: readonly KnownRun[], store: Pick<Store, 'runOfLease'>) {
  const found = new Map<string, number>();
  for (const { leaseId } of runs) {
    const { lease } = await store.runOfLease(leaseId);
    if (lease !== null) found.set(leaseId, lease.taskId);
  }
  return found;
}

/** What a run says of its questions. It says so again and again, so it is looked at before anything is written. */
async function settle(
  { leaseId, heard, left }: KnownRun,
  instanceId: string,
  { store, runs }: Pick<SignalsDeps, 'store' | 'runs'>,
): Promise<void> {
  if (heard.length + left.length === 0) return;
  const { lease, run } = await store.runOfLease(leaseId);
  if (run === null || lease?.instanceId !== instanceId || lease.outcome !== null) return;
  const found = await Promise.all([...heard, ...left].map((id) => store.question(id)));
  const isOwn = (id: number, isSo: (question: Question) => boolean) =>
    found.some((one) => one?.id === id && one.taskId === run.taskId && one.run === run.number && isSo(one));
  const told = heard.filter((id) => isOwn(id, ({ status, isTold }) => status === 'answered' && !isTold));
  const open = left.filter((id) => isOwn(id, ({ status }) => status === 'open'));
  if (told.length > 0) await store.decide(runs.heard(run.taskId, told));
  if (open.length > 0) await store.decide(runs.left(run.taskId, open));
}
