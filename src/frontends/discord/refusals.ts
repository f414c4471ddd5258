/** What a person is told when something did not work. Every error code of the core has its answer here. */
import { DomainError, TransientError } from '../../core/errors.ts';
import type { DomainErrorCode } from '../../core/vocabulary.ts';
import { embed, EMBED_TEXT_LENGTH } from './embed.ts';
import type { Outgoing } from './outgoing.ts';
import { says } from './outgoing.ts';
import { blockWithNote } from './text.ts';

const LOOK = 'See `/queue` for what waits and `/done` for what has ended.';

const REPLIES: Readonly<Record<DomainErrorCode, (message: string) => string>> = {
  invalid_input: (message) => message,
  not_permitted: (message) => message,
  task_not_found: (message) => `${message} ${LOOK}`,
  task_not_claimable: (message) => message,
  lease_lost: (message) => message,
  invalid_transition: (message) => `${message} ${LOOK}`,
  idempotency_conflict: (message) => message,
};

const TRY_AGAIN = 'Athena is busy right now. Please try again in a moment.';

export const WENT_WRONG = 'Something went wrong. It is in the log; please try again.';

/** Null: not a refusal but a bug. */
export function refusalText(error: unknown): string | null {
  if (error instanceof DomainError) return REPLIES[error.code](error.message);
  if (error instanceof TransientError) return TRY_AGAIN;
  return null;
}

/** A text that somebody wrote is given back when it could not be kept, as far as one message holds it. */
export function givingBack(reason: string, text: string): Outgoing {
  const description = blockWithNote(text, EMBED_TEXT_LENGTH, '\n… (shortened; one message holds no more)');
  return {
    ...says(reason),
    embed: embed({ title: 'Your text', colour: 0x95_a5_a6, description }),
  };
}
