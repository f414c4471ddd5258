/** One step along the audit trail: the next page of events, or one message for all that was missed. */
import type { TaskEvent } from '../core/event.ts';
import type { Clock, FrontEnd, Logger, Store } from '../core/ports.ts';
import type { RelayMemory } from './relay-memory.ts';

/** Events read at once; within them, several changes of one task are drawn as one card. */
const PAGE = 50;
/** Away for longer than this, one message sums up what was missed. */
const LONG_AWAY_MS = 24 * 60 * 60_000;
/** More than anybody wants to read about; what is beyond is summed up by the next message. */
const MISSED_AT_MOST = 5000;

export interface DeliveryWalkDeps {
  readonly store: Pick<Store, 'eventsAfter' | 'task'>;
  readonly frontEnd: Pick<FrontEnd, 'deliver' | 'summarize'>;
  readonly memory: RelayMemory;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly isStopped: () => boolean;
  /** Called after each delivery that was remembered. */
  readonly moved: () => void;
}

export interface DeliveryWalk {
  /** False when there was nothing to deliver. Rejects with the reason to try again later. */
  step(): Promise<boolean>;
  /** Gives up on the next event. */
  skip(): Promise<void>;
}

export function createDeliveryWalk(deps: DeliveryWalkDeps): DeliveryWalk {
  const { store, memory, clock, logger } = deps;
  return {
    async step() {
      const events = await store.eventsAfter(await memory.position(), PAGE);
      const [first] = events;
      if (first === undefined) return false;
      if (clock.now().getTime() - first.timestamp.getTime() > LONG_AWAY_MS) await deliverMissed(deps, first);
      else await deliverPage(deps, events);
      return true;
    },

    async skip() {
      const [event] = await store.eventsAfter(await memory.position(), 1);
      if (event === undefined) return;
      logger.error(
        { event: event.id, task: event.taskId },
        'an event could never be delivered and is skipped',
      );
      await memory.moveOn(event.position, {});
      deps.moved();
    },
  };
}

async function deliverPage(deps: DeliveryWalkDeps, events: readonly TaskEvent[]): Promise<void> {
  const { store, frontEnd, memory } = deps;
  for (const [index, event] of events.entries()) {
    if (deps.isStopped()) return;
    const delivered = await frontEnd.deliver({
      event,
      task: await store.task(event.taskId),
      cardIsSuperseded: events.slice(index + 1).some((later) => later.taskId === event.taskId),
      ...(await memory.attempt(event.position)),
    });
    await memory.moveOn(event.position, delivered);
    deps.moved();
  }
}

async function deliverMissed(deps: DeliveryWalkDeps, first: TaskEvent): Promise<void> {
  const { frontEnd, memory, logger } = deps;
  const events = await missedEvents(deps);
  const last = events.at(-1) ?? first;
  const attempt = await memory.attempt(last.position);
  const delivered = await frontEnd.summarize({ since: first.timestamp, events, ...attempt });
  await memory.moveOn(last.position, delivered);
  deps.moved();
  logger.info(
    { events: events.length, since: first.timestamp },
    'missed events were summed up in one message',
  );
}

/** A summary that may have been sent already is repeated over the same events, or its text would differ. */
async function missedEvents({ store, memory }: DeliveryWalkDeps): Promise<readonly TaskEvent[]> {
  const events = await store.eventsAfter(await memory.position(), MISSED_AT_MOST);
  const doubtful = await memory.doubtful();
  const end = events.findIndex((event) => event.position === doubtful);
  return end === -1 ? events : events.slice(0, end + 1);
}
