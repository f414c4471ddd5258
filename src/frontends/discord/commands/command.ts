import type {
  AutocompleteInteraction,
  ChatInputCommandInteraction,
  MessageContextMenuCommandInteraction,
  RESTPostAPIApplicationCommandsJSONBody,
} from 'discord.js';
import type { Need } from '../rights.ts';
import type { Choice, Handler, Turn } from '../turn.ts';

interface Described {
  readonly definition: RESTPostAPIApplicationCommandsJSONBody;
  /** What it takes where roles are set. */
  readonly needs: Need;
}

/** A slash command. The first thing `run` does is to answer: defer, or open a form. */
export interface SlashCommand extends Described {
  readonly kind: 'slash';
  readonly run: Handler<ChatInputCommandInteraction>;
  /** Suggestions while somebody types; bounded, from reads alone. */
  readonly choices?: (turn: Turn<AutocompleteInteraction>, typed: string) => Promise<readonly Choice[]>;
}

/** A command on a message ("Apps" in its menu). */
export interface MessageCommand extends Described {
  readonly kind: 'message';
  readonly run: Handler<MessageContextMenuCommandInteraction>;
}

export type Command = SlashCommand | MessageCommand;
