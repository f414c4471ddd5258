/** Sums what the answers of one run used. It lives in the worker, so it survives whatever becomes of the run. */
import { NO_TOTALS, type Totals } from './executor.ts';
import type { AnswerReading } from './model-answer.ts';
import { costOf } from './model-prices.ts';
import type { Budget } from './settings.ts';

export interface ModelTally {
  /** An answer that is still coming; each call replaces what was known of it. */
  see(answer: object, reading: AnswerReading): void;
  /** Nothing more of it comes. */
  close(answer: object, reading: AnswerReading): void;
  readonly totals: () => Totals;
}

export function createModelTally(asked: string): ModelTally {
  let closed = NO_TOTALS;
  const open = new Map<object, Totals>();
  const totals = () => [...open.values()].reduce(addTotals, closed);
  return {
    see(answer, reading) {
      if (reading.hasBegun) open.set(answer, toTotals(reading, asked));
    },
    close(answer, reading) {
      open.delete(answer);
      if (!reading.hasBegun) return;
      const last = toTotals(reading, asked);
      closed = addTotals(closed, { ...last, costEstimated: last.costEstimated || !reading.isWhole });
    },
    totals,
  };
}

function toTotals({ model, usage, isWhole }: AnswerReading, asked: string): Totals {
  const cost = costOf(model ?? asked, usage);
  return {
    costUsd: cost.usd,
    costEstimated: cost.isGuess,
    inputTokens: usage.input + usage.cacheRead + usage.cacheWrite + usage.cacheWriteLong,
    outputTokens: usage.output,
    turns: isWhole ? 1 : 0,
  };
}

export function addTotals(a: Totals, b: Totals): Totals {
  return {
    costUsd: a.costUsd + b.costUsd,
    costEstimated: a.costEstimated || b.costEstimated,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    turns: a.turns + b.turns,
  };
}

/** What of the budget is used up; minutes are the caller's to watch. */
export function spentOf(left: Budget, totals: Totals): keyof Budget | null {
  if (left.costUsd !== null && totals.costUsd >= left.costUsd) return 'costUsd';
  if (left.tokens !== null && totals.inputTokens + totals.outputTokens >= left.tokens) return 'tokens';
  return left.turns !== null && totals.turns >= left.turns ? 'turns' : null;
}
