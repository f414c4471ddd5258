/**
 * Where a task's thread is. Making one carries no nonce, so what an earlier try may have made is looked for: a second
 * thread on a message is refused, and then the first one is it.
 */
import { Routes, type APIChannel } from 'discord.js';
import { TransientError } from '../../core/errors.ts';
import { titleOf } from '../../core/event.ts';
import { DeliveryBlocked, type Link } from '../../core/ports.ts';
import type { Task } from '../../core/task.ts';
import { ThreadClosed } from '../../core/thread-ports.ts';
import type { CardKeeper } from './card-keeper.ts';
import type { Live } from './connection.ts';
import type { Refusal } from './failures.ts';
import { flat } from './text.ts';

/** A week: the longest there is. A thread that sleeps wakes up when something is said in it. */
const ARCHIVE_MINUTES = 10_080;
const NAME_LENGTH = 100;
const HAS_THREAD = '160004';
/** The server has as many threads as it may have; some will be archived. */
const TOO_MANY_THREADS = '160006';

export interface ThreadPlaceDeps {
  readonly cards: Pick<CardKeeper, 'linkOf'>;
  /** The card, if the task gets one, has been posted. */
  readonly isAnnounced: boolean;
}

export async function placeThread(
  live: Live,
  task: Task,
  { cards, isAnnounced }: ThreadPlaceDeps,
): Promise<string> {
  const card = await cards.linkOf(task.id);
  if (card !== null) return threadOnCard(live, task, card);
  if (isAnnounced) throw new ThreadClosed('its card is gone.');
  throw new TransientError(`The card of task #${task.id} is not there yet.`, { retryAfterMs: 1_000 });
}

function threadName({ id, description }: Task): string {
  return flat(`#${id} ${titleOf(description)}`, NAME_LENGTH);
}

async function threadOnCard(live: Live, task: Task, { channelId, messageId }: Link): Promise<string> {
  if (await isThread(live, channelId)) return channelId;
  const answer = await live.api.ask({
    method: 'POST',
    route: Routes.threads(channelId, messageId),
    body: { name: threadName(task), auto_archive_duration: ARCHIVE_MINUTES },
  });
  if (answer.ok) return (answer.value as APIChannel).id;
  // A thread on a message has the message's id.
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
  if (why === 'gone') return new ThreadClosed('its card is gone.');
  if (why === 'forbidden') {
    return new ThreadClosed(`the bot may not make threads there (Create Public Threads): ${message}`);
  }
  if (why === 'unauthorized' || code === TOO_MANY_THREADS) return new DeliveryBlocked(message);
  return new ThreadClosed(`Discord made none: ${message}`);
}
