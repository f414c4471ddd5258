/** A queue of names in memory, behind the two things that waiting claims need of a store. */
import { claimantOf, demandOf, fits, laneOf, type Claimant } from '../../src/core/lanes.ts';
import type { Commit, Store } from '../../src/core/ports.ts';
import { createWaitingClaims } from '../../src/core/waiting-claims.ts';
import { manualClock } from '../support/clock.ts';

export const ANY = laneOf({ target: null, project: null, requires: [] });

const QUIET: Commit = {
  readyLanes: [],
  hasEvents: false,
  resumed: false,
  timesChanged: false,
  runNews: [],
  keys: [],
};

const NOTHING: () => void = () => undefined;

export function waitingWorld() {
  const clock = manualClock();
  const ready: { lane: string; name: string }[] = [];
  const listeners: ((commit: Commit) => void)[] = [];
  const store: Pick<Store, 'readyLanes' | 'onCommit'> = {
    readyLanes() {
      if (world.readFails) return Promise.reject(new Error('the disk is away'));
      return Promise.resolve([...new Set(ready.map(({ lane }) => lane))]);
    },
    onCommit(listener) {
      listeners.push(listener);
      return () => undefined;
    },
  };
  const waiting = createWaitingClaims({ store, clock });
  const commit = (what: Partial<Commit>) => {
    for (const listener of listeners) listener({ ...QUIET, ...what });
  };
  const put = (lane: string, ...names: string[]) => ready.push(...names.map((name) => ({ lane, name })));

  const world = {
    clock,
    waiting,
    /** Who tried to claim, in order. */
    attempts: [] as string[],
    paused: false,
    /** For how long which claimants get nothing. */
    held: {} as Record<string, number>,
    readFails: false,
    attemptFails: null as Error | null,
    beforeAttempt: NOTHING,
    afterAttempt: NOTHING,
    /** Ready without anybody being told. */
    put,
    add: (...names: string[]) => put(ANY, ...names),
    arrive(...names: string[]) {
      put(ANY, ...names);
      commit({ readyLanes: names.map(() => ANY) });
    },
    arriveIn(lane: string, name: string) {
      put(lane, name);
      commit({ readyLanes: [lane] });
    },
    /** Told of a task that somebody else has taken already. */
    tell: () => {
      commit({ readyLanes: [ANY] });
    },
    resume: () => {
      commit({ resumed: true });
    },
    turn: () => new Promise<void>((resolve) => setImmediate(resolve)),

    claim(name: string, waitMs: number, by: Partial<Claimant> = {}) {
      const waiter = claimantOf({ instanceId: name, ...by });
      const isFor = ({ lane }: { lane: string }) => fits(demandOf(lane), waiter);
      const claimant = {
        isGone: false,
        hasLeft: false,
        leave: NOTHING,
        answer: Promise.resolve<string | null>(null),
      };
      claimant.answer = waiting.claim<string | null>({
        claimant: waiter,
        waitMs,
        onGone(leave) {
          claimant.leave = leave;
          if (claimant.hasLeft) leave();
        },
        async attempt(isClosing) {
          world.attempts.push(name);
          world.beforeAttempt();
          await Promise.resolve();
          if (world.attemptFails !== null) throw world.attemptFails;
          const place = ready.findIndex(isFor);
          const heldMs = world.held[name] ?? null;
          const takes = place >= 0 && heldMs === null && !world.paused && !claimant.isGone && !isClosing();
          const [taken] = takes ? ready.splice(place, 1) : [];
          world.afterAttempt();
          return { answer: taken?.name ?? null, got: taken !== undefined, paused: world.paused, heldMs };
        },
      });
      claimant.answer.catch(() => null);
      return claimant;
    },
  };
  return world;
}
