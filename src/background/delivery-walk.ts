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
  /** Gives up on the next event, or on all that one summary would have told of. */
  skip(): Promise<void>;
}

export function createDeliveryWalk(deps: DeliveryWalkDeps): DeliveryWalk {
  const { memory, logger } = deps;
  return {
    async step() {
      const next = await findNext(deps);
      if (next === null) return false;
      if (next.isSummary) await deliverMissed(deps, next);
      else await deliverPage(deps, next.events);
      return true;
    },

    async skip() {
      const next = await findNext(deps);
      if (next === null) return;
      const { first, last } = next.isSummary ? next : { first: next.first, last: next.first };
      const what = { event: first.id, task: first.taskId, up_to: last.id };
      logger.error(what, 'an event could never be delivered and is skipped');
      await memory.moveOn(last.position, {});
      deps.moved();
    },
  };
}

interface Next {
  readonly isSummary: boolean;
  readonly events: readonly TaskEvent[];
  readonly first: TaskEvent;
  readonly last: TaskEvent;
}

async function findNext({ store, memory, clock }: DeliveryWalkDeps): Promise<Next | null> {
  const position = await memory.position();
  const events = await store.eventsAfter(position, PAGE);
  const [first] = events;
  if (first === undefined) return null;
  if (clock.now().getTime() - first.timestamp.getTime() <= LONG_AWAY_MS) return toNext(events, first, false);
  const doubtful = await memory.doubtful();
  // This very event may have been shown already: telling of it once more in a summary would be twice.
  if (doubtful?.isSummary === false && doubtful.position === first.position)
    return toNext([first], first, false);
  const missed = await store.eventsAfter(position, MISSED_AT_MOST);
  // A summary that may have been sent already is repeated over the same events, or its text would differ.
  const end =
    doubtful?.isSummary === true ? missed.findIndex((event) => event.position === doubtful.position) : -1;
  return toNext(end === -1 ? missed : missed.slice(0, end + 1), first, true);
}

function toNext(events: readonly TaskEvent[], first: TaskEvent, isSummary: boolean): Next {
  return { events, first, last: events.at(-1) ?? first, isSummary };
}

async function deliverPage(deps: DeliveryWalkDeps, events: readonly TaskEvent[]): Promise<void> {
  const { store, frontEnd, memory } = deps;
  for (const [index, event] of events.entries()) {
    if (deps.isStopped()) return;
    const delivered = await frontEnd.deliver({
      event,
      task: await store.task(event.taskId),
      cardIsSuperseded: events.slice(index + 1).some((later) => later.taskId === event.taskId),
      ...(await memory.attempt({ position: event.position, isSummary: false })),
    });
    await memory.moveOn(event.position, delivered);
    deps.moved();
  }
}

async function deliverMissed(deps: DeliveryWalkDeps, { events, first, last }: Next): Promise<void> {
  const { frontEnd, memory, logger } = deps;
  const attempt = await memory.attempt({ position: last.position, isSummary: true });
  const delivered = await frontEnd.summarize({ since: first.timestamp, events, ...attempt });
  await memory.moveOn(last.position, delivered);
  deps.moved();
  logger.info(
    { events: events.length, since: first.timestamp },
    'missed events were summed up in one message',
  );
}
