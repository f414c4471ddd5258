/** The threads of this front end, for the thread relay: how each is found, drawn, and written to is in its own file. */
import type { Logger, Store } from '../../core/ports.ts';
import type { FrontEndThreads, ThreadScene, ThreadVoice } from '../../core/thread-ports.ts';
import type { CardKeeper } from './card-keeper.ts';
import { FRONT_END, type DiscordConfig } from './config.ts';
import type { Connection, Live } from './connection.ts';
import { missingPermissions, notificationChannel } from './places.ts';
import { drawAside } from './thread-aside.ts';
import { questionOf } from './thread-memo.ts';
import { editPart, findParts, sendPart, type Change } from './thread-message.ts';
import { placeThread, showOnCard } from './thread-place.ts';
import { drawStep } from './thread-step.ts';

export interface ThreadsDeps {
  readonly config: DiscordConfig;
  readonly store: Store;
  readonly cards: CardKeeper;
  readonly connection: Connection;
  readonly logger: Logger;
  /** Gives up what it runs when the front end stops. */
  readonly unless: <T>(run: () => Promise<T>) => Promise<T>;
}

export function createThreads({
  config,
  store,
  cards,
  connection,
  logger,
  unless,
}: ThreadsDeps): FrontEndThreads {
  const live = () => connection.live();
  const memory = store.memory(FRONT_END);
  const voice: Omit<ThreadVoice, 'draw'> = {
    send: (threadId, part) => unless(() => sendPart(live(), threadId, { part, logger })),
    edit: (threadId, { messageId, message }) =>
      unless(() => editPart(live(), threadId, { messageId, change: message as Change })),
    find: (threadId, search) => unless(() => findParts(live(), threadId, search)),
  };
  return {
    name: FRONT_END,
    ready: () => connection.ready(),
    open: (task, how) => unless(() => placeThread(live(), task, { config, cards, logger, ...how })),
    opened: (task, threadId) => unless(() => showOnCard(live(), task, { cards, threadId })),
    isAwaiting: (slots) => Object.keys(slots).some((slot) => questionOf(slot) !== null),
    aside: {
      place: () => unless(async () => (await notificationChannel(live().client, config)).id),
      draw: (scene, isAnnounced) => drawAside(scene, { store, memory, isAnnounced }),
      ...voice,
    },
    ...voice,
    draw: (scene) => drawStep(scene, { store, canAttach: mayAttach(live(), scene) }),
  };
}

/** As far as the gateway told; a thread that sleeps is not among what it told of. */
function mayAttach({ client }: Live, { threadId }: ThreadScene): boolean {
  const place = client.channels.cache.get(threadId);
  if (place === undefined || place.isDMBased()) return true;
  return missingPermissions(place, ['Attach Files']).length === 0;
}
