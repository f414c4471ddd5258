/** What a person is told when something did not work. Every error code of the core has its answer here. */
import { DomainError, TransientError } from '../../core/errors.ts';
import type { DomainErrorCode } from '../../core/vocabulary.ts';
import { embed, EMBED_TEXT_LENGTH } from './embed.ts';
import type { Outgoing } from './outgoing.ts';
import { says } from './outgoing.ts';
import { blockWithNote } from './text.ts';
import { plural, relative, timeOfDay } from './words.ts';

const LOOK = 'See `/queue` for what waits and `/done` for what has ended.';

/** `whoMay` says which role it takes, for what may not be done without one. */
type Reply = (error: DomainError, whoMay: string) => string;

const asItIs: Reply = ({ message }) => message;
const lookAround: Reply = ({ message }) => `${message} ${LOOK}`;

const REPLIES: Readonly<Record<DomainErrorCode, Reply>> = {
  invalid_input: asItIs,
  not_permitted: ({ message }, whoMay) => `${message} ${whoMay}`,
  task_not_found: lookAround,
  task_not_claimable: asItIs,
  lease_lost: asItIs,
  invalid_transition: lookAround,
  idempotency_conflict: asItIs,
  limit_reached: limitText,
  name_in_use: asItIs,
};

/** When the next task is possible, on the reader's own clock. */
function limitText({ message, details = {} }: DomainError): string {
  const { most, possible_at: possibleAt } = details;
  if (typeof possibleAt !== 'string') return `${message} \`/queue\` shows them, \`/cancel\` takes one back.`;
  const at = new Date(possibleAt);
  return `You have queued ${plural(Number(most), 'task')} in the last hour, which is the limit. The next one is possible at ${timeOfDay(at)} (${relative(at)}).`;
}

const TRY_AGAIN = 'Athena is busy right now. Please try again in a moment.';

export const WENT_WRONG = 'Something went wrong. It is in the log; please try again.';

/** Null: not a refusal but a bug. */
export function refusalOf(error: unknown, whoMay = ''): Outgoing | null {
  if (error instanceof DomainError) {
    return { content: REPLIES[error.code](error, whoMay), plain: error.message };
  }
  return error instanceof TransientError ? says(TRY_AGAIN) : null;
}

/** A text that somebody wrote is given back when it could not be kept, as far as one message holds it. */
export function givingBack(refusal: Outgoing, text: string): Outgoing {
  if (text.trim() === '') return refusal;
  const description = blockWithNote(text, EMBED_TEXT_LENGTH, '\n… (shortened; one message holds no more)');
  return { ...refusal, embed: embed({ title: 'Your text', colour: 0x95_a5_a6, description }) };
}
