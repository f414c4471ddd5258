/**
 * A question comes by a way of its own, which may be faster than the words before it. People read in order, so it is put
 * to them once the call that it is about has been told.
 */
import type { RunClock } from './clock.ts';

/** A subagent's calls are never told. */
const LONGEST_MS = 1_000;

export interface Hearing {
  told(callId: string): void;
  /** Resolves when this call has been told, or soon after. */
  until(callId: string): Promise<void>;
}

export function createHearing(clock: RunClock): Hearing {
  const told = new Set<string>();
  const waiting = new Map<string, () => void>();
  return {
    told(callId) {
      told.add(callId);
      waiting.get(callId)?.();
    },
    async until(callId) {
      if (told.has(callId)) return;
      let callOff = () => {};
      await new Promise<void>((resolve) => {
        waiting.set(callId, resolve);
        callOff = clock.after(LONGEST_MS, resolve);
      });
      callOff();
      waiting.delete(callId);
    },
  };
}
