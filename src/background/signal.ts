/** A flag that one loop waits for: raised while nobody waits, it is not missed. */
import type { Clock } from '../core/ports.ts';

export function createSignal(clock: Clock) {
  let raised = false;
  let closed = false;
  let waiting = false;
  let wake: (() => void) | null = null;

  function sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(ms, () => wake?.());
      wake = () => {
        cancel();
        wake = null;
        resolve();
      };
    });
  }

  return {
    raise(): void {
      raised = true;
      if (waiting) wake?.();
    },
    close(): void {
      closed = true;
      wake?.();
    },
    /** Until the flag is raised, or `ms` at most. */
    async wait(ms: number): Promise<void> {
      if (!raised && !closed) {
        waiting = true;
        await sleep(ms);
        waiting = false;
      }
      raised = false;
    },
    /** For `ms`, whatever is raised meanwhile; only closing ends it. */
    async pause(ms: number): Promise<void> {
      if (!closed) await sleep(ms);
    },
  };
}
