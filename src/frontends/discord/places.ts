/**
 * Where we are and what we may do there. Everything is looked up anew each time, from what the gateway told;
 * where that says "no", Discord is asked once more, since a missed gateway event must not stop us for good.
 */
import {
  ChannelType,
  PermissionFlagsBits,
  type Client,
  type Guild,
  type GuildBasedChannel,
} from 'discord.js';
import { DeliveryBlocked } from '../../core/ports.ts';
import { channelName, isId, type DiscordConfig } from './config.ts';
import { refusalIn } from './failures.ts';

/** What only the threads of tasks need: without it the rest works all the same. */
const THREAD_PERMISSIONS = {
  'Create Public Threads': PermissionFlagsBits.CreatePublicThreads,
  'Send Messages in Threads': PermissionFlagsBits.SendMessagesInThreads,
  'Attach Files': PermissionFlagsBits.AttachFiles,
} as const;

export const NEEDED_PERMISSIONS = {
  'View Channel': PermissionFlagsBits.ViewChannel,
  'Send Messages': PermissionFlagsBits.SendMessages,
  'Embed Links': PermissionFlagsBits.EmbedLinks,
  'Read Message History': PermissionFlagsBits.ReadMessageHistory,
  ...THREAD_PERMISSIONS,
} as const;

export type NeededPermission = keyof typeof NEEDED_PERMISSIONS;

export function isForThreads(name: string): boolean {
  return name in THREAD_PERMISSIONS;
}

/** The servers that count: the configured one alone, else all that the bot is in. */
export function countedGuilds(client: Client<true>, { guildId }: DiscordConfig): readonly Guild[] {
  const guilds = [...client.guilds.cache.values()];
  return guildId === null ? guilds : guilds.filter((guild) => guild.id === guildId);
}

/** One of a kind: others may be called the same. */
export interface PlaceOfKind {
  readonly named: string;
  readonly isWanted: (channel: GuildBasedChannel) => boolean;
}

/** A channel by name or id. A name only says which one it is while a single server counts. */
export function findChannel(
  client: Client<true>,
  config: DiscordConfig,
  place: string | PlaceOfKind,
): GuildBasedChannel | null {
  const { named: nameOrId, isWanted } =
    typeof place === 'string' ? { named: place, isWanted: () => true } : place;
  const guilds = countedGuilds(client, config);
  if (isId(nameOrId)) {
    for (const guild of guilds) {
      const channel = guild.channels.cache.get(nameOrId);
      if (channel !== undefined && isWanted(channel)) return channel;
    }
    return null;
  }
  const [only, ...others] = guilds;
  if (only === undefined || others.length > 0) return null;
  const wanted = channelName(nameOrId);
  const named = [...only.channels.cache.values()].filter(
    (channel) => !channel.isThread() && channel.name.toLowerCase() === wanted && isWanted(channel),
  );
  return named.find((channel) => channel.isSendable()) ?? named[0] ?? null;
}

/** Which of these the bot lacks there, by name. */
export function missingPermissions(
  channel: GuildBasedChannel,
  needed: readonly NeededPermission[],
): readonly NeededPermission[] {
  const me = channel.guild.members.me;
  if (me === null) return [];
  const held = channel.permissionsFor(me);
  return needed.filter((name) => {
    const isThreadSend = name === 'Send Messages' && channel.isThread();
    return !held.has(isThreadSend ? PermissionFlagsBits.SendMessagesInThreads : NEEDED_PERMISSIONS[name]);
  });
}

/** The notification channel, ready to be sent to. Throws DeliveryBlocked, with the reason, while it is not. */
export async function notificationChannel(
  client: Client<true>,
  config: DiscordConfig,
): Promise<GuildBasedChannel> {
  const found = look(client, config);
  if (found.problem === null) return found.channel;
  await refresh(client, config);
  const again = look(client, config);
  if (again.problem === null) return again.channel;
  throw new DeliveryBlocked(again.problem);
}

type Look = { channel: GuildBasedChannel; problem: null } | { channel: null; problem: string };

function look(client: Client<true>, config: DiscordConfig): Look {
  const no = (problem: string): Look => ({ channel: null, problem });
  const name = config.notificationChannel;
  const shown = isId(name) ? name : `#${channelName(name)}`;
  const guilds = countedGuilds(client, config);
  if (guilds.length === 0) return no('The bot is in no server that counts: invite it.');
  const channel = findChannel(client, config, name);
  if (channel === null) {
    const hint = guilds.length > 1 && !isId(name) ? ' With several servers it must be given by its id.' : '';
    return no(`The notification channel ${shown} does not exist or cannot be seen.${hint}`);
  }
  if (channel.type === ChannelType.GuildForum || !channel.isSendable()) {
    return no(`The notification channel ${shown} does not take messages.`);
  }
  const missing = missingPermissions(channel, ['View Channel', 'Send Messages']);
  if (missing.length > 0) return no(`The bot lacks ${missing.join(', ')} in ${shown}.`);
  return { channel, problem: null };
}

/** Asks Discord for what the gateway may have failed to tell. */
async function refresh(client: Client<true>, config: DiscordConfig): Promise<void> {
  for (const guild of countedGuilds(client, config)) {
    try {
      await guild.channels.fetch();
      await guild.roles.fetch();
      await guild.members.fetchMe({ force: true });
      if (isId(config.notificationChannel)) {
        await guild.channels.fetch(config.notificationChannel, { force: true });
      }
    } catch (error) {
      // A "no" leaves things as they were told; throws on what may pass.
      refusalIn(error);
    }
  }
}

/** Checks a permission, asking again before it says no. */
export async function lacks(channel: GuildBasedChannel, permission: NeededPermission): Promise<boolean> {
  if (missingPermissions(channel, [permission]).length === 0) return false;
  return lacksNow(channel, permission);
}

/** The same as Discord sees it at this moment, for where being wrong would cost a message. */
export async function lacksNow(channel: GuildBasedChannel, permission: NeededPermission): Promise<boolean> {
  await refreshRights(channel);
  return missingPermissions(channel, [permission]).length > 0;
}

async function refreshRights(channel: GuildBasedChannel): Promise<void> {
  try {
    await channel.fetch(true);
    await channel.guild.roles.fetch();
    await channel.guild.members.fetchMe({ force: true });
  } catch (error) {
    // A "no" leaves things as they were told; throws on what may pass.
    refusalIn(error);
  }
}

export function inviteLink(applicationId: string, guildId: string | null): string {
  const bits = Object.values(NEEDED_PERMISSIONS).reduce((sum, bit) => sum | bit, 0n);
  const query = new URLSearchParams({
    client_id: applicationId,
    scope: 'bot applications.commands',
    permissions: bits.toString(),
    ...(guildId !== null && { guild_id: guildId }),
  });
  return `https://discord.com/oauth2/authorize?${query.toString()}`;
}

export function messageUrl(place: { guildId: string; channelId: string; messageId: string }): string {
  return `https://discord.com/channels/${place.guildId}/${place.channelId}/${place.messageId}`;
}
