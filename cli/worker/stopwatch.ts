/** The time that a run has used: setup and running, not waiting, be it for people, the repository or the server. */
import type { RunClock } from './clock.ts';

export interface Stopwatch {
  readonly usedMs: () => number;
  /** Nested: as many `resume` as `pause`. */
  pause(): void;
  resume(): void;
  /** Once, when so much is used. Returns what calls it off. */
  at(limitMs: number, act: () => void): () => void;
}

/** It stands still until the first `resume`. */
export function createStopwatch(clock: RunClock): Stopwatch {
  let used = 0;
  let since: number | null = null;
  let pauses = 1;
  const usedMs = () => used + (since === null ? 0 : clock.monotonicMs() - since);
  return {
    usedMs,
    pause() {
      pauses += 1;
      used = usedMs();
      since = null;
    },
    resume() {
      pauses -= 1;
      if (pauses === 0) since = clock.monotonicMs();
    },
    at(limitMs, act) {
      let callOff = () => {};
      const look = () => {
        const left = limitMs - usedMs();
        if (left <= 0) act();
        // While it stands still it is looked at again and again.
        else callOff = clock.after(delayFor(left, since === null), look);
      };
      look();
      return () => {
        callOff();
      };
    },
  };
}

/** Timers of Node are 31 bits wide. */
const LONGEST_TIMER_MS = 2 ** 30;
const STANDING_MS = 1_000;

function delayFor(leftMs: number, isStanding: boolean): number {
  return Math.min(isStanding ? Math.max(leftMs, STANDING_MS) : leftMs + 1, LONGEST_TIMER_MS);
}
