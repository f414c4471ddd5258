/** What an executor tells of its run, as the server is told it: without secrets, in its limits, counted. */
import type { Totals as TotalsBody } from '../../src/contract/run.ts';
import { cutEnd } from './cut.ts';
import { NO_TOTALS, type Totals, type Watcher } from './executor.ts';
import type { Poster } from './progress-poster.ts';
import type { Questions } from './run-questions.ts';
import type { Stopwatch } from './stopwatch.ts';

export interface RunWatcher extends Watcher {
  readonly totalsBody: () => TotalsBody;
  /** The last reply that the run has taken in; 0: none. */
  readonly lastReply: () => number;
  readonly sessionId: () => string | null;
  /** The session that is kept has heard the task in these words: a mark of them. */
  sessionTold(mark: string): void;
  readonly sessionText: () => string | null;
  readonly activityText: () => string | null;
  /** What it said last; empty: nothing yet. */
  readonly lastWords: () => string;
}

export interface WatcherDeps {
  readonly poster: () => Poster;
  readonly questions: () => Questions;
  readonly stopwatch: Stopwatch;
  readonly redact: (text: string) => string;
  /** What it has cost so far, each time that this grows. */
  readonly spent: (costUsd: number) => void;
  /** The last one that earlier runs have taken in. */
  readonly lastReply: number;
}

const LONGEST_LINE = 500;
const MOST_TODOS = 100;

export function createRunWatcher(deps: WatcherDeps): RunWatcher {
  const { redact, stopwatch } = deps;
  let totals: Totals = NO_TOTALS;
  let lastReply = deps.lastReply;
  let activity: string | null = null;
  let lastWords = '';
  const line = (text: string) => cutEnd(redact(text), LONGEST_LINE);
  return {
    ...sessionOf(deps),
    message({ kind, text }) {
      if (kind === 'text') lastWords = text;
      deps.poster().add({ kind, text });
    },
    activity(now) {
      activity = now === null ? null : line(now.text);
      const told = now === null ? null : { text: line(now.text), started_at: now.startedAt.toISOString() };
      deps.poster().set({ activity: told });
    },
    todo(items) {
      const todo = items.slice(0, MOST_TODOS).map(({ text, status }) => ({ text: line(text), status }));
      deps.poster().set({ todo });
    },
    totals(next) {
      totals = next;
      deps.spent(next.costUsd);
      deps.poster().touch();
    },
    async ask(question, left) {
      stopwatch.pause();
      try {
        return await deps.questions().ask(question, left);
      } finally {
        stopwatch.resume();
      }
    },
    heard(keys) {
      deps.questions().took(keys);
    },
    tookIn(number) {
      lastReply = Math.max(lastReply, number);
    },
    totalsBody: () => toBody(totals, stopwatch.usedMs()),
    lastReply: () => lastReply,
    activityText: () => activity,
    lastWords: () => lastWords,
  };
}

function sessionOf({ poster }: WatcherDeps) {
  let session: string | null = null;
  let text: string | null = null;
  return {
    session(id: string) {
      session = id;
      poster().set({ session_id: id });
    },
    sessionTold(mark: string) {
      text = mark;
      poster().set({ session_text: mark });
    },
    sessionId: () => session,
    sessionText: () => text,
  };
}

function toBody(totals: Totals, usedMs: number): TotalsBody {
  return {
    cost_usd: totals.costUsd,
    cost_estimated: totals.costEstimated,
    input_tokens: totals.inputTokens,
    output_tokens: totals.outputTokens,
    turns: totals.turns,
    duration_seconds: Math.round(usedMs) / 1000,
  };
}
