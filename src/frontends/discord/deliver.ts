/**
 * What an event makes: the card first (an edit can be repeated), then at most one message. Called by the relay
 * for one event at a time, again and again until it resolves; this is the only place that draws cards that stand.
 */
import type { GuildBasedChannel } from 'discord.js';
import type { Delivered, Delivery, Link, Logger, Store } from '../../core/ports.ts';
import type { Task } from '../../core/task.ts';
import { CARD, type CardKeeper } from './card-keeper.ts';
import { FRONT_END, type DiscordConfig } from './config.ts';
import type { Live } from './connection.ts';
import { LINES } from './lines.ts';
import { messageUrl, notificationChannel } from './places.ts';
import { isEnd, LEFT_TO_THREAD, quietly, threadOfEnd, type ThreadOfTask } from './quiet-end.ts';
import type { Replies } from './reply-finder.ts';
import { LAST_MESSAGE, nonceOf, type Sender } from './sender.ts';

export interface DeliverDeps {
  readonly config: DiscordConfig;
  readonly store: Store;
  readonly logger: Logger;
  readonly cards: CardKeeper;
  readonly replies: Replies;
  readonly sender: Sender;
}

export function createDeliver(deps: DeliverDeps) {
  return (live: Live, delivery: Delivery): Promise<Delivered> =>
    delivery.event.action === 'created'
      ? deliverCreated(deps, live, delivery)
      : deliverChange(deps, live, delivery);
}

async function deliverCreated(deps: DeliverDeps, live: Live, delivery: Delivery): Promise<Delivered> {
  const { event, task } = delivery;
  // Asked for and deleted before it could be shown.
  if (task === null) return {};
  if (task.origin?.frontEnd === FRONT_END) {
    const reply = await deps.replies.find(live, task.origin.ref, task.id);
    if (reply.state === 'drawn') return {};
    if (reply.state === 'standing') return takeOver(deps, live, { link: reply.link, task });
  }
  const known = await deps.cards.linkOf(task.id);
  if (known !== null) return takeOver(deps, live, { link: known, task });
  const channel = await notificationChannel(live.client, deps.config);
  const message = await deps.cards.draw(task);
  const sent = await deps.sender.send({
    live,
    channel,
    message,
    nonce: nonceOf(event, 0),
    attempt: delivery,
  });
  if (sent === null) return {};
  return { links: [{ taskId: task.id, kind: CARD, ...sent }], values: { [LAST_MESSAGE]: sent.messageId } };
}

/** A message that stands already becomes, or stays, the card. */
async function takeOver(
  { cards }: DeliverDeps,
  live: Live,
  { link, task }: { link: Link; task: Task },
): Promise<Delivered> {
  const edited = await cards.edit(live, link, task);
  if (edited === 'gone') return { unlink: [{ taskId: task.id, kind: CARD }] };
  return { links: [{ taskId: task.id, kind: CARD, ...link }] };
}

async function deliverChange(deps: DeliverDeps, live: Live, delivery: Delivery): Promise<Delivered> {
  const { event } = delivery;
  const line = LINES[event.action];
  const channel = line === null ? null : await notificationChannel(live.client, deps.config);
  const card = await updateCard(deps, live, delivery);
  if (line === null || channel === null) return card.delivered;
  const thread = await leftTo(deps, live, { delivery, card: card.link });
  const told = line(event, urlOf(live, channel, card.link), thread !== null);
  const sent = await deps.sender.send({
    live,
    channel,
    nonce: nonceOf(event, 0),
    attempt: delivery,
    ...(thread === null ? { message: told } : { message: quietly(told, thread), decided: QUIET }),
  });
  const end = isEnd(event) ? linkedAs(event.taskId, thread === null ? null : sent) : {};
  return {
    ...end,
    unlink: [...(card.delivered.unlink ?? []), ...(end.unlink ?? [])],
    ...(sent !== null && { values: { [LAST_MESSAGE]: sent.messageId } }),
  };
}

const QUIET = 'quiet';

/** Null: the line itself is what people hear of. What a send in doubt was stays so, whatever became of the thread. */
async function leftTo(
  deps: DeliverDeps,
  live: Live,
  { delivery, card }: { delivery: Delivery; card: Link | null },
): Promise<ThreadOfTask> {
  const { event, inDoubtSince, decided } = delivery;
  if (inDoubtSince !== null && decided !== QUIET) return null;
  const thread = await threadOfEnd(event, { live, card }, deps);
  return decided === QUIET ? (thread ?? { threadId: null }) : thread;
}

/** Whether the newest end was left to the thread is known as long as there is a link to its line. */
function linkedAs(taskId: number, quiet: Link | null): Delivered {
  if (quiet !== null) return { links: [{ taskId, kind: LEFT_TO_THREAD, ...quiet }] };
  return { unlink: [{ taskId, kind: LEFT_TO_THREAD }] };
}

interface CardNow {
  /** Null when there is no card, or none any more. */
  readonly link: Link | null;
  readonly delivered: Delivered;
}

async function updateCard({ cards }: DeliverDeps, live: Live, delivery: Delivery): Promise<CardNow> {
  const { event, task, cardIsSuperseded } = delivery;
  const link = await cards.linkOf(event.taskId);
  if (link === null || task === null || cardIsSuperseded) return { link, delivered: {} };
  const edited = await cards.edit(live, link, task);
  if (edited !== 'gone') return { link, delivered: {} };
  return { link: null, delivered: { unlink: [{ taskId: event.taskId, kind: CARD }] } };
}

/** Lines about a card that stands elsewhere lead to it. */
function urlOf({ client }: Live, channel: GuildBasedChannel, link: Link | null): string | null {
  if (link === null || link.channelId === channel.id) return null;
  const place = client.channels.cache.get(link.channelId);
  const guildId = place !== undefined && 'guildId' in place ? place.guildId : null;
  return messageUrl({ guildId: guildId ?? channel.guildId, ...link });
}
