/**
 * Walks the audit trail for one front end, one event at a time and in order, and remembers how far it
 * came. What may pass is tried again, what is in doubt is told so, what can never succeed is skipped
 * with a log line. No request ever waits for it.
 */
import { TransientError } from '../core/errors.ts';
import {
  DeliveryBlocked,
  type Clock,
  type DeliveryStatus,
  type FrontEnd,
  type Logger,
  type Store,
} from '../core/ports.ts';
import { createBackOff } from './back-off.ts';
import { createDeliveryWalk, type DeliveryWalk } from './delivery-walk.ts';
import { createRelayMemory, type RelayMemory } from './relay-memory.ts';
import { createSignal } from './signal.ts';

/** A missed signal becomes this much of a delay. */
const IDLE_MS = 30_000;
/** Failures that are nobody's "not now": after so many the event is skipped. */
const TRIES_OF_A_BUG = 5;
/** Counting further tells an owner nothing more. */
const COUNTED = 10_000;

export interface NotificationRelayDeps {
  readonly store: Store;
  readonly frontEnd: FrontEnd;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface NotificationRelay {
  start(): void;
  /** Resolves when a delivery that runs has ended. */
  stop(): Promise<void>;
  status(): Promise<DeliveryStatus>;
  /** The position up to which everything has been told; null before a first start has settled it. */
  delivered(): Promise<string | null>;
}

export function createNotificationRelay(deps: NotificationRelayDeps): NotificationRelay {
  const { store, frontEnd, clock, logger } = deps;
  const memory = createRelayMemory({ ...deps, memory: store.memory(frontEnd.name) });
  const news = createSignal(clock);
  const state: RelayState = { blocked: null, stopped: false, backOff: createBackOff() };
  const walk = createDeliveryWalk({
    ...deps,
    memory,
    isStopped: () => state.stopped,
    moved() {
      if (state.blocked !== null) logger.info({ front_end: frontEnd.name }, 'delivery goes on');
      state.blocked = null;
      state.backOff.reset();
    },
  });
  const unsubscribe = store.onCommit((commit) => {
    if (commit.hasEvents) news.raise();
  });
  const stopping = createStopping();
  const parts: RelayParts = { ...deps, state, walk, news };
  let running = Promise.resolve();

  async function run(): Promise<void> {
    // Where a first start begins is settled now, not when the front end lets us in at last.
    await repeat(parts, async () => {
      await memory.position();
      return 'done';
    });
    await Promise.race([frontEnd.ready(), stopping.asked]);
    await repeat(parts, async () => {
      if (!(await walk.step())) await news.wait(IDLE_MS);
      return 'again';
    });
  }

  return {
    start() {
      running = run().catch((error: unknown) => {
        giveUp(error, parts);
      });
    },
    async stop() {
      state.stopped = true;
      stopping.ask();
      unsubscribe();
      news.close();
      await running;
    },
    status: () => readStatus(deps, memory, state.blocked),
    delivered: () => memory.known(),
  };
}

/** The front end will never be ready: that is its end, and nobody else's. */
function giveUp(error: unknown, { state, frontEnd, logger }: RelayParts): void {
  if (state.stopped) return;
  state.blocked = error instanceof Error ? error.message : String(error);
  const details = { reason: state.blocked, front_end: frontEnd.name };
  logger.error(details, 'notifications are off until the next start');
}

/** A front end that never becomes ready must not hold up the stop. */
function createStopping() {
  let ask: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  return { asked, ask };
}

interface RelayState {
  blocked: string | null;
  stopped: boolean;
  readonly backOff: ReturnType<typeof createBackOff>;
}

interface RelayParts extends NotificationRelayDeps {
  readonly state: RelayState;
  readonly walk: DeliveryWalk;
  readonly news: ReturnType<typeof createSignal>;
}

/** Repeats a step until there is nothing more to do for it, or the relay is stopped. */
async function repeat(parts: RelayParts, step: () => Promise<'again' | 'done'>): Promise<void> {
  while (!parts.state.stopped) {
    try {
      if ((await step()) === 'done') return;
    } catch (error) {
      // News change nothing for a delivery that has to be tried again.
      await parts.news.pause(await delayAfter(error, parts));
    }
  }
}

/** Milliseconds until the next try. */
async function delayAfter(error: unknown, { state, walk, frontEnd, logger }: RelayParts): Promise<number> {
  const { backOff } = state;
  if (error instanceof DeliveryBlocked) {
    const reason = error.message;
    if (state.blocked !== reason) logger.warn({ front_end: frontEnd.name, reason }, 'delivery is blocked');
    state.blocked = reason;
    return backOff.blockedMs();
  }
  if (error instanceof TransientError) {
    logger.debug({ error, front_end: frontEnd.name }, 'delivery is tried again');
    return backOff.transientMs(error.retryAfterMs);
  }
  const delayMs = backOff.failedMs();
  logger.error({ error, front_end: frontEnd.name }, 'delivery failed');
  if (backOff.failures() >= TRIES_OF_A_BUG) {
    await walk.skip().catch((skipError: unknown) => {
      logger.error({ error: skipError, front_end: frontEnd.name }, 'an event could not even be skipped');
    });
  }
  return delayMs;
}

async function readStatus(
  { store, clock }: NotificationRelayDeps,
  memory: RelayMemory,
  blocked: string | null,
): Promise<DeliveryStatus> {
  const position = await memory.known();
  if (position === null) return { undelivered: 0, oldestSeconds: null, blocked };
  const { count, oldestAt } = await store.eventsBehind(position, COUNTED);
  if (oldestAt === null) return { undelivered: count, oldestSeconds: null, blocked };
  const waitedMs = clock.now().getTime() - oldestAt.getTime();
  return { undelivered: count, oldestSeconds: Math.max(0, Math.floor(waitedMs / 1000)), blocked };
}
