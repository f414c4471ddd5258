/**
 * Who may do what where. Synchronous, from what the gateway told, because it runs before the first answer and
 * decides whether that is for everybody or for one. A refusal says where to go or whom to ask.
 */
import type { BaseInteraction, Channel, Client, Guild } from 'discord.js';
import { channelName, isId, type DiscordConfig } from './config.ts';
import { countedGuilds, findChannel } from './places.ts';
import { inline } from './text.ts';

export interface Wish {
  /** Changes something, so ALLOWED_ROLES applies. */
  readonly changes: boolean;
  /** Pressed on a message of ours, which may also stand in the notification channel. */
  readonly isOnOurMessage: boolean;
}

/** Null: go ahead. Otherwise what to tell the person. */
export function refusal(interaction: BaseInteraction, wish: Wish, config: DiscordConfig): string | null {
  const client = interaction.client;
  const guild = guildOf(interaction);
  if (interaction.guildId === null || guild === null) {
    return `Athena takes no commands in direct messages. ${whereTo(client, config)}`;
  }
  if (!countedGuilds(client, config).some(({ id }) => id === guild.id)) {
    return 'Athena does not work in this server; it serves another one.';
  }
  const places = wish.isOnOurMessage
    ? [...config.allowedChannels, config.notificationChannel]
    : config.allowedChannels;
  if (!isIn(interaction, places, config)) return whereTo(client, config);
  if (wish.changes && !hasRole(interaction, guild, config)) return whoMay(guild, config);
  return null;
}

function guildOf(interaction: BaseInteraction): Guild | null {
  return interaction.client.guilds.cache.get(interaction.guildId ?? '') ?? null;
}

function isIn(interaction: BaseInteraction, places: readonly string[], config: DiscordConfig): boolean {
  const { channel, channelId, client } = interaction;
  const parentId = channel?.isThread() === true ? channel.parentId : null;
  const parent = parentId === null ? null : client.channels.cache.get(parentId);
  const ids = [channelId, parentId];
  const named = [channel, parent].flatMap(nameOf);
  // With several servers a name could be anybody's, so only ids count.
  const namesCount = countedGuilds(client, config).length === 1;
  return places.some(
    (place) => ids.includes(place) || (namesCount && !isId(place) && named.includes(channelName(place))),
  );
}

/** A thread can be called anything by anybody; only where it hangs counts. */
function nameOf(place: Channel | null | undefined): string[] {
  if (place == null || place.isDMBased() || place.isThread()) return [];
  return [place.name.toLowerCase()];
}

function hasRole(interaction: BaseInteraction, guild: Guild, { allowedRoles }: DiscordConfig): boolean {
  if (allowedRoles.length === 0) return true;
  const roles = interaction.member?.roles ?? [];
  const held = Array.isArray(roles) ? roles : [...roles.cache.keys()];
  return held.some(
    (id) => allowedRoles.includes(id) || allowedRoles.includes(guild.roles.cache.get(id)?.name ?? id),
  );
}

function whereTo(client: Client<true>, config: DiscordConfig): string {
  const places = config.allowedChannels.map((place) => {
    const channel = findChannel(client, config, place);
    if (channel !== null) return `<#${channel.id}>`;
    return isId(place) ? `<#${place}>` : `#${channelName(place)}`;
  });
  return `Athena works in ${places.join(', ')}. Use the command there.`;
}

function whoMay(guild: Guild, { allowedRoles }: DiscordConfig): string {
  const names = allowedRoles.map((role) => {
    const known = guild.roles.cache.get(role)?.name ?? role;
    return `**${inline(known, 100)}**`;
  });
  const roles = names.length === 1 ? `the role ${names.join('')}` : `one of the roles ${names.join(', ')}`;
  return `Changing anything takes ${roles}. Ask an admin of this server for it; looking is open to all: \`/queue\`, \`/status\`, \`/done\`.`;
}
