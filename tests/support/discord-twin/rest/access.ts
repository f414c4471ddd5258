import { refuse } from '../refusals.ts';
import { isThread, type Channel, type Guild, type TwinMessage } from '../world/model.ts';
import { has, type Permission } from '../world/permissions.ts';
import { permissionsIn, type World } from '../world/world.ts';

/** A channel that the bot can see: unknown is 10003, hidden is 50001. */
export function visibleChannel(world: World, id: string): Channel {
  const channel = world.channels.get(id);
  if (channel === undefined) refuse('unknownChannel');
  if (channel.guildId !== null && world.guilds.get(channel.guildId)?.members.has(world.bot.id) !== true) {
    refuse('missingAccess');
  }
  if (!has(permissionsIn(world, channel, world.bot.id), 'ViewChannel')) refuse('missingAccess');
  return channel;
}

export function requirePermission(world: World, channel: Channel, permission: Permission): void {
  if (!has(permissionsIn(world, channel, world.bot.id), permission)) refuse('missingPermissions');
}

export function sendPermission(channel: Channel): Permission {
  return isThread(channel) ? 'SendMessagesInThreads' : 'SendMessages';
}

/** A message as channel routes see it: ephemeral and deleted ones do not exist for them. */
export function channelMessage(world: World, channel: Channel, id: string): TwinMessage {
  const message = world.messages.get(id);
  if (message?.channelId !== channel.id || message.deletedAt !== null || message.isEphemeral) {
    refuse('unknownMessage');
  }
  return message;
}

export function visibleGuild(world: World, id: string): Guild {
  const guild = world.guilds.get(id);
  if (guild?.members.has(world.bot.id) !== true) refuse('unknownGuild');
  return guild;
}
