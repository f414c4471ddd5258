/**
 * Looking for a message of ours whose sending is in doubt. Nonces cannot be read back, so it is known again by
 * what it says, or (a card) by its task, or (a reply) by the interaction it answered.
 */
import { Routes, type APIMessage } from 'discord.js';
import { DeliveryBlocked } from '../../core/ports.ts';
import type { Api } from './api.ts';
import { taskIdOf } from './cards.ts';
import { formsWithoutEmbed, type Outgoing } from './outgoing.ts';
import { normalised } from './text.ts';

const PAGE = 100;
/** Further back nobody looks: this is far more than is ever said while one send is in doubt. */
const MAX_PAGES = 50;

export interface Search {
  readonly api: Api;
  readonly channelId: string;
  /** Only messages after this one. */
  readonly after: string;
  matches(message: APIMessage): boolean;
  /** What a forbidden channel means: by default that nobody can tell, so delivery pauses. */
  readonly ifForbidden?: 'nothing';
}

/** The oldest match; null when there is none, or the channel is gone. */
export async function findMessage(search: Search): Promise<APIMessage | null> {
  let after = search.after;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await search.api.ask({
      method: 'GET',
      route: Routes.channelMessages(search.channelId),
      query: { after, limit: String(PAGE) },
    });
    if (!answer.ok) {
      if (answer.why === 'gone' || search.ifForbidden === 'nothing') return null;
      throw new DeliveryBlocked(
        `The history of channel ${search.channelId} cannot be read: ${answer.message}`,
      );
    }
    const messages = (answer.value as APIMessage[]).toSorted((a, b) => compareIds(a.id, b.id));
    const found = messages.find((message) => search.matches(message));
    if (found !== undefined) return found;
    const last = messages.at(-1);
    if (last === undefined || messages.length < PAGE) return null;
    after = last.id;
  }
  return null;
}

/** Whether this is what `message` would have become. Replies to interactions are somebody else's doing. */
export function isSentFrom(message: Outgoing, botId: string): (candidate: APIMessage) => boolean {
  const texts = new Set([message, ...formsWithoutEmbed(message)].map(textOf));
  return (candidate) => {
    if (candidate.author.id !== botId || candidate.interaction_metadata !== undefined) return false;
    if (message.cardOf !== undefined && taskIdOf(candidate) === message.cardOf) return true;
    const [embed] = candidate.embeds;
    return texts.has(normalised(candidate.content, embed?.title, embed?.description, embed?.footer?.text));
  };
}

export function isReplyTo(interactionId: string, botId: string): (candidate: APIMessage) => boolean {
  return (candidate) => candidate.author.id === botId && candidate.interaction_metadata?.id === interactionId;
}

function textOf({ content, embed }: Outgoing): string {
  return normalised(content, embed?.title, embed?.description, embed?.footer?.text);
}

function compareIds(a: string, b: string): number {
  return a.length === b.length ? (a < b ? -1 : Number(a > b)) : a.length - b.length;
}

const DISCORD_EPOCH_MS = 1_420_070_400_000;
/** Discord's clock and ours differ; looking at a few messages too many does no harm. */
const CLOCK_SLACK_MS = 10 * 60_000;

/** An id just before anything that was sent at this time. */
export function idBefore(time: Date): string {
  const sinceEpoch = Math.max(0, time.getTime() - CLOCK_SLACK_MS - DISCORD_EPOCH_MS);
  return (BigInt(sinceEpoch) << 22n).toString();
}
