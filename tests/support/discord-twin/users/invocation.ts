import type { WaitOptions } from '../bell.ts';
import type { Choice } from '../limits/choices.ts';
import {
  ANSWER_WITHIN_MS,
  type Answer,
  type InteractionRecord,
  type OpenModal,
} from '../world/interactions.ts';
import type { TwinMessage } from '../world/model.ts';
import type { World } from '../world/world.ts';

/** What a person sees after using a command, a button or a form. */
export interface Invocation {
  readonly id: string;
  readonly token: string;
  readonly isAnswered: boolean;
  /** The message that answers, also while it only says "thinking"; for updates, the clicked message. */
  readonly original: TwinMessage | null;
  readonly followUps: readonly TwinMessage[];
  /** The first answer. Rejects once 3 seconds have passed on the twin's clock without one. */
  answer(options?: WaitOptions): Promise<Answer>;
  /** The answering message, once it says something. */
  message(options?: WaitOptions): Promise<TwinMessage>;
  followUp(options?: WaitOptions): Promise<TwinMessage>;
  modal(options?: WaitOptions): Promise<OpenModal>;
  choices(options?: WaitOptions): Promise<readonly Choice[]>;
}

export function createInvocation(world: World, record: InteractionRecord): Invocation {
  const wait = <T>(what: string, look: () => T | null | undefined, options: WaitOptions = {}): Promise<T> =>
    world.bell.waitFor(
      () => {
        const isLate = world.clock.now() - record.createdAt > ANSWER_WITHIN_MS;
        if (record.answer === null && isLate) throw new Error('The application did not respond.');
        return look();
      },
      { what: `${what} of interaction ${record.id}`, ...options },
    );
  return {
    id: record.id,
    token: record.token,
    get isAnswered() {
      return record.answer !== null;
    },
    get original() {
      return record.original;
    },
    followUps: record.followUps,
    answer: (options) => wait('the first answer', () => record.answer, options),
    message: (options) =>
      wait('the message', () => (record.original?.isLoading === false ? record.original : null), options),
    followUp: (options) => wait('a follow-up', () => record.followUps.at(-1), options),
    modal: (options) => wait('the modal', () => record.modal, options),
    choices: (options) => wait('the choices', () => record.choices, options),
  };
}
