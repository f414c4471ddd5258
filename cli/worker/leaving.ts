/**
 * How a worker ends: no new claims from the first word on, the runs have their time, then they are stopped and their
 * work is saved. At the second word they are stopped at once; ten seconds later nothing is waited for.
 */
import type { RunClock } from './clock.ts';
import type { Stopper } from './stop-cause.ts';
import type { WorkerLog } from './worker-log.ts';

export interface Leaving {
  /** Aborted at the first word. */
  readonly signal: AbortSignal;
  /** Once more: hurry. */
  readonly ask: () => void;
  add(stopper: Stopper, ended: Promise<unknown>): void;
  /** Resolves when all runs have ended, or nobody waits for them any longer. */
  over(): Promise<void>;
}

export interface LeavingDeps {
  readonly clock: RunClock;
  readonly graceMs: number;
  readonly log: WorkerLog;
  readonly hurry: () => void;
}

/** Saving, pushing and telling after a run was stopped in good order. */
const CLOSING_MS = 120_000;
/** Git has two seconds to end, and what it could not push is kept here; the last word to the server takes one more. */
const HURRY_MS = 5_000;
const GONE_MS = 8_500;

export function createLeaving({ clock, graceMs, log, hurry }: LeavingDeps): Leaving {
  const asked = new AbortController();
  const runs = new Map<Promise<unknown>, Stopper>();
  let words = 0;
  let isStopping = false;
  const givenUp = new AbortController();

  function stopAll(hurryMs: number, goneMs: number): void {
    isStopping = true;
    for (const stopper of runs.values()) stopper.stop({ kind: 'leaving' });
    clock.after(hurryMs, hurry);
    clock.after(goneMs, () => {
      givenUp.abort();
    });
  }

  return {
    signal: asked.signal,
    ask() {
      words += 1;
      if (words === 1) {
        const minutes = Math.round(graceMs / 6_000) / 10;
        const waits = runs.size === 0 ? '' : `; ${runs.size} running, stopped after ${minutes} min`;
        log.info(`ends: no new tasks${waits}`);
        asked.abort();
        clock.after(graceMs, () => {
          stopAll(CLOSING_MS, CLOSING_MS + GONE_MS - HURRY_MS);
        });
      } else if (words === 2) {
        log.warn('ends at once: runs are stopped, their work is saved');
        stopAll(HURRY_MS, GONE_MS);
      }
    },
    add(stopper, ended) {
      const settled = ended.then(
        () => {},
        () => {},
      );
      runs.set(settled, stopper);
      if (isStopping) stopper.stop({ kind: 'leaving' });
      void settled.then(() => runs.delete(settled));
    },
    over: () => allOver(runs, givenUp.signal),
  };
}

async function allOver(runs: ReadonlyMap<Promise<unknown>, unknown>, signal: AbortSignal): Promise<void> {
  const givenUp = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
  while (runs.size > 0 && !signal.aborted) await Promise.race([Promise.all(runs.keys()), givenUp]);
}
