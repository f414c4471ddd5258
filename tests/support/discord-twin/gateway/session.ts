import type { WebSocket } from 'ws';
import type { JsonObject } from '../json.ts';
import { INTENTS, type GatewayEvent } from '../world/world.ts';

/** One identified session. It outlives its connection, so that a client may resume and hear what it missed. */
export interface Session {
  readonly id: string;
  readonly intents: number;
  /** Null while the connection is gone. */
  socket: WebSocket | null;
  hear(event: GatewayEvent): void;
  /** Says again everything after this number. */
  replay(after: number): void;
  readonly sequence: number;
}

export function createSession(facts: { id: string; intents: number; botId: string }): Session {
  const sent: { sequence: number; text: string }[] = [];
  let sequence = 0;
  return {
    id: facts.id,
    intents: facts.intents,
    socket: null,
    get sequence() {
      return sequence;
    },
    hear(event) {
      if (event.intents !== 0 && (event.intents & facts.intents) === 0) return;
      sequence += 1;
      const payload = visiblePayload(event, facts);
      const text = JSON.stringify({ op: 0, s: sequence, t: event.name, d: payload });
      sent.push({ sequence, text });
      this.socket?.send(text);
    },
    replay(after) {
      for (const event of sent) {
        if (event.sequence > after) this.socket?.send(event.text);
      }
    },
  };
}

/** Without the message content intent the words of others arrive empty. */
function visiblePayload(event: GatewayEvent, facts: { intents: number; botId: string }): JsonObject {
  const isForeign = event.name.startsWith('MESSAGE_') && authorOf(event.payload) !== facts.botId;
  const isHidden = isForeign && (facts.intents & INTENTS.messageContent) === 0 && 'guild_id' in event.payload;
  if (!isHidden || event.name === 'MESSAGE_DELETE') return event.payload;
  return { ...event.payload, content: '', embeds: [], attachments: [], components: [] };
}

function authorOf(payload: JsonObject): unknown {
  const author = payload['author'];
  return typeof author === 'object' && author !== null && 'id' in author ? author.id : undefined;
}
