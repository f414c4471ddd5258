import { asList, asObject, type JsonObject } from '../json.ts';
import { checkMessageBody, refuseEmptyMessage } from '../limits/message.ts';
import { refuse } from '../refusals.ts';
import { createMessage } from '../world/messages.ts';
import { CHANNEL_TYPES, isThread, type Channel } from '../world/model.ts';
import { checkThreadBody, createThread, defaultThreadType } from '../world/threads.ts';
import { messageWire } from '../world/message-wire.ts';
import { channelWire } from '../world/wire.ts';
import type { World } from '../world/world.ts';
import { channelMessage, requirePermission, visibleChannel } from './access.ts';
import { bodyOf, created, noContent, ok, type RestAnswer, type RestCall, type Route } from './router.ts';

export function threadRoutes(world: World): Route[] {
  return [
    {
      method: 'POST',
      pattern: '/channels/:channel/threads',
      auth: 'bot',
      handle: (call, [channelId = '']) => startThread(world, call, visibleChannel(world, channelId)),
    },
    {
      method: 'POST',
      pattern: '/channels/:channel/messages/:message/threads',
      auth: 'bot',
      handle(call, [channelId = '', messageId = '']) {
        const parent = visibleChannel(world, channelId);
        const message = channelMessage(world, parent, messageId);
        checkThreadBody(bodyOf(call), true);
        requirePermission(world, parent, 'CreatePublicThreads');
        if (message.threadId !== null) refuse('threadAlreadyExists');
        const origin = {
          parent,
          type: CHANNEL_TYPES.publicThread,
          ownerId: world.bot.id,
          messageId: message.id,
        };
        message.threadId = message.id;
        return created(channelWire(world, createThread(world, origin, bodyOf(call))));
      },
    },
    {
      method: 'GET',
      pattern: '/channels/:channel/threads/archived/public',
      auth: 'bot',
      handle: (call, [channelId = '']) => listArchived(world, call, visibleChannel(world, channelId)),
    },
    {
      method: 'PUT',
      pattern: '/channels/:channel/thread-members/@me',
      auth: 'bot',
      handle(_call, [channelId = '']) {
        if (!isThread(visibleChannel(world, channelId))) refuse('unknownChannel');
        return noContent;
      },
    },
  ];
}

/** The latest archived first, page by page: `before` is the time at which one was archived. */
function listArchived(world: World, call: RestCall, parent: Channel): RestAnswer {
  requirePermission(world, parent, 'ReadMessageHistory');
  const limit = Number(call.query.get('limit') ?? 50);
  if (!Number.isInteger(limit) || limit < 2 || limit > 100) {
    const problem = { code: 'NUMBER_TYPE_RANGE', message: 'int value should be 2 to 100.' };
    refuse('invalidForm', { limit: { _errors: [problem] } });
  }
  const before = Date.parse(call.query.get('before') ?? '');
  const archived = [...world.channels.values()]
    .filter(isThread)
    .filter(({ parentId, type, thread }) => parentId === parent.id && isPublic(type) && thread.isArchived)
    .filter(({ thread }) => Number.isNaN(before) || thread.archiveChangedAt < before)
    .sort((a, b) => b.thread.archiveChangedAt - a.thread.archiveChangedAt);
  const threads = archived.slice(0, limit).map((thread) => channelWire(world, thread));
  return ok({ threads, members: [], has_more: archived.length > limit });
}

const isPublic = (type: number): boolean => type !== CHANNEL_TYPES.privateThread;

function startThread(world: World, call: RestCall, parent: Channel): RestAnswer {
  const body = bodyOf(call);
  checkThreadBody(body, true);
  // Left out, the type makes a private thread, which few expect.
  const type = Number(body['type'] ?? defaultThreadType(parent));
  if (parent.type === CHANNEL_TYPES.forum) return startPost(world, call, parent);
  const isPrivate = type === CHANNEL_TYPES.privateThread;
  requirePermission(world, parent, isPrivate ? 'CreatePrivateThreads' : 'CreatePublicThreads');
  return created(channelWire(world, createThread(world, { parent, type, ownerId: world.bot.id }, body)));
}

/** In a forum a thread begins with its first message, which shares its id. */
function startPost(world: World, call: RestCall, parent: Channel): RestAnswer {
  requirePermission(world, parent, 'SendMessages');
  const body = bodyOf(call);
  const first: JsonObject = asObject(body['message']);
  checkMessageBody(first, call.files);
  refuseEmptyMessage(first, call.files.length);
  if (Array.isArray(first['embeds']) && first['embeds'].length > 0)
    requirePermission(world, parent, 'EmbedLinks');
  if (call.files.length > 0) requirePermission(world, parent, 'AttachFiles');
  if (parent.requiresTag && asList(body['applied_tags']).length === 0) refuse('forumNeedsTag');
  const origin = { parent, type: CHANNEL_TYPES.publicThread, ownerId: world.bot.id };
  const thread = createThread(world, origin, body);
  const message = createMessage(world, {
    id: thread.id,
    channel: thread,
    authorId: world.bot.id,
    body: first,
    files: call.files,
  });
  return created({ ...channelWire(world, thread), message: messageWire(world, message) });
}
