/** Registers commands whenever it is called, one after the other, and again by itself while that cannot be done yet. */
import { TransientError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import type { Live } from './connection.ts';
import { registerCommands, type RegistrationDeps } from './registration.ts';

export interface Register {
  /** Never rejects. */
  run(live: Live): Promise<void>;
  stop(): void;
}

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 10 * 60_000;

export function createRegister(deps: RegistrationDeps & { readonly clock: Clock }): Register {
  const { clock, logger } = deps;
  let cancel: () => void = () => undefined;
  let last: Promise<void> = Promise.resolve();

  async function attempt(live: Live, pauseMs: number): Promise<void> {
    try {
      await registerCommands(live, deps);
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      const waitMs = Math.max(pauseMs, error instanceof TransientError ? error.retryAfterMs : 0);
      logger.warn({ reason, retry_in_ms: waitMs }, 'commands could not be registered yet');
      cancel = clock.after(waitMs, () => void attempt(live, Math.min(pauseMs * 2, LONGEST_PAUSE_MS)));
    }
  }

  return {
    run(live) {
      cancel();
      last = last.then(() => attempt(live, FIRST_PAUSE_MS));
      return last;
    },
    stop: () => {
      cancel();
    },
  };
}
