/**
 * Ends leases that ran out and lets delayed tasks become ready. It asks the database only when the
 * next of these times has come; in between it only compares clocks, so that a time in which holders
 * could not be heard (a start, a stall of this process, a jump of the clock, a locked database) never
 * costs them their lease.
 */
import { TransientError } from '../core/errors.ts';
import { GRACE_MS } from '../core/lease.ts';
import type { Clock, Logger, Store } from '../core/ports.ts';
import { SWEEP_BATCH, type SweepService } from '../core/sweep-service.ts';
import type { Work } from '../core/work.ts';
import { createClockWatch } from './clock-watch.ts';

/** How late anything that time brings about may be, give or take a commit. */
const TICK_MS = 1000;

type SweptStore = Pick<Store, 'decide' | 'shiftLeases' | 'nextTimes' | 'onCommit'>;

export interface LeaseSweeperDeps {
  readonly store: SweptStore;
  readonly sweeps: SweepService;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface LeaseSweeper {
  /** Resolves when the leases that ran out while nobody listened have got their grace. */
  start(): Promise<void>;
  /** Resolves when a sweep that runs has ended. */
  stop(): Promise<void>;
}

export function createLeaseSweeper(deps: LeaseSweeperDeps): LeaseSweeper {
  const { store, clock, logger } = deps;
  const sweep = createSweep(deps);
  const watch = createClockWatch(clock);
  /** Whether holders could not be heard since the last grace, and how far the wall clock was moved meanwhile. */
  const owed = { grace: false, jumpMs: 0 };
  let running = Promise.resolve();
  let cancel: () => void = () => undefined;
  let stopped = false;

  async function tick(): Promise<void> {
    const irregular = watch.look(TICK_MS);
    if (irregular !== null) {
      owed.grace = true;
      owed.jumpMs += irregular.jumpMs;
    }
    if (owed.grace) {
      logger.warn({ ...irregular }, 'holders could not be heard for a while: leases get a grace');
      // It stays owed until it is written: a locked database must not swallow a jump of the clock.
      await store.shiftLeases(owed.jumpMs, GRACE_MS);
      owed.grace = false;
      owed.jumpMs = 0;
    }
    await sweep.ifDue();
  }

  function failed(error: unknown): void {
    sweep.lookAgain();
    if (error instanceof TransientError) {
      // What could not be written could not be renewed either.
      owed.grace = true;
      logger.warn({ error }, 'the lease sweeper waits for the database');
    } else logger.error({ error }, 'the lease sweeper failed; it goes on');
  }

  function schedule(): void {
    if (stopped) return;
    cancel = clock.after(TICK_MS, () => {
      running = tick().catch(failed).then(schedule);
    });
  }

  return {
    async start() {
      await store.shiftLeases(0, GRACE_MS);
      watch.reset();
      schedule();
    },
    async stop() {
      stopped = true;
      sweep.stop();
      cancel();
      await running;
    },
  };
}

/** Knows when something is due next, and does it. */
function createSweep({ store, sweeps, clock, logger }: LeaseSweeperDeps) {
  let nextMs = 0;
  // A new lease may end earlier than all others.
  const unsubscribe = store.onCommit((commit) => {
    if (commit.timesChanged) nextMs = 0;
  });

  return {
    async ifDue(): Promise<void> {
      if (clock.now().getTime() < nextMs) return;
      // Set first: a commit in between then sets it back to "look again".
      nextMs = Infinity;
      const expired = await drain(store, () => sweeps.expireLeases());
      if (expired > 0) logger.info({ leases: expired }, 'leases expired');
      await drain(store, () => sweeps.promoteDueTasks());
      await drain(store, () => sweeps.unparkDueTasks());
      const { leaseExpiry, due } = await store.nextTimes();
      nextMs = Math.min(nextMs, leaseExpiry?.getTime() ?? Infinity, due?.getTime() ?? Infinity);
    },
    lookAgain(): void {
      nextMs = 0;
    },
    stop: unsubscribe,
  };
}

/** In batches, so that others get their turn in between. Resolves to how many rows there were. */
async function drain(store: SweptStore, batch: () => Work<number>): Promise<number> {
  let total = 0;
  for (;;) {
    const done = await store.decide(batch());
    total += done;
    if (done < SWEEP_BATCH) return total;
  }
}
