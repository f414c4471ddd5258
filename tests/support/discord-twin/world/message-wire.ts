import type { JsonObject } from '../json.ts';
import { attachmentWire } from './files.ts';
import type { InteractionMetadata, TwinMessage } from './model.ts';
import { channelWire, userWire } from './wire.ts';
import type { World } from './world.ts';

/** A message as Discord sends it, without the nonce: that is told to the sender alone. */
export function messageWire(world: World, message: TwinMessage): JsonObject {
  const author = world.users.get(message.authorId);
  const users = message.mentions.users.flatMap((id) => world.users.get(id) ?? []);
  const thread = world.channels.get(message.threadId ?? '');
  return {
    id: message.id,
    type: message.type,
    channel_id: message.channelId,
    ...(author === undefined ? {} : { author: userWire(author) }),
    content: message.content,
    timestamp: new Date(message.createdAt).toISOString(),
    edited_timestamp: message.editedAt === null ? null : new Date(message.editedAt).toISOString(),
    tts: false,
    mention_everyone: message.mentions.everyone,
    mentions: users.map(userWire),
    mention_roles: message.mentions.roles,
    attachments: message.attachments.map(attachmentWire),
    embeds: message.embeds,
    components: message.components,
    pinned: false,
    flags: message.flags,
    ...(message.replyTo === null
      ? {}
      : { message_reference: { type: 0, channel_id: message.channelId, message_id: message.replyTo } }),
    ...(thread === undefined ? {} : { thread: channelWire(world, thread) }),
    ...interactionFields(world, message),
  };
}

function interactionFields(world: World, message: TwinMessage): JsonObject {
  if (message.interaction === null) {
    return message.authorId === world.bot.id ? { application_id: world.applicationId } : {};
  }
  return {
    application_id: world.applicationId,
    webhook_id: world.applicationId,
    interaction_metadata: metadataWire(world, message.interaction),
  };
}

function metadataWire(world: World, metadata: InteractionMetadata): JsonObject {
  const user = world.users.get(metadata.userId);
  return {
    id: metadata.id,
    type: metadata.type,
    ...(user === undefined ? {} : { user: userWire(user) }),
    authorizing_integration_owners: {},
    ...(metadata.interactedMessageId === null ? {} : { interacted_message_id: metadata.interactedMessageId }),
    ...(metadata.originalResponseMessageId === null
      ? {}
      : { original_response_message_id: metadata.originalResponseMessageId }),
    ...(metadata.triggering === null
      ? {}
      : { triggering_interaction_metadata: metadataWire(world, metadata.triggering) }),
  };
}
