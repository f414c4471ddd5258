/**
 * Claim-next with patience: try, park, look once more, and claim again when woken. Whoever was woken
 * looks on for the next ready task, so a waiter that has gone or came too late passes the wake-up on.
 */
import { TransientError } from './errors.ts';
import type { Clock, Store } from './ports.ts';
import { createWaitingRoom, type Parking } from './waiting-room.ts';

/** A parked connection costs some 50 kB, so this many cost about 100 MB. */
const MAX_WAITING = 2000;
const RETRY_AFTER_MS = 5000;

/** Whom no task is offered to. */
const NOBODY = { instanceId: null, projects: [], capabilities: [] };

export interface WaitingClaim<T> extends Pick<Parking, 'claimant' | 'onGone'> {
  readonly waitMs: number;
  /** The ordinary claim; takes nothing once `isClosing`. */
  attempt(isClosing: () => boolean): Promise<Attempted<T>>;
}

export interface Attempted<T> {
  readonly answer: T;
  readonly got: boolean;
  /** What is ready is not handed out to it: the queue is paused, or it gave that back a moment ago. */
  readonly paused: boolean;
  /** Nothing is handed out to this claimant for so long, whatever is ready. */
  readonly heldMs: number | null;
}

export interface WaitingClaims {
  /** The last attempt's answer. Throws TransientError when too many wait already. */
  claim<T>(wanted: WaitingClaim<T>): Promise<T>;
  /** Ends every wait now, and nothing is handed out any more. */
  stop(): void;
  count(): number;
}

export function createWaitingClaims(deps: {
  store: Pick<Store, 'readyLanes' | 'onCommit'>;
  clock: Clock;
}): WaitingClaims {
  const room = createWaitingRoom(deps);
  let waiting = 0;
  let stopped = false;
  const isClosing = () => stopped;

  async function waitAndClaim<T>(wanted: WaitingClaim<T>, first: Attempted<T>): Promise<T> {
    let deadlineMs = deps.clock.monotonicMs() + wanted.waitMs;
    let last = first;
    for (;;) {
      const { heldMs } = last;
      // What is ready is for others meanwhile; its claimant asks again.
      if (heldMs !== null) deadlineMs = Math.min(deadlineMs, deps.clock.monotonicMs() + heldMs);
      const claimant = heldMs === null ? wanted.claimant : NOBODY;
      const woken = room.park({ claimant, deadlineMs, onGone: wanted.onGone });
      // What was committed since the last attempt woke nobody here. While paused, only resuming or time helps.
      if (!last.paused) await room.lookInto(wanted.claimant);
      const reason = await woken;
      if (stopped) return last.answer;
      last = await wanted.attempt(isClosing);
      if (!last.paused) await room.lookInto(wanted.claimant);
      if (last.got || reason === 'over' || isClosing()) return last.answer;
    }
  }

  return {
    async claim(wanted) {
      const first = await wanted.attempt(isClosing);
      if (first.got || wanted.waitMs <= 0 || stopped) return first.answer;
      if (waiting >= MAX_WAITING) {
        const retryAfterMs = RETRY_AFTER_MS;
        throw new TransientError(`${MAX_WAITING} claims are waiting already.`, { retryAfterMs });
      }
      waiting += 1;
      try {
        return await waitAndClaim(wanted, first);
      } finally {
        waiting -= 1;
      }
    },

    stop() {
      stopped = true;
      room.close();
    },

    count: () => waiting,
  };
}
