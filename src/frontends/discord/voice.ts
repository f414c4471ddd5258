/** Requests through an interaction's own token: its first answer, the message that stands for it, and follow-ups. */
import {
  MessageFlags,
  Routes,
  type APIMessage,
  type AutocompleteInteraction,
  type InteractionResponseType,
  type RepliableInteraction,
} from 'discord.js';
import { TransientError } from '../../core/errors.ts';
import type { Link } from '../../core/ports.ts';
import type { Api, Call } from './api.ts';
import type { Answered } from './failures.ts';
import { plainForm, toBody, type Outgoing } from './outgoing.ts';

/** The interaction cannot be answered any more: too late, or answered by another process. No bug of ours. */
export class InteractionOver extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'InteractionOver';
    this.code = code;
  }
}

export interface Voice {
  first(type: InteractionResponseType, data?: object): Promise<unknown>;
  /** Changes the message that stands for the answer. Repeating it is harmless. */
  edit(message: Outgoing): Promise<Link>;
  takeBack(): Promise<void>;
  /** A further message to this person alone. */
  whisper(message: Outgoing): Promise<void>;
}

export function createVoice(api: Api, interaction: RepliableInteraction | AutocompleteInteraction): Voice {
  const { id, token, applicationId } = interaction;
  const original = Routes.webhookMessage(applicationId, token, '@original');
  const isInteraction = true;

  /** Where the content is refused, its plain form goes out. */
  async function orPlain(message: Outgoing, ask: (form: Outgoing) => Promise<Answered>): Promise<unknown> {
    const answered = await ask(message);
    const isRefused = !answered.ok && answered.why === 'refused';
    return valueOf(isRefused ? await ask(plainForm(message)) : answered);
  }

  return {
    async first(type, data) {
      const body = { type, ...(data !== undefined && { data }) };
      const query = { with_response: 'true' };
      const route = Routes.interactionCallback(id, token);
      return valueOf(await askTwice(api, { method: 'POST', route, body, query, isInteraction }));
    },
    async edit(message) {
      const stored = (await orPlain(message, (form) =>
        api.ask({ method: 'PATCH', route: original, isInteraction, body: toBody(form) }),
      )) as APIMessage;
      return { channelId: stored.channel_id, messageId: stored.id };
    },
    async takeBack() {
      await api.ask({ method: 'DELETE', route: original, isInteraction });
    },
    async whisper(message) {
      const route = Routes.webhook(applicationId, token);
      await orPlain(message, (form) => {
        const body = { ...toBody(form), flags: MessageFlags.Ephemeral };
        return api.ask({ method: 'POST', route, isInteraction, body });
      });
    },
  };
}

/**
 * A first answer may have been taken although we heard nothing; then the second try says "answered already",
 * which is good news. Without a first try it is not: another process answers for this bot.
 */
async function askTwice(api: Api, call: Call): Promise<Answered> {
  try {
    return await api.ask(call);
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    const again = await api.ask(call);
    return !again.ok && again.why === 'answered' ? { ok: true, value: null } : again;
  }
}

function valueOf(answered: Answered): unknown {
  if (answered.ok) return answered.value;
  throw new InteractionOver(answered.code, answered.message);
}
