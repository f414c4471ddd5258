import { asNumber, type JsonObject } from '../json.ts';
import { checkMessageBody, FLAGS, refuseEmptyMessage } from '../limits/message.ts';
import { refuse } from '../refusals.ts';
import type { InteractionRecord, Interactions } from '../world/interactions.ts';
import { createMessage, deleteMessage, editMessage } from '../world/messages.ts';
import type { TwinMessage } from '../world/model.ts';
import { messageWire } from '../world/message-wire.ts';
import type { World } from '../world/world.ts';
import { afterChange } from './messages.ts';
import { bodyOf, noContent, ok, type RestAnswer, type RestCall, type Route } from './router.ts';

/** A rule that Discord keeps silently, though the bot meant something else. */
export type NoteMistake = (rule: string, message: string) => void;

/** Everything after the first answer goes through the interaction's token, for 15 minutes. */
export function followUpRoutes(world: World, interactions: Interactions, note: NoteMistake): Route[] {
  const one = '/webhooks/:application/:token/messages/:message';
  const find = (params: readonly string[]): { record: InteractionRecord; message: TwinMessage } => {
    const record = interactions.answered(params[0] ?? '', params[1] ?? '');
    return { record, message: messageOf(record, params[2] ?? '') };
  };
  return [
    {
      method: 'POST',
      pattern: '/webhooks/:application/:token',
      auth: 'none',
      handle(call, params) {
        const record = interactions.answered(params[0] ?? '', params[1] ?? '');
        return followUp(world, { record, call, note });
      },
    },
    {
      method: 'GET',
      pattern: one,
      auth: 'none',
      handle: (_call, params) => ok(messageWire(world, find(params).message)),
    },
    {
      method: 'PATCH',
      pattern: one,
      auth: 'none',
      handle(call, params) {
        const { message } = find(params);
        noteVisibility(message, bodyOf(call), note);
        return change(world, message, call);
      },
    },
    {
      method: 'DELETE',
      pattern: one,
      auth: 'none',
      handle(_call, params) {
        deleteMessage(world, find(params).message);
        return noContent;
      },
    },
  ];
}

function messageOf(record: InteractionRecord, id: string): TwinMessage {
  const own = [record.original, ...record.followUps].filter((message) => message !== null);
  const message = id === '@original' ? record.original : own.find((entry) => entry.id === id);
  if (message == null || message.deletedAt !== null) refuse('unknownMessage');
  return message;
}

function followUp(
  world: World,
  made: { record: InteractionRecord; call: RestCall; note: NoteMistake },
): RestAnswer {
  const { record, call, note } = made;
  const body = bodyOf(call);
  // The first follow-up to a deferral edits it, and its own wish to be ephemeral counts for nothing.
  if (record.original?.isLoading === true && record.original.deletedAt === null) {
    noteVisibility(record.original, body, note);
    return change(world, record.original, call);
  }
  const channel = world.channels.get(record.channelId);
  if (channel === undefined) refuse('unknownChannel');
  checkMessageBody(body, call.files);
  refuseEmptyMessage(body, call.files.length);
  const message = createMessage(world, {
    channel,
    authorId: world.bot.id,
    body,
    files: call.files,
    interaction: { ...record.metadata, originalResponseMessageId: record.original?.id ?? null },
    ...(wantsEphemeral(body) ? { ephemeralFor: record.userId } : {}),
  });
  record.followUps.push(message);
  return ok(messageWire(world, message));
}

function change(world: World, message: TwinMessage, call: RestCall): RestAnswer {
  const body = bodyOf(call);
  if (world.channels.get(message.channelId)?.thread?.isArchived === true) refuse('threadIsArchived');
  checkMessageBody(body, call.files);
  refuseEmptyMessage(afterChange(message, body), call.files.length + message.attachments.length);
  editMessage(world, message, { body, files: call.files });
  return ok(messageWire(world, message));
}

function wantsEphemeral(body: JsonObject): boolean {
  return ((asNumber(body['flags']) ?? 0) & FLAGS.ephemeral) !== 0;
}

function noteVisibility(message: TwinMessage, body: JsonObject, note: NoteMistake): void {
  if (!wantsEphemeral(body) || message.isEphemeral) return;
  note('visibility', 'Asked for an ephemeral message, but the deferral had made it public.');
}
