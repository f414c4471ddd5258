/** After a long absence: one message for all that was missed, and the cards that people look at brought up to date. */
import type { Delivered, Missed, Store } from '../../core/ports.ts';
import { CARD, type CardKeeper } from './card-keeper.ts';
import type { DiscordConfig } from './config.ts';
import type { Live } from './connection.ts';
import { notificationChannel } from './places.ts';
import { LAST_MESSAGE, nonceOf, type Sender } from './sender.ts';
import { summary } from './summary.ts';

/** The newest ones; older cards stay as they are until something happens to their task. */
const CARDS_REFRESHED = 25;

export interface SummarizeDeps {
  readonly config: DiscordConfig;
  readonly store: Store;
  readonly cards: CardKeeper;
  readonly sender: Sender;
}

export function createSummarize({ config, store, cards, sender }: SummarizeDeps) {
  return async (live: Live, missed: Missed): Promise<Delivered> => {
    const last = missed.events.at(-1);
    if (last === undefined) return {};
    const channel = await notificationChannel(live.client, config);
    const unlink: { taskId: number; kind: string }[] = [];
    for (const taskId of newestTasks(missed)) {
      const [task, link] = await Promise.all([store.task(taskId), cards.linkOf(taskId)]);
      if (task === null || link === null) continue;
      if ((await cards.edit(live, link, task)) === 'gone') unlink.push({ taskId, kind: CARD });
    }
    const nonce = nonceOf(last, 1);
    const sent = await sender.send({ live, channel, message: summary(missed), nonce, attempt: missed });
    return { unlink, ...(sent !== null && { values: { [LAST_MESSAGE]: sent.messageId } }) };
  };
}

function newestTasks({ events }: Missed): readonly number[] {
  const newestFirst = events.map(({ taskId }) => taskId).reverse();
  return [...new Set(newestFirst)].slice(0, CARDS_REFRESHED);
}
