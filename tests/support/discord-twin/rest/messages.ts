import { asObject, asText, isGiven, type JsonObject } from '../json.ts';
import { checkMessageBody, refuseEmptyMessage } from '../limits/message.ts';
import { refuse } from '../refusals.ts';
import { createMessage, deleteMessage, editMessage, visibleMessages } from '../world/messages.ts';
import { CHANNEL_TYPES, isThread, type Channel, type TwinMessage } from '../world/model.ts';
import { has } from '../world/permissions.ts';
import { setArchived } from '../world/threads.ts';
import { messageWire } from '../world/message-wire.ts';
import { permissionsIn, type World } from '../world/world.ts';
import { channelMessage, requirePermission, sendPermission, visibleChannel } from './access.ts';
import { bodyOf, noContent, ok, type RestAnswer, type RestCall, type Route } from './router.ts';

export function messageRoutes(world: World): Route[] {
  const one = '/channels/:channel/messages/:message';
  return [
    {
      method: 'POST',
      pattern: '/channels/:channel/messages',
      auth: 'bot',
      handle: (call, [channelId = '']) => postMessage(world, call, visibleChannel(world, channelId)),
    },
    {
      method: 'GET',
      pattern: '/channels/:channel/messages',
      auth: 'bot',
      handle: (call, [channelId = '']) => listMessages(world, call, visibleChannel(world, channelId)),
    },
    {
      method: 'GET',
      pattern: one,
      auth: 'bot',
      handle(_call, [channelId = '', messageId = '']) {
        const channel = visibleChannel(world, channelId);
        requirePermission(world, channel, 'ReadMessageHistory');
        return ok(messageWire(world, channelMessage(world, channel, messageId)));
      },
    },
    {
      method: 'PATCH',
      pattern: one,
      auth: 'bot',
      handle(call, [channelId = '', messageId = '']) {
        const channel = visibleChannel(world, channelId);
        return patchMessage(world, call, channelMessage(world, channel, messageId));
      },
    },
    {
      method: 'PUT',
      pattern: `${one}/reactions/:emoji/@me`,
      auth: 'bot',
      handle: (_call, params) => react(world, params),
    },
    {
      method: 'DELETE',
      pattern: one,
      auth: 'bot',
      handle(_call, [channelId = '', messageId = '']) {
        const channel = visibleChannel(world, channelId);
        const message = channelMessage(world, channel, messageId);
        if (message.authorId !== world.bot.id) requirePermission(world, channel, 'ManageMessages');
        deleteMessage(world, message);
        return noContent;
      },
    },
  ];
}

/** A sign of the bot's own; repeating it changes nothing. */
function react(world: World, [channelId = '', messageId = '', emoji = '']: readonly string[]): RestAnswer {
  const channel = visibleChannel(world, channelId);
  const message = channelMessage(world, channel, messageId);
  requirePermission(world, channel, 'ReadMessageHistory');
  requirePermission(world, channel, 'AddReactions');
  if (channel.thread?.isArchived === true) refuse('threadIsArchived');
  const sign = decodeURIComponent(emoji);
  if (!/^\p{Emoji}/u.test(sign)) refuse('unknownEmoji');
  if (!message.reactions.includes(sign)) message.reactions.push(sign);
  world.bell.ring();
  return noContent;
}

function postMessage(world: World, call: RestCall, channel: Channel): RestAnswer {
  const body = bodyOf(call);
  refuseWrongPlace(channel);
  requirePermission(world, channel, sendPermission(channel));
  checkMessageBody(body, call.files);
  refuseEmptyMessage(body, call.files.length);
  if (Array.isArray(body['embeds']) && body['embeds'].length > 0)
    requirePermission(world, channel, 'EmbedLinks');
  if (call.files.length > 0) requirePermission(world, channel, 'AttachFiles');
  checkReference(world, channel, body);
  const known = body['enforce_nonce'] === true ? rememberedMessage(world, channel, body['nonce']) : undefined;
  if (known !== undefined) return ok(withNonce(world, known));
  // Words in an archived thread wake it; a locked one stays shut.
  setArchived(world, channel, false);
  return ok(
    withNonce(world, createMessage(world, { channel, authorId: world.bot.id, body, files: call.files })),
  );
}

