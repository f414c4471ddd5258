/**
 * How many requests of one run may be under way at once: not more than what would be left of its budget if each of them
 * used what it may, and never many. The others wait, so that a command that asks a hundred times at once overruns the
 * budget by no more than one answer. One alone is always let through: whether anything is left is not asked here.
 */
import { NO_TOTALS, type Totals } from './executor.ts';
import { costOf, NO_USAGE } from './model-prices.ts';
import type { ModelRequest } from './model-request.ts';
import { addTotals, spentOf } from './model-tally.ts';
import type { Budget } from './settings.ts';

/** More than any session with its subagents asks at once. */
const MOST = 8;
/** Of text, roughly. */
const BYTES_PER_TOKEN = 4;

export interface RequestQueue {
  /** Resolves when it may go out, or when nobody waits for it any longer. */
  enter(request: ModelRequest, isGone: () => boolean): Promise<void>;
  leave(request: ModelRequest): void;
  /** Whoever waits looks again. */
  readonly wake: () => void;
}

export function createRequestQueue(left: Budget, totals: () => Totals): RequestQueue {
  const underWay = new Map<ModelRequest, Totals>();
  const waiting = new Set<() => void>();

  function isFree(): boolean {
    if (underWay.size === 0) return true;
    const reserved = [...underWay.values()].reduce(addTotals, totals());
    return underWay.size < MOST && spentOf(left, reserved) === null;
  }

  function wake(): void {
    const all = [...waiting];
    waiting.clear();
    for (const look of all) look();
  }

  return {
    async enter(request, isGone) {
      while (!isGone() && !isFree()) await new Promise<void>((resolve) => waiting.add(resolve));
      underWay.set(request, mostOf(request));
    },
    leave(request) {
      underWay.delete(request);
      wake();
    },
    wake,
  };
}

/** What it may use at most, as far as that can be told before it is answered. */
function mostOf({ body, model, maxTokens }: ModelRequest): Totals {
  const usage = { ...NO_USAGE, input: Math.ceil(body.length / BYTES_PER_TOKEN), output: maxTokens };
  return {
    ...NO_TOTALS,
    costUsd: costOf(model, usage).usd,
    inputTokens: usage.input,
    outputTokens: usage.output,
    turns: 1,
  };
}
