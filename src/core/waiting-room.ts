/**
 * Where claimants park until a task that they may take is ready. Memory holds only waiters; the store
 * is the only truth, so a wake-up is an invitation to run the ordinary claim, never a task. Each task
 * that becomes ready wakes one of those who may take it, first come first served; a slow tick turns a
 * missed wake-up into a delay.
 */
import { demandOf, fits, type Claimant, type Demand } from './lanes.ts';
import type { Clock, Store } from './ports.ts';

const SAFETY_TICK_MS = 1000;

/** `over`: the time is up, or nobody waits any more. */
export type WakeReason = 'ready' | 'over';

export interface Parking {
  readonly claimant: Claimant;
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  /** Sets what is called when nobody waits any more; the latest replaces the one before. */
  onGone(leave: () => void): void;
}

interface Waiter {
  readonly claimant: Claimant;
  wake(reason: WakeReason): void;
}

export function createWaitingRoom(deps: { store: Pick<Store, 'readyLanes' | 'onCommit'>; clock: Clock }) {
  const { store, clock } = deps;
  const waiters = createWaiters();
  let cancelTick: (() => void) | null = null;

  store.onCommit((commit) => {
    for (const lane of commit.readyLanes) waiters.firstFor(demandOf(lane))?.wake('ready');
    if (commit.resumed) void lookInto();
  });

  /**
   * Wakes one waiter for each lane that has a task ready; with a claimant, for those lanes that are open to it. A
   * read that fails is the tick's to repeat.
   */
  async function lookInto(claimant?: Claimant): Promise<void> {
    if (waiters.count() === 0) return;
    const lanes = await store.readyLanes().catch(() => []);
    for (const demand of lanes.map(demandOf)) {
      if (claimant === undefined || fits(demand, claimant)) waiters.firstFor(demand)?.wake('ready');
    }
  }

  function keepTicking(): void {
    cancelTick ??= clock.after(SAFETY_TICK_MS, () => {
      cancelTick = null;
      if (waiters.count() === 0) return;
      void lookInto();
      keepTicking();
    });
  }

  return {
    lookInto,

    park(parking: Parking): Promise<WakeReason> {
      keepTicking();
      return new Promise((resolve) => {
        const waiter: Waiter = {
          claimant: parking.claimant,
          wake(reason) {
            cancelTimer();
            waiters.remove(waiter);
            resolve(reason);
          },
        };
        const over = () => {
          waiter.wake('over');
        };
        const cancelTimer = clock.after(Math.max(0, parking.deadlineMs - clock.monotonicMs()), over);
        waiters.add(waiter);
        parking.onGone(over);
      });
    },

    close(): void {
      cancelTick?.();
      for (const waiter of waiters.all()) waiter.wake('over');
    },
  };
}

/** In the order in which they came. */
function createWaiters() {
  const waiters = new Set<Waiter>();
  return {
    add: (waiter: Waiter) => void waiters.add(waiter),
    remove: (waiter: Waiter) => void waiters.delete(waiter),
    count: () => waiters.size,
    all: () => [...waiters],
    firstFor(demand: Demand): Waiter | null {
      for (const waiter of waiters) if (fits(demand, waiter.claimant)) return waiter;
      return null;
    },
  };
}