function refuseWrongPlace(channel: Channel): void {
  if (channel.type === CHANNEL_TYPES.forum) refuse('forumNeedsThread');
  const isText = [CHANNEL_TYPES.text, CHANNEL_TYPES.dm, CHANNEL_TYPES.voice, CHANNEL_TYPES.announcement];
  if (!isText.includes(channel.type) && !isThread(channel)) refuse('cannotSendInChannel');
  if (channel.thread?.isLocked === true) refuse('threadIsLocked');
}

function checkReference(world: World, channel: Channel, body: JsonObject): void {
  const reference = asObject(body['message_reference']);
  const id = asText(reference['message_id']);
  if (id === undefined) return;
  requirePermission(world, channel, 'ReadMessageHistory');
  const target = world.messages.get(id);
  const exists = target?.channelId === channel.id && target.deletedAt === null && !target.isEphemeral;
  if (exists) return;
  if (reference['fail_if_not_exists'] !== false) {
    const problem = { code: 'REPLIES_UNKNOWN_MESSAGE', message: 'Unknown message' };
    refuse('invalidForm', { message_reference: { _errors: [problem] } });
  }
  delete body['message_reference'];
}

function rememberedMessage(world: World, channel: Channel, nonce: unknown): TwinMessage | undefined {
  if (!isGiven(nonce)) return undefined;
  const oldest = world.clock.now() - world.nonceMemoryMs;
  return visibleMessages(world, channel.id).findLast(
    (message) =>
      message.authorId === world.bot.id &&
      message.createdAt >= oldest &&
      String(message.nonce) === String(nonce),
  );
}

/** Only the answer to the sender carries the nonce; later reads do not. */
function withNonce(world: World, message: TwinMessage): JsonObject {
  const wire = messageWire(world, message);
  return message.nonce === null ? wire : { ...wire, nonce: message.nonce };
}

function listMessages(world: World, call: RestCall, channel: Channel): RestAnswer {
  const limit = Number(call.query.get('limit') ?? 50);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
    const problem = { code: 'NUMBER_TYPE_RANGE', message: 'int value should be 1 to 100.' };
    refuse('invalidForm', { limit: { _errors: [problem] } });
  }
  // The trap: no right to read history is an empty list, not an error.
  if (!has(permissionsIn(world, channel, world.bot.id), 'ReadMessageHistory')) return ok([]);
  const newestFirst = visibleMessages(world, channel.id).reverse();
  return ok(page(newestFirst, call.query, limit).map((message) => messageWire(world, message)));
}

function page(newestFirst: TwinMessage[], query: URLSearchParams, limit: number): TwinMessage[] {
  const [before, after, around] = ['before', 'after', 'around'].map((key) => query.get(key));
  if (after) {
    // The oldest ones after the mark, still told newest first.
    const later = newestFirst.filter((message) => BigInt(message.id) > BigInt(after));
    return later.slice(Math.max(0, later.length - limit));
  }
  if (before) return newestFirst.filter((message) => BigInt(message.id) < BigInt(before)).slice(0, limit);
  if (around) {
    const index = newestFirst.findIndex((message) => BigInt(message.id) <= BigInt(around));
    const start = Math.max(0, index - Math.floor(limit / 2));
    return newestFirst.slice(start, start + limit);
  }
  return newestFirst.slice(0, limit);
}

function patchMessage(world: World, call: RestCall, message: TwinMessage): RestAnswer {
  const body = bodyOf(call);
  if (message.authorId !== world.bot.id) refuse('notTheAuthor');
  if (world.channels.get(message.channelId)?.thread?.isArchived === true) refuse('threadIsArchived');
  checkMessageBody(body, call.files);
  refuseEmptyMessage(afterChange(message, body), call.files.length + message.attachments.length);
  editMessage(world, message, { body, files: call.files });
  return ok(messageWire(world, message));
}

/** What the message would hold: fields that an edit leaves out stay as they are. */
export function afterChange(message: TwinMessage, body: JsonObject): JsonObject {
  const { content, embeds, components } = message;
  return { content, embeds, components, ...body };
}
