/**
 * Who may do what where. Synchronous, from what the gateway told, because it runs before the first answer and
 * decides whether that is for everybody or for one. A refusal says where to go or whom to ask.
 */
import type { BaseInteraction, Channel, Client, Guild } from 'discord.js';
import { channelName, isId, type DiscordConfig } from './config.ts';
import { countedGuilds, findChannel } from './places.ts';
import { decidingRoles, rightsOf, suffices, type Need, type Rights, type Standing } from './rights.ts';
import { inline } from './text.ts';
import type { Person } from './turn.ts';

export interface Wish {
  readonly needs: Need;
  /** Pressed on a message of ours, wherever that stands. */
  readonly isOnOurMessage: boolean;
  /** Said in the thread of a task. */
  readonly isInThread?: boolean;
}

/** Whether to go ahead, and for whom; otherwise what to tell the person. */
export type Admission =
  | { readonly refused: null; readonly person: Person }
  | { readonly refused: string; readonly isForPlace?: boolean };

export function admit(interaction: BaseInteraction, wish: Wish, config: DiscordConfig): Admission {
  const client = interaction.client;
  const guild = guildOf(interaction);
  if (interaction.guildId === null || guild === null) {
    return { refused: `Athena takes no commands in direct messages. ${whereTo(client, config)}` };
  }
  if (!countedGuilds(client, config).some(({ id }) => id === guild.id)) {
    return { refused: 'Athena does not work in this server; it serves another one.' };
  }
  if (!isAtTask(wish) && !isIn(interaction, placesFor(config), config)) {
    return { refused: whereTo(client, config), isForPlace: true };
  }
  const rights = rightsOf(standingOf(interaction, guild), config);
  if (!suffices(rights, wish.needs)) return { refused: whoMay(interaction, wish.needs, config) };
  return { refused: null, person: personOf(interaction, wish, { rights, limits: config.limits }) };
}

/** Where a task is told of it can be steered, whatever that place is called or set to by now; and words reach it from everywhere. */
const isAtTask = ({ needs, isOnOurMessage, isInThread }: Wish) =>
  isOnOurMessage || isInThread === true || needs === 'steer';

function placesFor({ allowedChannels, taskForum }: DiscordConfig): readonly string[] {
  return taskForum === null ? allowedChannels : [...allowedChannels, taskForum];
}

function personOf(
  { user }: BaseInteraction,
  { needs }: Wish,
  { rights, limits }: { rights: Rights; limits: DiscordConfig['limits'] },
): Person {
  const { steers, changes, isLimited } = rights;
  const reach = needs === 'steer' ? steers : changes === 'any' ? 'any' : 'own';
  // Known from Discord itself, so it may decide who is mentioned later.
  return {
    caller: { actor: `discord:${user.id}`, reach, steers },
    limits: isLimited ? limits : undefined,
  };
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

function standingOf({ member, user }: BaseInteraction, guild: Guild): Standing {
  const roles = member?.roles ?? [];
  const held = Array.isArray(roles) ? roles : [...roles.cache.keys()];
  return {
    userId: user.id,
    roles: held.map((id) => ({ id, name: guild.roles.cache.get(id)?.name ?? id })),
    ownsServer: guild.ownerId === user.id,
  };
}

function whereTo(client: Client<true>, config: DiscordConfig): string {
  const places = config.allowedChannels.map((place) => {
    const channel = findChannel(client, config, place);
    if (channel !== null) return `<#${channel.id}>`;
    return isId(place) ? `<#${place}>` : `#${channelName(place)}`;
  });
  return `Athena works in ${places.join(', ')}. Use the command there.`;
}

/** Which role it takes, and whom to ask for it. */
export function whoMay(interaction: BaseInteraction, need: Need, config: DiscordConfig): string {
  const guild = guildOf(interaction);
  const wanted = need === 'look' ? [] : decidingRoles(need, config);
  if (need === 'steer') return whoSteers(guild, config);
  const names = namesOf(wanted, guild);
  const roles = names.length === 1 ? `the role ${names.join('')}` : `one of the roles ${names.join(', ')}`;
  return `${whatTakes(need, config)} takes ${roles}. Ask an admin of this server for it; looking is open to all: \`/queue\`, \`/status\`, \`/done\`.`;
}

function namesOf(roles: readonly string[], guild: Guild | null): string[] {
  return roles.map((role) => `**${inline(guild?.roles.cache.get(role)?.name ?? role, 100)}**`);
}

export function whoSteers(guild: Guild | null, config: DiscordConfig): string {
  const roles = namesOf(decidingRoles('steer', config), guild);
  const others = roles.length === 0 ? '' : ` for holders of ${roles.join(' or ')},`;
  return `That is for whoever queued the task,${others} and for the owner of this server.`;
}

function whatTakes(need: Need, { submitRoles, manageRoles }: DiscordConfig): string {
  if (submitRoles.length + manageRoles.length === 0) return 'Changing anything';
  return need === 'submit' ? 'Queueing tasks' : 'Changing tasks of others and the queue';
}
