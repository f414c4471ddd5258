/**
 * What a worker is told about its runs while they go on: that a lease is gone, and how; new replies; answers to what
 * they asked. Answered at once when there is something to say, else as soon as there is.
 */
import type { NewsRoom, WatchWish } from './news-room.ts';
import type { Clock, Store } from './ports.ts';
import type { Question, Reply } from './question.ts';
import type { RunUseCases } from './run-use-cases.ts';

/** What a worker knows of one of its runs. */
export interface KnownRun {
  readonly leaseId: string;
  /** The newest reply that it knows. */
  readonly repliesAfter: number;
  /** Questions whose answer it waits for. */
  readonly questions: readonly number[];
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
  readonly runs: Pick<RunUseCases, 'heard'>;
  readonly clock: Clock;
}

export function createSignals(deps: SignalsDeps): Signals {
  const { store, room, clock } = deps;
  const answers = createHandedAnswers(deps);

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
        await answers.settle(runs, tasks);
        let news = await newsOf(runs, instanceId);
        while (news.length === 0 && waitMs > 0) {
          const ids = await watch.next();
          const touched = runs.filter(({ leaseId }) => ids.includes(tasks.get(leaseId) ?? 0));
          news = await newsOf(touched, instanceId);
          if (ids.length === 0) break;
        }
        answers.handOver(news);
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

/**
 * Answers that were handed to a run. When the run waits for one of them no longer, it has heard it, and the next run
 * need not be told. Lost with the process: then an answer may be told once more, which harms nobody.
 */
function createHandedAnswers({ store, runs: useCases }: Pick<SignalsDeps, 'store' | 'runs'>) {
  const handed = new Map<string, Set<number>>();
  return {
    handOver(news: readonly RunSignal[]): void {
      for (const { leaseId, ended, answers } of news) {
        if (ended) handed.delete(leaseId);
        else if (answers.length > 0) {
          handed.set(leaseId, new Set([...(handed.get(leaseId) ?? []), ...answers.map(({ id }) => id)]));
        }
      }
    },
    async settle(runs: readonly KnownRun[], tasks: ReadonlyMap<string, number>): Promise<void> {
      for (const { leaseId, questions } of runs) {
        const heard = [...(handed.get(leaseId) ?? [])].filter((id) => !questions.includes(id));
        const taskId = tasks.get(leaseId);
        if (heard.length === 0 || taskId === undefined) continue;
        await store.decide(useCases.heard(taskId, heard));
        const left = [...(handed.get(leaseId) ?? [])].filter((id) => !heard.includes(id));
        if (left.length === 0) handed.delete(leaseId);
        else handed.set(leaseId, new Set(left));
      }
    },
  };
}
