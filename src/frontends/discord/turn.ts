/** One interaction and all that its handler may use. */
import type { BaseInteraction } from 'discord.js';
import type { Caller } from '../../core/ownership.ts';
import type { PersonLimits } from '../../core/person-limits.ts';
import type { FrontEndMemory, Link } from '../../core/ports.ts';
import type { Actor } from '../../core/vocabulary.ts';
import type { Answer, Choice } from './answer.ts';
import type { CardKeeper } from './card-keeper.ts';
import type { DiscordDeps } from './config.ts';
import type { InFlight } from './in-flight.ts';
import type { PendingForms } from './pending-forms.ts';
import { flat } from './text.ts';

export interface Kit extends DiscordDeps {
  readonly memory: FrontEndMemory;
  readonly inFlight: InFlight;
  readonly forms: PendingForms;
  readonly cards: CardKeeper;
}

/** Whoever the guard let in. */
export interface Person {
  /** Under whose name the trail records it, and which tasks they may change. */
  readonly caller: Caller & { readonly actor: Actor };
  /** Undefined for those whom no limit holds. */
  readonly limits: PersonLimits | undefined;
}

export interface Turn<I extends BaseInteraction> {
  readonly interaction: I;
  readonly answer: Answer;
  readonly person: Person;
  readonly kit: Kit;
}

export type Handler<I extends BaseInteraction> = (turn: Turn<I>) => Promise<void>;

export type { Choice, Link };

export function shownName({ user }: { readonly user: { readonly username: string } }): string {
  return `@${flat(user.username, 90)}`;
}
