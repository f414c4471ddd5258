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
  let running = Promise.resolve();

  async function run(): Promise<void> {
    await frontEnd.ready();
    while (!state.stopped) {
      try {
        if (!(await walk.step())) await news.wait(IDLE_MS);
      } catch (error) {
        // News change nothing for a delivery that has to be tried again.
        await news.pause(await delayAfter(error, { ...deps, state, walk }));
      }
    }
  }

  return {
    start() {
      running = run().catch((error: unknown) => {
        state.blocked = error instanceof Error ? error.message : String(error);
        logger.error(
          { reason: state.blocked, front_end: frontEnd.name },
          'notifications are off until the next start',
        );
      });
    },
    async stop() {
      state.stopped = true;
      unsubscribe();
      news.close();
      await running;
    },
    status: () => readStatus(deps, memory, state.blocked),
  };
}

interface RelayState {
  blocked: string | null;
  stopped: boolean;
  readonly backOff: ReturnType<typeof createBackOff>;
}

/** Milliseconds until the next try. */
async function delayAfter(
  error: unknown,
  { state, walk, frontEnd, logger }: NotificationRelayDeps & { state: RelayState; walk: DeliveryWalk },
): Promise<number> {
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
