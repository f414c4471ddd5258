/**
 * The Discord front end: commands in, notifications out. Here its parts are put together; what each does is in
 * its own file. `deliver` and `summarize` are the relay's; interactions come from the gateway on their own.
 */
import { Events, type Client } from 'discord.js';
import { TransientError } from '../../core/errors.ts';
import type { Clock, FrontEnd } from '../../core/ports.ts';
import type { FrontEndThreads } from '../../core/thread-ports.ts';
import { logArrival } from './arrival.ts';
import { createCardKeeper } from './card-keeper.ts';
import { FRONT_END, type DiscordDeps } from './config.ts';
import { createConnection, type Live } from './connection.ts';
import { createDeliver } from './deliver.ts';
import { createInFlight } from './in-flight.ts';
import { createInteractions } from './interactions.ts';
import { createRegister, type Register } from './register.ts';
import { createReplies } from './reply-finder.ts';
import { createSender } from './sender.ts';
import { createSummarize } from './summarize.ts';
import { createThreadReplies } from './thread-replies.ts';
import { createThreads } from './threads.ts';

/** How long a stop waits for answers that are under way. */
const FAREWELL_MS = 3_000;

export interface DiscordFrontEnd extends FrontEnd {
  readonly threads: FrontEndThreads;
}

export function createDiscordFrontEnd(deps: DiscordDeps): DiscordFrontEnd {
  const { config, store, clock, logger } = deps;
  const memory = store.memory(FRONT_END);
  const inFlight = createInFlight(clock);
  const cards = createCardKeeper({ store, memory, logger });
  const sender = createSender({ clock, logger, memory });
  const replies = createReplies({ inFlight, cards });
  const deliver = createDeliver({ config, store, logger, cards, replies, sender });
  const summarize = createSummarize({ config, store, cards, sender });
  const interactions = createInteractions({ ...deps, memory, inFlight, cards });
  const threadReplies = createThreadReplies({ ...deps, memory });
  const register = createRegister({ config, memory, clock, logger });
  const farewell = createFarewell(clock);
  const stopping = createStopping();

  const connection = createConnection({
    config,
    clock,
    logger,
    attach(client, current) {
      const underWay = () => (stopping.isOn() ? null : current());
      announceArrivals(client, current, { register, config, logger });
      client.on(Events.InteractionCreate, (interaction) => {
        const live = underWay();
        if (live !== null) farewell.add(interactions.handle(interaction, live.api));
      });
      threadReplies.listen(client, underWay, (hearing) => {
        farewell.add(hearing);
      });
    },
  });

  return {
    name: FRONT_END,
    threads: createThreads({ config, store, cards, connection, logger, unless: stopping.unless }),
    state: () => connection.state(),
    start() {
      connection.start();
      return Promise.resolve();
    },
    async stop() {
      stopping.begin();
      register.stop();
      await connection.stop(() => farewell.wait());
    },
    ready: () => connection.ready(),
    deliver: (delivery) => stopping.unless(() => deliver(connection.live(), delivery)),
    summarize: (missed) => stopping.unless(() => summarize(connection.live(), missed)),
  };
}

/** A listener that throws would end the process, so each looks whether the line stands. */
function announceArrivals(
  client: Client,
  current: () => Live | null,
  { register, config, logger }: Pick<DiscordDeps, 'config' | 'logger'> & { register: Register },
): void {
  const announce = (live: Live | null) => (live === null ? undefined : register.run(live));
  client.on(Events.ClientReady, () => {
    const live = current();
    if (live !== null) logArrival(live, config, logger);
    void announce(live);
  });
  client.on(Events.GuildCreate, () => void announce(current()));
  client.on(Events.GuildAvailable, () => void announce(current()));
}

/** Answers that are under way are given before the line is cut. */
function createFarewell(clock: Clock) {
  const underWay = new Set<Promise<void>>();
  return {
    add(answering: Promise<void>) {
      const tracked = answering.finally(() => underWay.delete(tracked));
      underWay.add(tracked);
    },
    async wait() {
      let cancel: () => void = () => undefined;
      const patience = new Promise<void>((resolve) => {
        cancel = clock.after(FAREWELL_MS, resolve);
      });
      await Promise.race([Promise.allSettled(underWay), patience]);
      cancel();
    },
  };
}

/** A delivery that waits for Discord must not hold up the end of the process; it is repeated after the next start. */
function createStopping() {
  const signal = new AbortController();
  const stopped = () => new TransientError('Discord is being stopped.', { retryAfterMs: 1_000 });
  return {
    isOn: () => signal.signal.aborted,
    begin: () => {
      signal.abort();
    },
    unless: async <T>(run: () => Promise<T>): Promise<T> => {
      if (signal.signal.aborted) throw stopped();
      let leave: () => void = () => undefined;
      const ended = new Promise<never>((_resolve, reject) => {
        leave = () => {
          reject(stopped());
        };
        signal.signal.addEventListener('abort', leave, { once: true });
      });
      try {
        return await Promise.race([run(), ended]);
      } finally {
        signal.signal.removeEventListener('abort', leave);
      }
    },
  };
}
