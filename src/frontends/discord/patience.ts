/** Trouble passes: a locked database, a slow Discord. What may be repeated is, a few times. */
import { TransientError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';

export async function patiently<T>(clock: Clock, tries: number, run: () => Promise<T>): Promise<T> {
  for (let left = tries - 1; ; left -= 1) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof TransientError) || left === 0) throw error;
      await new Promise<void>((resolve) => clock.after(error.retryAfterMs, resolve));
    }
  }
}
