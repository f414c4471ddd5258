import { asNumber, asObject, type JsonObject } from '../json.ts';
import { checkAutocompleteChoices } from '../limits/choices.ts';
import { checkMessageBody, FLAGS, refuseEmptyMessage } from '../limits/message.ts';
import { checkModal } from '../limits/modal.ts';
import { refuse } from '../refusals.ts';
import {
  INTERACTION_TYPES,
  type AnswerKind,
  type InteractionRecord,
  type Interactions,
} from '../world/interactions.ts';
import { createMessage, editMessage } from '../world/messages.ts';
import { readModal } from '../world/modal-view.ts';
import { messageWire } from '../world/message-wire.ts';
import type { World } from '../world/world.ts';
import { afterChange } from './messages.ts';
import { bodyOf, noContent, ok, type RestAnswer, type RestCall, type Route } from './router.ts';

const KINDS: Readonly<Record<number, AnswerKind>> = {
  4: 'message',
  5: 'deferred',
  6: 'deferred-update',
  7: 'update',
  8: 'choices',
  9: 'modal',
};

/** What may answer what. A modal cannot answer a modal; updates need a message that was clicked. */
function allowedKinds(record: InteractionRecord): AnswerKind[] {
  const { command, component, autocomplete, modalSubmit } = INTERACTION_TYPES;
  const updates: AnswerKind[] = record.source === null ? [] : ['deferred-update', 'update'];
  const table: Readonly<Record<number, AnswerKind[]>> = {
    [command]: ['message', 'deferred', 'modal'],
    [component]: ['message', 'deferred', 'modal', ...updates],
    [autocomplete]: ['choices'],
    [modalSubmit]: ['message', 'deferred', ...updates],
  };
  return table[record.type] ?? [];
}

/** POST /interactions/:id/:token/callback, the first answer. */
export function callbackRoutes(world: World, interactions: Interactions): Route[] {
  return [
    {
      method: 'POST',
      pattern: '/interactions/:id/:token/callback',
      auth: 'none',
      handle(call, [id = '', token = '']) {
        const record = interactions.awaitingAnswer(id, token);
        const body = bodyOf(call);
        const kind = KINDS[asNumber(body['type']) ?? 0];
        if (kind === undefined || !allowedKinds(record).includes(kind)) {
          const problem = {
            code: 'BASE_TYPE_CHOICES',
            message: 'This callback type does not answer this interaction.',
          };
          refuse('invalidForm', { type: { _errors: [problem] } });
        }
        apply(world, { record, kind, call, data: asObject(body['data']) });
        const now = world.clock.now();
        const isEphemeral =
          (kind === 'message' || kind === 'deferred') && record.original?.isEphemeral === true;
        record.answer = { kind, at: now, latencyMs: now - record.createdAt, isEphemeral };
        world.bell.ring();
        return describe(world, { call, record, kind });
      },
    },
  ];
}

interface Application {
  record: InteractionRecord;
  kind: AnswerKind;
  call: RestCall;
  data: JsonObject;
}

function apply(world: World, application: Application): void {
  const { record, kind, call, data } = application;
  switch (kind) {
    case 'message':
      checkMessageBody(data, call.files);
      refuseEmptyMessage(data, call.files.length);
      answerWithMessage(world, application);
      return;
    case 'deferred':
      answerWithMessage(world, { ...application, data: { flags: data['flags'] } });
      return;
    case 'deferred-update':
      record.original = record.source;
      return;
    case 'update':
      record.original = record.source;
      updateSource(world, application);
      return;
    case 'choices':
      record.choices = checkAutocompleteChoices(data, record.focusedType);
      return;
    case 'modal':
      checkModal(data);
      record.modal = readModal(data, record);
  }
}

function answerWithMessage(world: World, { record, kind, call, data }: Application): void {
  const channel = world.channels.get(record.channelId);
  if (channel === undefined) refuse('unknownChannel');
  const isEphemeral = ((asNumber(data['flags']) ?? 0) & FLAGS.ephemeral) !== 0;
  record.original = createMessage(world, {
    channel,
    authorId: world.bot.id,
    body: data,
    files: call.files,
    interaction: record.metadata,
    isLoading: kind === 'deferred',
    ...(isEphemeral ? { ephemeralFor: record.userId } : {}),
  });
}

function updateSource(world: World, { record, call, data }: Application): void {
  const message = record.source;
  if (message === null || message.deletedAt !== null) refuse('unknownMessage');
  checkMessageBody(data, call.files);
  refuseEmptyMessage(afterChange(message, data), call.files.length + message.attachments.length);
  editMessage(world, message, { body: data, files: call.files });
}

/** With `with_response=true` the answer tells what was made; a deferral has no message to show yet. */
function describe(
  world: World,
  made: { call: RestCall; record: InteractionRecord; kind: AnswerKind },
): RestAnswer {
  const { call, record, kind } = made;
  if (call.query.get('with_response') !== 'true') return noContent;
  const { id, type, channelId: channel_id } = record;
  const message = kind === 'modal' || kind === 'choices' ? null : record.original;
  if (message === null) return ok({ interaction: { id, type, channel_id } });
  const interaction = {
    id,
    type,
    channel_id,
    response_message_id: message.id,
    response_message_loading: message.isLoading,
    response_message_ephemeral: message.isEphemeral,
  };
  if (kind !== 'message' && kind !== 'update') return ok({ interaction });
  const resource = { type: kind === 'message' ? 4 : 7, message: messageWire(world, message) };
  return ok({ interaction, resource });
}
