/** Says once that nothing has happened for too long. Time in which the run waits for people does not count. */
import type { RunClock } from './clock.ts';

export interface IdleTimer {
  /** Something happened. Cheap: it only notes the moment. */
  touch(): void;
  /** Nested: as many `resume` as `pause`. */
  pause(): void;
  resume(): void;
  stop(): void;
}

export function startIdleTimer(clock: RunClock, idleMs: number, onIdle: () => void): IdleTimer {
  let last = clock.monotonicMs();
  let paused = 0;
  let callOff = clock.after(idleMs, look);

  function look(): void {
    const left = paused > 0 ? idleMs : last + idleMs - clock.monotonicMs();
    if (left <= 0) onIdle();
    else callOff = clock.after(left, look);
  }

  const touch = () => {
    last = clock.monotonicMs();
  };
  return {
    touch,
    pause() {
      paused += 1;
    },
    resume() {
      paused -= 1;
      touch();
    },
    stop() {
      callOff();
    },
  };
}

/** "nothing for 10 min": how long it was, in words. */
export function idleDetail(idleMs: number): string {
  const span = idleMs >= 60_000 ? `${Math.round(idleMs / 60_000)} min` : `${Math.round(idleMs / 100) / 10} s`;
  return `No output of a command and no byte of the model for ${span} (idle_minutes).`;
}
