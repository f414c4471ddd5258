/**
 * The answer to what somebody says in a thread: a small sign on their message, or a silent line where the sign is not
 * enough. A refusal goes to its person alone, once for each thread, for bystanders may talk there as well.
 */
import { MessageFlags, PermissionFlagsBits, Routes, type APIChannel, type RouteLike } from 'discord.js';
import type { Clock, Logger } from '../../core/ports.ts';
import type { Replied } from '../../core/reply-use-cases.ts';
import type { Live } from './connection.ts';
import type { Answered } from './failures.ts';
import { toBody, says } from './outgoing.ts';
import { patiently } from './patience.ts';
import type { Heard, Talk } from './thread-talk.ts';

const SIGNS: Readonly<Record<Replied['delivery'], string>> = { now: '👀', next_run: '🕓', follow_up: '🔁' };
const TRIES = 3;
const MOST_REMEMBERED = 1_000;

export interface NodDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Never rejects: what was said is stored, whether or not its author hears of it. */
export type Nod = (live: Live, talk: Talk, heard: Heard) => Promise<void>;

export function createNod({ clock, logger }: NodDeps): Nod {
  const refused = new Set<string>();

  function isFirstRefusal({ author, channel_id: threadId }: Talk): boolean {
    const key = `${author.id}:${threadId}`;
    if (refused.has(key)) return false;
    if (refused.size >= MOST_REMEMBERED) refused.clear();
    refused.add(key);
    return true;
  }

  async function nod(live: Live, talk: Talk, heard: Heard): Promise<void> {
    if (heard.as === 'not-permitted') {
      if (isFirstRefusal(talk)) await whisper(live, talk, heard.line);
      return;
    }
    const isSigned = heard.as === 'reply' && heard.isClear && (await sign(live, talk, SIGNS[heard.delivery]));
    if (!isSigned) await line(live, talk, heard.line);
  }

  return async (live, talk, heard) => {
    try {
      // Both a sign and a line with a nonce may be sent again.
      await patiently(clock, TRIES, () => nod(live, talk, heard));
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      logger.info({ message: talk.id, reason }, 'what was said in a thread could not be acknowledged');
    }
  };
}

async function sign(live: Live, talk: Talk, emoji: string): Promise<boolean> {
  if (!maySign(live, talk.channel_id)) return false;
  const route = Routes.channelMessageOwnReaction(talk.channel_id, talk.id, encodeURIComponent(emoji));
  return (await live.api.ask({ method: 'PUT', route })).ok;
}

/** As far as the gateway told; a thread that slept is not among that, and Discord will say. */
function maySign({ client }: Live, threadId: string): boolean {
  const place = client.channels.cache.get(threadId);
  if (place === undefined || place.isDMBased() || place.guild.members.me === null) return true;
  const { AddReactions, ReadMessageHistory } = PermissionFlagsBits;
  return place.permissionsFor(place.guild.members.me).has([AddReactions, ReadMessageHistory]);
}

function line(live: Live, { id, channel_id: threadId }: Talk, text: string): Promise<Answered> {
  return say(live, Routes.channelMessages(threadId), {
    ...toBody(says(text)),
    flags: MessageFlags.SuppressNotifications | MessageFlags.SuppressEmbeds,
    message_reference: { message_id: id, fail_if_not_exists: false },
    nonce: `r.${id}`,
    enforce_nonce: true,
  });
}

/** Whoever takes no messages from bots is not told, and nobody else is. */
async function whisper(live: Live, { author, channel_id: threadId, id }: Talk, text: string): Promise<void> {
  const opened = await live.api.ask({
    method: 'POST',
    route: Routes.userChannels(),
    body: { recipient_id: author.id },
  });
  if (!opened.ok) return;
  const body = toBody(says(`Your message in <#${threadId}> was not passed on. ${text}`));
  const channel = opened.value as APIChannel;
  await say(live, Routes.channelMessages(channel.id), { ...body, nonce: `r.${id}`, enforce_nonce: true });
}

function say({ api }: Live, route: RouteLike, body: object): Promise<Answered> {
  return api.ask({ method: 'POST', route, body });
}
