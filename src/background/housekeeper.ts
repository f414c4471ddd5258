/** Drops what has passed its time (idempotency keys, instances never heard of again), a little at a time. */
import { TransientError } from '../core/errors.ts';
import type { Clock, Logger, Store } from '../core/ports.ts';

const EVERY_MS = 10 * 60_000;
/** Between two steps while there is more to do: everybody else goes first. */
const STEP_MS = 200;

export function createHousekeeper(deps: { store: Pick<Store, 'purge'>; clock: Clock; logger: Logger }) {
  const { store, clock, logger } = deps;
  let cancel: () => void = () => undefined;
  let stopped = false;

  async function step(): Promise<number> {
    try {
      return (await store.purge()) ? STEP_MS : EVERY_MS;
    } catch (error) {
      if (!(error instanceof TransientError)) logger.error({ error }, 'housekeeping failed; it goes on');
      return EVERY_MS;
    }
  }

  function schedule(delayMs: number): void {
    if (stopped) return;
    cancel = clock.after(delayMs, () => {
      void step().then(schedule);
    });
  }

  return {
    start: () => {
      schedule(EVERY_MS);
    },
    stop: () => {
      stopped = true;
      cancel();
    },
  };
}
