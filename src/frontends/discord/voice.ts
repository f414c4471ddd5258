/** Requests through an interaction's own token: its first answer, the message that stands for it, and follow-ups. */
import {
  InteractionResponseType,
  MessageFlags,
  Routes,
  type APIMessage,
  type AutocompleteInteraction,
  type RepliableInteraction,
} from 'discord.js';
import { TransientError } from '../../core/errors.ts';
import type { Link } from '../../core/ports.ts';
import type { Api, Call } from './api.ts';
import { awake } from './awake.ts';
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
  const { id, token, applicationId, channelId } = interaction;
  const original = Routes.webhookMessage(applicationId, token, '@original');
  const isInteraction = true;

  /** Where the content is refused, its plain form goes out. */
  async function orPlain(message: Outgoing, ask: (form: Outgoing) => Promise<Answered>): Promise<unknown> {
    const answered = await awake(api, channelId, () => ask(message));
    const isRefused = !answered.ok && answered.why === 'refused';
    return valueOf(isRefused ? await ask(plainForm(message)) : answered);
  }

  return {
    async first(type, data) {
      const body = { type, ...(data !== undefined && { data }) };
      const query = { with_response: 'true' };
      const route = Routes.interactionCallback(id, token);
      const call = { method: 'POST', route, body, query, isInteraction, type } as const;
      return valueOf(await answerOnce(api, call, { method: 'GET', route: original, isInteraction }));
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

/** Answers that stand for a message, so that Discord can be asked whether they were taken. */
const LEAVES_MESSAGE: readonly InteractionResponseType[] = [
  InteractionResponseType.ChannelMessageWithSource,
  InteractionResponseType.DeferredChannelMessageWithSource,
];

/**
 * A first answer may have been taken although nothing was heard back, and giving it twice is an error. So it is
 * looked for, and given again only if it is not there. A press counts as heard: there is nothing to look at.
 */
async function answerOnce(api: Api, call: Call & { type: InteractionResponseType }, original: Call) {
  try {
    return await api.ask(call);
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    if (call.type === InteractionResponseType.DeferredMessageUpdate)
      return { ok: true, value: null } as const;
    if (!LEAVES_MESSAGE.includes(call.type)) throw error;
    const standing = await api.ask(original);
    if (standing.ok) return taken(standing);
    const again = await api.ask(call);
    if (again.ok || again.why !== 'answered') return again;
    // The first one came in after it was looked for: it is ours, and what was asked is not done yet.
    const late = await api.ask(original);
    return late.ok ? taken(late) : ({ ok: true, value: null } as const);
  }
}

function taken({ value }: { readonly value: unknown }) {
  const { id } = value as APIMessage;
  return { ok: true, value: { interaction: { response_message_id: id } } } as const;
}

function valueOf(answered: Answered): unknown {
  if (answered.ok) return answered.value;
  throw new InteractionOver(answered.code, answered.message);
}
