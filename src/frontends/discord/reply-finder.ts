/**
 * Finds the reply that a new task was answered with. A reply can carry no nonce, so for a while it is the
 * handler's; when that takes too long, or the process was killed in between, the reply is looked up by the
 * interaction it answers. A task whose reply cannot be found gets its card like one from elsewhere.
 */
import { DeliveryBlocked, type Link } from '../../core/ports.ts';
import type { CardKeeper } from './card-keeper.ts';
import type { Live } from './connection.ts';
import { findMessage, isReplyTo } from './history.ts';
import { readRef, type InFlight } from './in-flight.ts';
import { lacksNow, missingPermissions } from './places.ts';

export type Reply =
  /** The handler has linked it and drawn the card. */
  | { readonly state: 'drawn' }
  /** It stands; the card is yet to be drawn. */
  | { readonly state: 'standing'; readonly link: Link }
  | { readonly state: 'none' };

export interface Replies {
  find(live: Live, ref: string, taskId: number): Promise<Reply>;
}

export interface RepliesDeps {
  readonly inFlight: InFlight;
  readonly cards: CardKeeper;
}

export function createReplies({ inFlight, cards }: RepliesDeps): Replies {
  return {
    async find(live, ref, taskId) {
      const settled = await inFlight.settled(ref);
      const link = await cards.linkOf(taskId);
      if (link !== null) return settled === 'drawn' ? { state: 'drawn' } : { state: 'standing', link };
      const place = readRef(ref);
      if (place === null) return { state: 'none' };
      const found = await lookUp(live, place);
      return found === null ? { state: 'none' } : { state: 'standing', link: found };
    },
  };
}

async function lookUp(
  live: Live,
  { channelId, interactionId }: { channelId: string; interactionId: string },
): Promise<Link | null> {
  const { client, api } = live;
  const channel = client.channels.cache.get(channelId);
  if (channel !== undefined && 'guild' in channel) {
    // A channel that is out of sight holds no card that we could ever edit.
    if (missingPermissions(channel, ['View Channel']).length > 0) return null;
    if (await lacksNow(channel, 'Read Message History')) {
      throw new DeliveryBlocked(
        `The reply to a task may stand in #${channel.name}; finding out takes Read Message History there.`,
      );
    }
  }
  const matches = isReplyTo(interactionId, client.user.id);
  // Replies are newer than what they answer, and ids rise with time.
  const found = await findMessage({ api, channelId, after: interactionId, matches, ifForbidden: 'nothing' });
  return found === null ? null : { channelId, messageId: found.id };
}
