/** So many in a window of time; whoever comes when it is full waits for the next one. */
import type { Clock } from '../core/ports.ts';

export function createPace(clock: Clock, { most, windowMs }: { most: number; windowMs: number }) {
  let endsAtMs = 0;
  let used = 0;
  return async (): Promise<void> => {
    for (;;) {
      const nowMs = clock.monotonicMs();
      if (nowMs >= endsAtMs) {
        endsAtMs = nowMs + windowMs;
        used = 0;
      }
      if (used < most) {
        used += 1;
        return;
      }
      await new Promise<void>((resolve) => clock.after(endsAtMs - nowMs, resolve));
    }
  };
}
