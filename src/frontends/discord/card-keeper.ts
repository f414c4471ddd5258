/**
 * Keeps cards up to date where they stand. Edits go by channel and message id with the bot's own token, so a
 * card can be edited for as long as its task lives. A card that is gone is forgotten; it is never posted again.
 */
import { Routes, type APIThreadChannel } from 'discord.js';
import { createOneByOne } from '../../core/one-by-one.ts';
import type { FrontEndMemory, Link, Logger, Store } from '../../core/ports.ts';
import type { Task } from '../../core/task.ts';
import { COUNT_AHEAD_UP_TO, taskCard } from './cards.ts';
import { FRONT_END } from './config.ts';
import type { Live } from './connection.ts';
import type { Answered } from './failures.ts';
import { plainForm, toBody, type Outgoing } from './outgoing.ts';

export const CARD = 'card';

/** `gone`: there is no such card any more. `skipped`: it cannot be edited, but may stand. */
export type Edited = 'edited' | 'gone' | 'skipped';

export interface CardKeeper {
  linkOf(taskId: number): Promise<Link | null>;
  draw(task: Task): Promise<Outgoing>;
  /** One edit of a card at a time, each from the task as it is then, so that the last one shows the newest state. */
  edit(live: Live, link: Link, task: Task): Promise<Edited>;
}

export interface CardKeeperDeps {
  readonly store: Store;
  readonly memory: FrontEndMemory;
  readonly logger: Logger;
}

export function createCardKeeper({ store, memory, logger }: CardKeeperDeps): CardKeeper {
  const inTurn = createOneByOne<number>();

  async function draw(task: Task, link?: Link): Promise<Outgoing> {
    const ahead = task.status === 'pending' ? await store.tasksAhead(task, COUNT_AHEAD_UP_TO) : null;
    return taskCard(task, { ahead, threadId: await threadElsewhere(task.id, link) });
  }

  /** Discord itself shows a thread that hangs on the card, and one that the card lies in. */
  async function threadElsewhere(taskId: number, link: Link | undefined): Promise<string | null> {
    const threadId = (await store.threads(FRONT_END).position(taskId))?.threadId ?? null;
    return threadId === link?.messageId || threadId === link?.channelId ? null : threadId;
  }

  async function edit(live: Live, link: Link, task: Task): Promise<Edited> {
    if (!(await isAwake(live, link.channelId))) {
      logger.info({ task_id: task.id }, 'a card in an archived thread is left as it is');
      return 'skipped';
    }
    const card = await draw((await store.task(task.id)) ?? task, link);
    let answer = await patch(live, link, card);
    if (!answer.ok && answer.why === 'refused') answer = await patch(live, link, plainForm(card));
    if (answer.ok) return 'edited';
    logger.info(
      { task_id: task.id, why: answer.why, code: answer.code },
      answer.why === 'gone' ? 'a card is gone' : 'a card could not be edited',
    );
    return answer.why === 'gone' ? 'gone' : 'skipped';
  }

  return {
    linkOf: (taskId) => memory.link(taskId, CARD),
    draw: (task) => draw(task),
    edit: (live, link, task) => inTurn(task.id, () => edit(live, link, task)),
  };
}

function patch({ api }: Live, link: Link, card: Outgoing): Promise<Answered> {
  return api.ask({
    method: 'PATCH',
    route: Routes.channelMessage(link.channelId, link.messageId),
    body: toBody(card),
  });
}

/**
 * Nothing can be edited in an archived thread, so it is woken first. After a restart only Discord knows which are.
 * False: it sleeps on (locked, or not ours to wake).
 */
async function isAwake({ client, api }: Live, channelId: string): Promise<boolean> {
  const known = client.channels.cache.get(channelId);
  if (known !== undefined && (!known.isThread() || known.archived !== true)) return true;
  const route = Routes.channel(channelId);
  const answer = await api.ask({ method: 'GET', route });
  // Whatever is wrong with the channel, the edit itself will tell.
  if (!answer.ok) return true;
  const metadata = (answer.value as Partial<APIThreadChannel>).thread_metadata;
  if (metadata?.archived !== true) return true;
  if (metadata.locked) return false;
  const woken = await api.ask({ method: 'PATCH', route, body: { archived: false } });
  return woken.ok;
}
