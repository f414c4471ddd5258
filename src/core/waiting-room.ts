/**
 * Where claimants park until a task that they may take is ready. Memory holds only waiters; the store
 * is the only truth, so a wake-up is an invitation to run the ordinary claim, never a task. Each task
 * that becomes ready wakes one waiter, first come first served in each lane; a slow tick turns a
 * missed wake-up into a delay.
 */
import type { Clock, Store } from './ports.ts';

const SAFETY_TICK_MS = 1000;

/** `over`: the time is up, or nobody waits any more. */
export type WakeReason = 'ready' | 'over';

export interface Parking {
  readonly lanes: readonly string[];
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  /** Sets what is called when nobody waits any more; the latest replaces the one before. */
  onGone(leave: () => void): void;
}

interface Waiter {
  readonly lanes: readonly string[];
  wake(reason: WakeReason): void;
}

export function createWaitingRoom(deps: { store: Pick<Store, 'nextReady' | 'onCommit'>; clock: Clock }) {
  const { store, clock } = deps;
  const lanes = createLanes();
  let cancelTick: (() => void) | null = null;

  store.onCommit((commit) => {
    for (const lane of commit.readyLanes) lanes.first(lane)?.wake('ready');
    if (commit.resumed) for (const lane of lanes.names()) lanes.first(lane)?.wake('ready');
  });

  /** Wakes one waiter of each of these lanes that has a task ready. A read that fails is the tick's to repeat. */
  async function lookInto(names: readonly string[]): Promise<void> {
    for (const lane of names) {
      const head = await store.nextReady([lane]).catch(() => null);
      if (head !== null) lanes.first(lane)?.wake('ready');
    }
  }

  function keepTicking(): void {
    cancelTick ??= clock.after(SAFETY_TICK_MS, () => {
      cancelTick = null;
      if (lanes.names().length === 0) return;
      void lookInto(lanes.names());
      keepTicking();
    });
  }

  return {
    lookInto,

    park(parking: Parking): Promise<WakeReason> {
      keepTicking();
      return new Promise((resolve) => {
        const waiter: Waiter = {
          lanes: parking.lanes,
          wake(reason) {
            cancelTimer();
            lanes.remove(waiter);
            resolve(reason);
          },
        };
        const over = () => {
          waiter.wake('over');
        };
        const cancelTimer = clock.after(Math.max(0, parking.deadlineMs - clock.monotonicMs()), over);
        lanes.add(waiter);
        parking.onGone(over);
      });
    },

    close(): void {
      cancelTick?.();
      for (const lane of lanes.names()) for (let first; (first = lanes.first(lane));) first.wake('over');
    },
  };
}

function createLanes() {
  const byName = new Map<string, Set<Waiter>>();
  return {
    add(waiter: Waiter): void {
      for (const lane of waiter.lanes) byName.set(lane, (byName.get(lane) ?? new Set()).add(waiter));
    },
    remove(waiter: Waiter): void {
      for (const lane of waiter.lanes) {
        const waiters = byName.get(lane);
        waiters?.delete(waiter);
        if (waiters?.size === 0) byName.delete(lane);
      }
    },
    first: (lane: string) => byName.get(lane)?.values().next().value,
    names: () => [...byName.keys()],
  };
}
