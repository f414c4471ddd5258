/** The real clock and the real source of ids. Everything else in `src` gets them handed in. */
import { randomUUID } from 'node:crypto';
import type { Clock, IdSource } from './core/ports.ts';

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Random from its first digit on: a run that lost its task names its branch after the first eight. */
export const systemIds: IdSource = { leaseId: () => randomUUID() };
