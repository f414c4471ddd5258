/**
 * Where a task's thread is. Making one carries no nonce, so what an earlier try may have made is looked for: a second
 * thread on a message is refused, and then the first one is it.
 */
import { Routes, type APIChannel } from 'discord.js';
import { TransientError } from '../../core/errors.ts';
import { titleOf } from '../../core/event.ts';
import { DeliveryBlocked, type Link, type Logger } from '../../core/ports.ts';
import type { Task } from '../../core/task.ts';
import { ThreadClosed, type Opening } from '../../core/thread-ports.ts';
import type { CardKeeper } from './card-keeper.ts';
import type { DiscordConfig } from './config.ts';
import type { Live } from './connection.ts';
import type { Refusal } from './failures.ts';
import { flat } from './text.ts';
import { findForum, findPost, makePost, NEEDS_TAG, type Forum } from './thread-post.ts';

/** A week: the longest there is. A thread that sleeps wakes up when something is said in it. */
const ARCHIVE_MINUTES = 10_080;
const NAME_LENGTH = 100;
const HAS_THREAD = '160004';
/** The server has as many threads as it may have; some will be archived. */
const TOO_MANY_THREADS = '160006';

export interface ThreadPlaceDeps extends Opening {
  readonly config: DiscordConfig;
  readonly cards: CardKeeper;
  readonly logger: Logger;
}

export async function placeThread(live: Live, task: Task, deps: ThreadPlaceDeps): Promise<string> {
  const { config, cards, logger, isAnnounced } = deps;
  const card = await cards.linkOf(task.id);
  // Where it hangs, or where it is linked, is known once the channel has been told.
  if (card === null && !isAnnounced) {
    throw new TransientError(`The card of task #${task.id} is not there yet.`, { retryAfterMs: 1_000 });
  }
  const forum = findForum(live, config);
  if (forum !== null) {
    const post = await postIn(live, forum, { task, card, ...deps });
    if (post !== null) return post;
    logger.warn(
      { forum: config.taskForum },
      'TASK_FORUM wants a tag that the bot cannot give: threads hang on the cards',
    );
  } else if (config.taskForum !== null) {
    logger.warn(
      { forum: config.taskForum },
      'TASK_FORUM is no forum that can be seen: threads hang on the cards',
    );
  }
  if (card === null) throw new ThreadClosed('its card is gone.');
  return threadOnCard(live, task, card);
}

/** A card leads to its post. A thread that hangs on the card, or that the card lies in, is shown by Discord itself. */
export async function showOnCard(
  live: Live,
  task: Task,
  { cards, threadId }: { cards: CardKeeper; threadId: string },
): Promise<void> {
  const card = await cards.linkOf(task.id);
  if (card === null || threadId === card.messageId || threadId === card.channelId) return;
  await cards.edit(live, card, task);
}

/** Null: this forum takes none of ours. */
async function postIn(
  live: Live,
  forum: Forum,
  { task, card, inDoubtSince }: Opening & { task: Task; card: Link | null },
): Promise<string | null> {
  const made = inDoubtSince === null ? null : await findPost(live, forum, { task, since: inDoubtSince });
  if (made !== null) return made;
  const name = threadName(task);
  const answer = await makePost(live, forum, { task, name, card, archiveMinutes: ARCHIVE_MINUTES });
  if (answer.ok) return (answer.value as APIChannel).id;
  if (answer.code === NEEDS_TAG) return null;
  throw notMade(answer);
}

function threadName({ id, description }: Task): string {
  return flat(`#${id} ${titleOf(description)}`, NAME_LENGTH);
}

/** Where a card's thread is, or will be: a thread on a message has the message's id. */
export async function threadOfCard(live: Live, { channelId, messageId }: Link): Promise<string> {
  return (await isThread(live, channelId)) ? channelId : messageId;
}

async function threadOnCard(live: Live, task: Task, card: Link): Promise<string> {
  const { channelId, messageId } = card;
  if ((await threadOfCard(live, card)) === channelId) return channelId;
  const answer = await live.api.ask({
    method: 'POST',
    route: Routes.threads(channelId, messageId),
    body: { name: threadName(task), auto_archive_duration: ARCHIVE_MINUTES },
  });
  if (answer.ok) return (answer.value as APIChannel).id;
  if (answer.code === HAS_THREAD) return messageId;
  throw notMade(answer);
}

/** A thread cannot have threads, so one that a card lies in is the card's own. After a restart only Discord knows. */
async function isThread({ client, api }: Live, channelId: string): Promise<boolean> {
  const known = client.channels.cache.get(channelId);
  if (known !== undefined) return known.isThread();
  const answer = await api.ask({ method: 'GET', route: Routes.channel(channelId) });
  return answer.ok && 'thread_metadata' in (answer.value as APIChannel);
}

function notMade({ why, code, message }: Refusal): Error {
  if (why === 'gone') return new ThreadClosed('what it would hang on is gone.');
  if (why === 'forbidden') {
    return new ThreadClosed(`the bot may not make threads there (Create Public Threads): ${message}`);
  }
  if (why === 'unauthorized' || code === TOO_MANY_THREADS) return new DeliveryBlocked(message);
  return new ThreadClosed(`Discord made none: ${message}`);
}
