/** Time as the worker sees it; a test brings its own. */
export interface RunClock {
  now(): Date;
  /** Never jumps; for lengths of time. */
  monotonicMs(): number;
  /** Runs once, after that many milliseconds. Returns what calls it off. */
  after(delayMs: number, run: () => void): () => void;
}

export const systemClock: RunClock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => {
      clearTimeout(timer);
    };
  },
};
