import type { Clock } from '../../src/core/ports.ts';

export interface ManualClock extends Clock {
  /** Moves wall and monotonic time on together and runs what falls due, in order. */
  advance(ms: number): void;
  /** Moves the wall clock alone, as an administrator or a time server does. */
  jump(ms: number): void;
  /** How many timers are waiting. */
  timers(): number;
}

const START = Date.UTC(2026, 0, 15, 12, 0, 0);

/** Time that stands still until a test moves it. */
export function manualClock(start = START): ManualClock {
  let monotonic = 0;
  let offset = start;
  let waiting: { at: number; run: () => void }[] = [];

  function runDue(until: number): void {
    for (;;) {
      const next = waiting.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) return;
      waiting = waiting.filter((timer) => timer !== next);
      monotonic = Math.max(monotonic, next.at);
      next.run();
    }
  }

  return {
    now: () => new Date(monotonic + offset),
    monotonicMs: () => monotonic,
    after(delayMs, run) {
      const timer = { at: monotonic + delayMs, run };
      waiting.push(timer);
      return () => {
        waiting = waiting.filter((other) => other !== timer);
      };
    },
    advance(ms) {
      const until = monotonic + ms;
      runDue(until);
      monotonic = until;
    },
    jump(ms) {
      offset += ms;
    },
    timers: () => waiting.length,
  };
}
