import type { JsonObject } from '../json.ts';
import { INTERACTION_TYPES, type InteractionRecord } from '../world/interactions.ts';
import type { Channel } from '../world/model.ts';
import { ALL_PERMISSIONS } from '../world/permissions.ts';
import { messageWire } from '../world/message-wire.ts';
import { channelWire, memberWire, userWire } from '../world/wire.ts';
import { permissionsIn, type World } from '../world/world.ts';

const FILE_LIMIT = 10 * 1024 * 1024;

/** INTERACTION_CREATE as the gateway sends it: who, where, with which rights, and `data`. */
export function interactionPayload(world: World, record: InteractionRecord, data: JsonObject): JsonObject {
  const channel = world.channels.get(record.channelId);
  if (channel === undefined) throw new Error('The channel of this interaction is gone.');
  const isAboutMessage =
    record.type === INTERACTION_TYPES.component || record.type === INTERACTION_TYPES.modalSubmit;
  return {
    id: record.id,
    application_id: world.applicationId,
    type: record.type,
    token: record.token,
    version: 1,
    data,
    channel_id: channel.id,
    channel: { ...channelWire(world, channel), permissions: rights(world, channel, record.userId) },
    locale: 'en-US',
    entitlements: [],
    attachment_size_limit: FILE_LIMIT,
    app_permissions: rights(world, channel, world.bot.id),
    ...(isAboutMessage && record.source !== null ? { message: messageWire(world, record.source) } : {}),
    ...(channel.guildId === null ? directFields(world, record) : guildFields(world, record, channel)),
  };
}

function directFields(world: World, record: InteractionRecord): JsonObject {
  const user = world.users.get(record.userId);
  return {
    context: 1,
    authorizing_integration_owners: { '0': '0' },
    ...(user === undefined ? {} : { user: userWire(user) }),
  };
}

function guildFields(world: World, record: InteractionRecord, channel: Channel): JsonObject {
  const guild = world.guilds.get(channel.guildId ?? '');
  const member = guild?.members.get(record.userId);
  if (guild === undefined || member === undefined) throw new Error('This user is no member of the guild.');
  return {
    context: 0,
    authorizing_integration_owners: { '0': guild.id },
    guild_id: guild.id,
    guild: { id: guild.id, locale: 'en-US', features: [] },
    guild_locale: 'en-US',
    member: { ...memberWire(world, member), permissions: rights(world, channel, record.userId) },
  };
}

function rights(world: World, channel: Channel, userId: string): string {
  const bits = permissionsIn(world, channel, userId);
  return (bits < 0n ? ALL_PERMISSIONS : bits).toString();
}

/** The message that a message command was used on. */
export function resolvedMessage(world: World, messageId: string): JsonObject {
  const message = world.messages.get(messageId);
  if (message === undefined) throw new Error('There is no such message.');
  return { messages: { [message.id]: messageWire(world, message) } };
}
