/** Time for a worker under test: it stands still until the test moves it. */
import type { RunClock } from '../../../cli/worker/clock.ts';

export interface ManualClock extends RunClock {
  /** Moves on, and runs what falls due on the way, in order; what it starts gets a turn in between. */
  pass(ms: number): Promise<void>;
}

const BEGINNING = Date.parse('2026-03-01T12:00:00Z');

export function createManualClock(): ManualClock {
  let nowMs = 0;
  const timers = new Set<{ atMs: number; run: () => void }>();
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    now: () => new Date(BEGINNING + nowMs),
    monotonicMs: () => nowMs,
    after(delayMs, run) {
      const timer = { atMs: nowMs + delayMs, run };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    async pass(ms) {
      const endMs = nowMs + ms;
      await settle();
      for (;;) {
        const [next] = [...timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
        if (next === undefined) break;
        timers.delete(next);
        nowMs = Math.max(nowMs, next.atMs);
        next.run();
        await settle();
      }
      nowMs = endMs;
      await settle();
    },
  };
}
