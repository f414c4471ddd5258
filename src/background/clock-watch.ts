/** Notices that time did not pass as it should: a wall clock that was set, or a process that stood still. */
import type { Clock } from '../core/ports.ts';

/** A clock or a tick off by more than this is no coincidence. */
const TOLERATED_MS = 2000;

export interface Irregularity {
  /** How far the wall clock was moved; 0 when it was not. */
  readonly jumpMs: number;
  /** How much longer than planned nothing ran. */
  readonly lateMs: number;
}

export function createClockWatch(clock: Clock) {
  let last = read();

  function read() {
    return { wallMs: clock.now().getTime(), monotonicMs: clock.monotonicMs() };
  }

  return {
    reset(): void {
      last = read();
    },
    /** Null when about `plannedMs` have passed since the last look, on both clocks. */
    look(plannedMs: number): Irregularity | null {
      const now = read();
      const passedMs = now.monotonicMs - last.monotonicMs;
      const jumpMs = Math.round(now.wallMs - last.wallMs - passedMs);
      const lateMs = Math.round(passedMs - plannedMs);
      last = now;
      const jumped = Math.abs(jumpMs) > TOLERATED_MS;
      if (!jumped && lateMs <= TOLERATED_MS) return null;
      return { jumpMs: jumped ? jumpMs : 0, lateMs: Math.max(0, lateMs) };
    },
  };
}
