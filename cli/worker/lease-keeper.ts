/**
 * Keeps the leases of all runs alive by one heartbeat, which also says what this worker is. A server that cannot be
 * reached ends no run: only its own word does. Before a push the fence waits for a renewal that is seconds old.
 */
import type { Heartbeat, HeartbeatAnswer } from '../../src/contract/instance.ts';
import { ClientError } from '../errors.ts';
import type { RunClock } from './clock.ts';

export interface KeptLease {
  readonly leaseId: string;
  /** As the server wants it. */
  readonly heartbeatMs: number;
}

export interface HeldLease {
  /** Resolves once the lease was renewed within the last seconds, or is known to be over. */
  readonly fence: () => Promise<'held' | 'lost'>;
  /** Somebody else learned that it is over. */
  lost(reason: string): void;
  letGo(): void;
}

export interface LeaseKeeper {
  hold(lease: KeptLease, onLost: (reason: string) => void): HeldLease;
  /** One heartbeat now; rejects when it was not answered with 200. */
  readonly beat: () => Promise<HeartbeatAnswer>;
  /** Beats from now on. */
  start(): void;
  /** At once, when something was changed that people see. */
  readonly soon: () => void;
  stop(): void;
}

export interface KeeperDeps {
  readonly send: (body: Pick<Heartbeat, 'lease_ids'>) => Promise<HeartbeatAnswer>;
  readonly clock: RunClock;
  readonly random: () => number;
  readonly heard: (answer: HeartbeatAnswer) => void;
  /** A heartbeat failed; it is tried again. */
  readonly trouble: (error: unknown) => void;
}

const IDLE_MS = 30_000;
const AGAIN_MS = 2_000;
/** A push begins well within ten seconds of the renewal. */
const FRESH_MS = 3_000;

export function createLeaseKeeper(deps: KeeperDeps): LeaseKeeper {
  const { clock } = deps;
  const leases = createLeases();
  const beat = singly(async () => {
    const sentMs = clock.monotonicMs();
    const answer = await deps.send({ lease_ids: leases.ids() });
    leases.heard(answer, sentMs);
    deps.heard(answer);
    return answer;
  });
  const rhythm = createRhythm(deps, beat, () => leases.periodMs());

  async function fence(entry: Entry): Promise<'held' | 'lost'> {
    for (;;) {
      if (entry.isLost) return 'lost';
      if (entry.renewedMs >= clock.monotonicMs() - FRESH_MS) return 'held';
      const error: unknown = await beat().then(() => null, asItIs);
      if (error === null) continue;
      deps.trouble(error);
      if (isRefusal(error)) return 'lost';
      await new Promise<void>((resolve) => clock.after(AGAIN_MS * deps.random(), resolve));
    }
  }

  return {
    hold(lease, onLost) {
      const entry = leases.add(lease, onLost);
      rhythm.soon();
      return {
        fence: () => fence(entry),
        lost: (reason) => {
          leases.lose(entry, reason);
        },
        letGo: () => {
          leases.remove(entry);
          rhythm.soon();
        },
      };
    },
    beat,
    ...rhythm,
  };
}

interface Entry extends KeptLease {
  readonly onLost: (reason: string) => void;
  /** When the heartbeat that renewed it last was sent. */
  renewedMs: number;
  isLost: boolean;
}

function createLeases() {
  const entries = new Map<string, Entry>();
  const lose = (entry: Entry | undefined, reason: string) => {
    if (entry === undefined || entry.isLost) return;
    entry.isLost = true;
    entries.delete(entry.leaseId);
    entry.onLost(reason);
  };
  return {
    lose,
    ids: () => [...entries.keys()],
    add(lease: KeptLease, onLost: Entry['onLost']): Entry {
      const entry = { ...lease, onLost, renewedMs: -Infinity, isLost: false };
      entries.set(lease.leaseId, entry);
      return entry;
    },
    remove: (entry: Entry) => {
      // Nobody renews it any more: whoever still waits for that need not.
      entry.isLost = true;
      entries.delete(entry.leaseId);
    },
    heard({ leases, lost }: HeartbeatAnswer, sentMs: number) {
      for (const { lease_id: id } of leases) {
        const entry = entries.get(id);
        if (entry !== undefined) entry.renewedMs = sentMs;
      }
      for (const { lease_id: id, reason } of lost) lose(entries.get(id), reason);
    },
    periodMs: () => Math.min(IDLE_MS, ...[...entries.values()].map(({ heartbeatMs }) => heartbeatMs)),
  };
}

/** When the next heartbeat is due. */
function createRhythm(
  { clock, random, trouble }: KeeperDeps,
  beat: LeaseKeeper['beat'],
  periodMs: () => number,
) {
  let isStarted = false;
  let isBeating = false;
  let wantsAnother = false;
  let callOff = () => {};

  function next(delayMs: number): void {
    callOff();
    if (isStarted) callOff = clock.after(wantsAnother ? 0 : delayMs, () => void tick());
    wantsAnother = false;
  }

  async function tick(): Promise<void> {
    isBeating = true;
    try {
      await beat();
      next(periodMs() * (0.8 + 0.2 * random()));
    } catch (error) {
      trouble(error);
      next(AGAIN_MS * (0.5 + random()));
    } finally {
      isBeating = false;
    }
  }

  return {
    start() {
      isStarted = true;
      next(0);
    },
    soon: () => {
      if (isBeating) wantsAnother = true;
      else next(0);
    },
    stop() {
      isStarted = false;
      callOff();
    },
  };
}

/** Who asks while one is under way gets its answer. */
function singly<T>(act: () => Promise<T>): () => Promise<T> {
  let going: Promise<T> | null = null;
  return () =>
    (going ??= act().finally(() => {
      going = null;
    }));
}

const asItIs = (error: unknown) => error;

/** The key was taken away, or another process has the name: no heartbeat will ever renew it. */
export function isRefusal(error: unknown): error is ClientError {
  if (!(error instanceof ClientError) || error.facts.isAnswer !== true) return false;
  return [401, 403, 409].includes(error.facts.status ?? 0);
}
