import type { JsonObject } from '../json.ts';
import type { Choice } from '../limits/choices.ts';
import { refuse } from '../refusals.ts';
import type { InteractionMetadata, TwinMessage } from './model.ts';
import type { World } from './world.ts';

export const ANSWER_WITHIN_MS = 3_000;
const TOKEN_LIFE_MS = 15 * 60_000;

export type AnswerKind = 'message' | 'deferred' | 'deferred-update' | 'update' | 'choices' | 'modal';

/** The first answer to an interaction. */
export interface Answer {
  readonly kind: AnswerKind;
  readonly at: number;
  /** From the click to the answer, on the twin's clock. */
  readonly latencyMs: number;
  readonly isEphemeral: boolean;
}

/** A form that was opened for somebody. */
export interface OpenModal {
  readonly customId: string;
  readonly title: string;
  readonly inputs: readonly ModalInput[];
  /** As the bot sent it. */
  readonly body: JsonObject;
  readonly openedBy: InteractionRecord;
}

export interface ModalInput {
  readonly customId: string;
  readonly label: string;
  readonly type: number;
  /** 1 one line, 2 paragraph. */
  readonly style: number;
  readonly value: string;
  readonly isRequired: boolean;
  readonly minLength: number;
  readonly maxLength: number;
  readonly isInLabel: boolean;
}

export const INTERACTION_TYPES = { command: 2, component: 3, autocomplete: 4, modalSubmit: 5 } as const;

export interface InteractionRecord {
  readonly id: string;
  readonly token: string;
  readonly type: number;
  readonly channelId: string;
  readonly userId: string;
  readonly createdAt: number;
  readonly metadata: InteractionMetadata;
  /** The message whose button was clicked, also behind a modal that such a click opened. */
  readonly source: TwinMessage | null;
  /** The type of the option that is being completed. */
  readonly focusedType: number;
  answer: Answer | null;
  /** Its answer was looked for before there was one: whoever looks has lost the word about it. */
  isMissed: boolean;
  original: TwinMessage | null;
  readonly followUps: TwinMessage[];
  modal: OpenModal | null;
  choices: Choice[] | null;
}

export interface Interactions {
  readonly all: InteractionRecord[];
  open(
    facts: Pick<InteractionRecord, 'type' | 'channelId' | 'userId' | 'source' | 'focusedType'> & Origin,
  ): InteractionRecord;
  /** For the first answer: unknown or late is 10062, a second one 40060. */
  awaitingAnswer(id: string, token: string): InteractionRecord;
  /** For everything after it, by token, for 15 minutes. */
  answered(applicationId: string, token: string): InteractionRecord;
}

interface Origin {
  commandName?: string;
  targetMessageId?: string;
  triggering?: InteractionMetadata;
}

export function createInteractions(world: World): Interactions {
  const all: InteractionRecord[] = [];
  return {
    all,
    open(facts) {
      const { commandName, targetMessageId, triggering, ...rest } = facts;
      const id = world.newId();
      const metadata: InteractionMetadata = {
        id,
        type: facts.type,
        userId: facts.userId,
        commandName: commandName ?? null,
        interactedMessageId:
          targetMessageId ?? (facts.type === INTERACTION_TYPES.component ? (facts.source?.id ?? null) : null),
        originalResponseMessageId: null,
        triggering: triggering ?? null,
      };
      const record: InteractionRecord = {
        ...rest,
        id,
        // Discord's are about 200 characters; the length is part of what a log or a database must bear.
        token: Buffer.from(`interaction:${id}:`.padEnd(150, id)).toString('base64url'),
        createdAt: world.clock.now(),
        metadata,
        answer: null,
        isMissed: false,
        original: null,
        followUps: [],
        modal: null,
        choices: null,
      };
      all.push(record);
      return record;
    },
    awaitingAnswer(id, token) {
      const record = all.find((entry) => entry.id === id && entry.token === token);
      if (record === undefined) refuse('unknownInteraction');
      if (record.answer !== null) refuse('alreadyAcknowledged');
      if (world.clock.now() - record.createdAt > ANSWER_WITHIN_MS) refuse('unknownInteraction');
      return record;
    },
    answered(applicationId, token) {
      const record = all.find((entry) => entry.token === token);
      if (record?.answer === null) record.isMissed = true;
      if (record?.answer == null || applicationId !== world.applicationId) refuse('unknownWebhook');
      if (record.answer.kind === 'choices') refuse('unknownWebhook');
      if (world.clock.now() - record.createdAt > TOKEN_LIFE_MS) refuse('invalidWebhookToken');
      return record;
    },
  };
}
