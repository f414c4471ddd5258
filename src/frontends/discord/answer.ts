/**
 * One interaction's answer: the first word within 3 s, then what follows, for the 15 min that its token lives.
 * It knows what has been said, so `tell` reaches the person alone whatever came before.
 */
import {
  InteractionResponseType,
  MessageFlags,
  type APIApplicationCommandOptionChoice,
  type APIModalInteractionResponseCallbackData,
} from 'discord.js';
import type { Link } from '../../core/ports.ts';
import { says, toBody, type Outgoing } from './outgoing.ts';
import type { Voice } from './voice.ts';

export type Choice = APIApplicationCommandOptionChoice;

export type Visibility = 'channel' | 'person';

export interface Answer {
  /** "Thinking…", seen by all or by one. Resolves to the id of the message that the answer will stand in. */
  defer(visibility: Visibility): Promise<string | null>;
  /** For a press of a button: heard, nothing to show yet. */
  deferUpdate(): Promise<void>;
  form(form: APIModalInteractionResponseCallbackData): Promise<void>;
  choices(choices: readonly Choice[]): Promise<void>;
  /** The answer itself, after a deferral. */
  show(message: Outgoing): Promise<Link>;
  /** To this person alone; a public "thinking…" that never became an answer is taken back first. */
  tell(message: Outgoing | string): Promise<void>;
}

type Stage = 'new' | 'channel' | 'person' | 'update' | 'shown' | 'closed';

export function createAnswer(voice: Voice): Answer {
  let stage: Stage = 'new';

  /** Where it fails nothing has been said yet, so another first answer may still get through. */
  async function open(next: Stage, type: InteractionResponseType, data?: object): Promise<unknown> {
    const value = await voice.first(type, data);
    stage = next;
    return value;
  }

  async function tell(message: Outgoing): Promise<void> {
    const before = stage;
    if (before === 'closed') return;
    if (before === 'new') {
      const data = { ...toBody(message), flags: MessageFlags.Ephemeral };
      await open('shown', InteractionResponseType.ChannelMessageWithSource, data);
      return;
    }
    stage = 'shown';
    if (before === 'person') {
      await voice.edit(message);
    } else {
      // The first follow-up of a public deferral would be public itself, whatever its flags say.
      if (before === 'channel') await voice.takeBack();
      await voice.whisper(message);
    }
  }

  return {
    async defer(visibility) {
      const data = visibility === 'person' ? { flags: MessageFlags.Ephemeral } : undefined;
      return responseMessageId(
        await open(visibility, InteractionResponseType.DeferredChannelMessageWithSource, data),
      );
    },
    async deferUpdate() {
      await open('update', InteractionResponseType.DeferredMessageUpdate);
    },
    async form(form) {
      await open('closed', InteractionResponseType.Modal, form);
    },
    async choices(choices) {
      await open('closed', InteractionResponseType.ApplicationCommandAutocompleteResult, { choices });
    },
    async show(message) {
      const link = await voice.edit(message);
      stage = 'shown';
      return link;
    },
    tell: (message) => tell(typeof message === 'string' ? says(message) : message),
  };
}

/** Null where the answer was taken but what it said was lost. */
function responseMessageId(value: unknown): string | null {
  const { interaction } = (value ?? {}) as { interaction?: { response_message_id?: string } };
  return interaction?.response_message_id ?? null;
}
