/**
 * Sends each message once. Every send carries a nonce that Discord enforces, so that repeating it within
 * minutes gives the first one back; later a send in doubt is looked up in the channel before it is repeated.
 */
import { Routes, type APIMessage, type GuildBasedChannel } from 'discord.js';
import type { TaskEvent } from '../../core/event.ts';
import {
  DeliveryBlocked,
  type Attempt,
  type Clock,
  type FrontEndMemory,
  type Link,
  type Logger,
} from '../../core/ports.ts';
import type { Live } from './connection.ts';
import { findMessage, idBefore, isSentFrom } from './history.ts';
import { creationFlags, plainForm, toBody, type Outgoing } from './outgoing.ts';
import { lacks, lacksNow } from './places.ts';

/** Discord remembers a nonce for minutes; for this long repeating is safe. */
const NONCE_SURE_MS = 2 * 60_000;

/** The last message that was delivered for sure: a send in doubt can only stand after it. */
export const LAST_MESSAGE = 'last_message';

export interface Sending {
  readonly live: Live;
  readonly channel: GuildBasedChannel;
  readonly message: Outgoing;
  readonly nonce: string;
  readonly attempt: Attempt;
  /** What the next try must know, should this one be cut short. */
  readonly decided?: string | undefined;
}

export interface Sender {
  /** The message as it stands in the channel; null when Discord takes it in no form. */
  send(sending: Sending): Promise<Link | null>;
}

/** At most 25 characters. Event ids alone repeat after a restored backup, so the event's time is in it. */
export function nonceOf(event: TaskEvent, part: number): string {
  return `${event.id}.${event.timestamp.getTime().toString(36)}.${part}`;
}

export interface SenderDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly memory: FrontEndMemory;
}

export function createSender({ clock, logger, memory }: SenderDeps): Sender {
  async function findEarlierTry({ live, channel, message, attempt }: Sending): Promise<Link | null> {
    const { inDoubtSince } = attempt;
    if (inDoubtSince === null || clock.now().getTime() - inDoubtSince.getTime() < NONCE_SURE_MS) return null;
    // Without this right the list is empty and no error, so the right itself is what has to be looked at.
    if (await lacksNow(channel, 'Read Message History')) {
      throw new DeliveryBlocked(
        `A message may have been sent already; finding out takes Read Message History in #${channel.name}.`,
      );
    }
    const after = (await memory.value(LAST_MESSAGE)) ?? idBefore(inDoubtSince);
    const matches = isSentFrom(message, live.client.user.id);
    const found = await findMessage({ api: live.api, channelId: channel.id, after, matches });
    return found === null ? null : { channelId: channel.id, messageId: found.id };
  }

  async function post({ live, channel, nonce }: Sending, message: Outgoing): Promise<Link | null> {
    const answer = await live.api.ask({
      method: 'POST',
      route: Routes.channelMessages(channel.id),
      body: { ...toBody(message), flags: creationFlags(message), nonce, enforce_nonce: true },
    });
    if (answer.ok) return { channelId: channel.id, messageId: (answer.value as APIMessage).id };
    if (answer.why !== 'refused') throw new DeliveryBlocked(`#${channel.name}: ${answer.message}`);
    logger.warn({ nonce, code: answer.code, reason: answer.message }, 'discord refused a message');
    return null;
  }

  return {
    async send(sending) {
      const earlier = await findEarlierTry(sending);
      if (earlier !== null) return earlier;
      const { message, channel, attempt, nonce, decided } = sending;
      // Without Embed Links an embed arrives as nothing at all; the plain form arrives.
      const canEmbed = message.embed === undefined || !(await lacks(channel, 'Embed Links'));
      await attempt.announceSend(decided);
      const sent = canEmbed ? await post(sending, message) : null;
      if (sent !== null) return sent;
      const plain = await post(sending, plainForm(message));
      if (plain === null) logger.error({ nonce }, 'discord refused the plain form too: message skipped');
      return plain;
    },
  };
}
