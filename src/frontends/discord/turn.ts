/** One interaction and all that its handler may use. */
import type { BaseInteraction } from 'discord.js';
import type { FrontEndMemory, Link } from '../../core/ports.ts';
import type { Actor } from '../../core/vocabulary.ts';
import type { Answer, Choice } from './answer.ts';
import type { CardKeeper } from './card-keeper.ts';
import type { DiscordDeps } from './config.ts';
import type { InFlight } from './in-flight.ts';
import { flat } from './text.ts';

export interface Kit extends DiscordDeps {
  readonly memory: FrontEndMemory;
  readonly inFlight: InFlight;
  readonly cards: CardKeeper;
}

export interface Turn<I extends BaseInteraction> {
  readonly interaction: I;
  readonly answer: Answer;
  readonly kit: Kit;
}

export type Handler<I extends BaseInteraction> = (turn: Turn<I>) => Promise<void>;

export type { Choice, Link };

/** Known from Discord itself, so it may decide who is mentioned later. */
export function actorOf({ user }: BaseInteraction): Actor {
  return `discord:${user.id}`;
}

export function shownName({ user }: BaseInteraction): string {
  return `@${flat(user.username, 90)}`;
}
