import { createTwinChannel, type TwinChannel } from './channel-handle.ts';
import { CHANNEL_TYPES, type Channel, type Guild, type Role } from './world/model.ts';
import { ALL_PERMISSIONS, bitsOf, type Permission } from './world/permissions.ts';
import { channelWire, guildCreateWire, guildWire, memberWire, roleWire } from './world/wire.ts';
import { addMember, addUser, INTENTS, newChannel, newRole, type World } from './world/world.ts';

interface ForumFacts {
  readonly tags?: readonly string[];
  readonly requiresTag?: boolean;
}

export interface TwinGuild {
  readonly id: string;
  readonly name: string;
  /** The running one of this name or id; throws when there is none. */
  channel(nameOrId: string): TwinChannel;
  /** `tags` and `requiresTag` are those of a forum. */
  addChannel(name: string, kind?: 'text' | 'forum' | 'voice', forum?: ForumFacts): TwinChannel;
  addRole(name: string): { readonly id: string };
  /** Takes roles away and gives others; unknown names are made. */
  setRoles(userId: string, names: readonly string[]): void;
  /** Hands the whole server over, as its owner would. */
  setOwner(userId: string): void;
  /** Rights of the bot's own role; channels may still differ. */
  setBotRights(rights: readonly Permission[]): void;
  /** Throws the bot out. */
  removeBot(): void;
}

/** @everyone may do nothing: the bot's rights come from its own role alone, so that taking one away takes effect. */
const PEOPLE: readonly Permission[] = [
  'ViewChannel',
  'SendMessages',
  'EmbedLinks',
  'AttachFiles',
  'ReadMessageHistory',
  'UseApplicationCommands',
  'CreatePublicThreads',
  'SendMessagesInThreads',
];

/** More than the invite asks for: whoever pings @everyone by mistake must be able to, or no test would see it. */
const BOT_RIGHTS: readonly Permission[] = [
  ...PEOPLE,
  'AddReactions',
  'MentionEveryone',
  'CreatePrivateThreads',
];

/** A guild with its owner, @everyone, a role for people and the bot as a member with a role of its own. */
export function createGuild(world: World, name: string, channels: readonly string[]): Guild {
  const id = world.newId();
  const owner = addUser(world, `${name.toLowerCase()}-owner`);
  const guild: Guild = { id, name, ownerId: owner.id, roles: new Map(), members: new Map() };
  guild.roles.set(id, role(id, '@everyone', 0n));
  world.guilds.set(id, guild);
  addMember(world, guild, owner.id);
  newRole(world, guild, { name: PEOPLE_ROLE, permissions: bitsOf(PEOPLE) });
  const botRole = newRole(world, guild, { name: world.bot.username, permissions: bitsOf(BOT_RIGHTS) });
  botRole.isManaged = true;
  addMember(world, guild, world.bot.id).roleIds.add(botRole.id);
  for (const channel of channels) newChannel(world, { type: CHANNEL_TYPES.text, guildId: id, name: channel });
  world.tell({ name: 'GUILD_CREATE', payload: guildCreateWire(world, guild), intents: INTENTS.guilds });
  return guild;
}

const PEOPLE_ROLE = 'people';

function role(id: string, name: string, permissions: bigint): Role {
  return { id, name, permissions: permissions & ALL_PERMISSIONS, isMentionable: false, isManaged: false };
}

export function createTwinGuild(world: World, guild: Guild): TwinGuild {
  const tell = (name: string, payload: Record<string, unknown>): void => {
    world.tell({ name, payload: { guild_id: guild.id, ...payload }, intents: INTENTS.guilds });
  };
  const roleNamed = (name: string): Role => {
    const known = [...guild.roles.values()].find((entry) => entry.name === name);
    if (known !== undefined) return known;
    const made = newRole(world, guild, { name, permissions: 0n });
    tell('GUILD_ROLE_CREATE', { role: roleWire(guild, made) });
    return made;
  };
  return {
    id: guild.id,
    name: guild.name,
    channel: (nameOrId) => createTwinChannel(world, findChannel(world, guild, nameOrId)),
    addChannel(name, kind = 'text', { tags = [], requiresTag = false } = {}) {
      const channel = newChannel(world, {
        type: CHANNEL_TYPES[kind],
        guildId: guild.id,
        name,
        tags: tags.map((tag) => ({ id: world.newId(), name: tag })),
        requiresTag,
      });
      tell('CHANNEL_CREATE', channelWire(world, channel));
      return createTwinChannel(world, channel);
    },
    addRole: (name) => ({ id: roleNamed(name).id }),
    setRoles(userId, names) {
      const member = addMember(world, guild, userId);
      const ids = [PEOPLE_ROLE, ...names].map((name) => roleNamed(name).id);
      member.roleIds.clear();
      for (const id of ids) member.roleIds.add(id);
      const payload = { guild_id: guild.id, ...memberWire(world, member) };
      world.tell({ name: 'GUILD_MEMBER_UPDATE', payload, intents: INTENTS.guildMembers });
    },
    setOwner(userId) {
      guild.ownerId = addMember(world, guild, userId).userId;
      world.tell({ name: 'GUILD_UPDATE', payload: guildWire(guild), intents: INTENTS.guilds });
    },
    setBotRights(rights) {
      const own = roleNamed(world.bot.username);
      own.permissions = bitsOf(rights);
      tell('GUILD_ROLE_UPDATE', { role: roleWire(guild, own) });
    },
    removeBot() {
      guild.members.delete(world.bot.id);
      world.tell({ name: 'GUILD_DELETE', payload: { id: guild.id }, intents: INTENTS.guilds });
    },
  };
}

export function findChannel(world: World, guild: Guild, nameOrId: string): Channel {
  const channels = [...world.channels.values()].filter((channel) => channel.guildId === guild.id);
  const found =
    channels.find((channel) => channel.id === nameOrId) ??
    channels.find((channel) => channel.name === nameOrId);
  if (found === undefined) throw new Error(`There is no channel "${nameOrId}" in ${guild.name}.`);
  return found;
}
