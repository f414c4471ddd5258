import type { Bell } from '../bell.ts';
import type { TwinClock } from '../clock.ts';
import type { JsonObject } from '../json.ts';
import type { ServedFile } from './files.ts';
import type { Channel, ForumTag, Guild, Member, Ping, Role, TwinMessage, User } from './model.ts';
import { channelPermissions, type Overwrite } from './permissions.ts';

/** Something the gateway tells the bot. Without the intent the session does not hear it. */
export interface GatewayEvent {
  readonly name: string;
  readonly payload: JsonObject;
  readonly intents: number;
}

export interface RegisteredCommand extends JsonObject {
  id: string;
  name: string;
  type: number;
}

/** The state that Discord would hold, and the two ways to tell of a change: the gateway and the bell. */
export interface World {
  readonly clock: TwinClock;
  readonly bell: Bell;
  readonly newId: () => string;
  readonly applicationId: string;
  /** Which privileged intents are switched on shows in them. */
  readonly applicationFlags: number;
  readonly bot: User;
  readonly users: Map<string, User>;
  readonly guilds: Map<string, Guild>;
  readonly channels: Map<string, Channel>;
  readonly messages: Map<string, TwinMessage>;
  /** By guild id, or `global`. */
  readonly commands: Map<string, RegisteredCommand[]>;
  readonly pings: Ping[];
  readonly nonceMemoryMs: number;
  /** What the network serves, by path. */
  readonly files: Map<string, ServedFile>;
  readonly cdnUrl: () => string;
  tell(event: GatewayEvent): void;
  onTell(listener: (event: GatewayEvent) => void): void;
}

export const INTENTS = {
  guilds: 1,
  guildMembers: 1 << 1,
  guildPresences: 1 << 8,
  guildMessages: 1 << 9,
  directMessages: 1 << 12,
  messageContent: 1 << 15,
} as const;

/** For bots in fewer than 100 servers. */
const MESSAGE_CONTENT_FLAG = 1 << 19;

export interface WorldParts {
  clock: TwinClock;
  bell: Bell;
  newId: () => string;
  botName: string;
  nonceMemoryMs: number;
  cdnUrl: () => string;
  hasMessageContent: boolean;
}

export function createWorld(parts: WorldParts): World {
  const listeners: ((event: GatewayEvent) => void)[] = [];
  const bot: User = { id: parts.newId(), username: parts.botName, globalName: null, isBot: true };
  return {
    clock: parts.clock,
    bell: parts.bell,
    newId: parts.newId,
    // As with every application made since 2016, the application and its bot share one id.
    applicationId: bot.id,
    applicationFlags: parts.hasMessageContent ? MESSAGE_CONTENT_FLAG : 0,
    bot,
    users: new Map([[bot.id, bot]]),
    guilds: new Map(),
    channels: new Map(),
    messages: new Map(),
    commands: new Map(),
    pings: [],
    nonceMemoryMs: parts.nonceMemoryMs,
    files: new Map(),
    cdnUrl: parts.cdnUrl,
    tell(event) {
      for (const listener of listeners) listener(event);
      parts.bell.ring();
    },
    onTell(listener) {
      listeners.push(listener);
    },
  };
}

/** Threads have the rights of the channel they hang under. */
export function permissionsIn(world: World, channel: Channel, userId: string): bigint {
  const guild = channel.guildId === null ? undefined : world.guilds.get(channel.guildId);
  if (guild === undefined) return -1n;
  const parent = channel.parentId === null ? undefined : world.channels.get(channel.parentId);
  return channelPermissions(guild, parent ?? channel, userId);
}

export function addUser(world: World, name: string, globalName?: string): User {
  const user: User = { id: world.newId(), username: name, globalName: globalName ?? name, isBot: false };
  world.users.set(user.id, user);
  return user;
}

export function addMember(world: World, guild: Guild, userId: string): Member {
  const known = guild.members.get(userId);
  if (known !== undefined) return known;
  const member: Member = { userId, roleIds: new Set(), joinedAt: world.clock.now() };
  guild.members.set(userId, member);
  return member;
}

export function newRole(world: World, guild: Guild, facts: { name: string; permissions: bigint }): Role {
  const role: Role = { id: world.newId(), isMentionable: false, isManaged: false, ...facts };
  guild.roles.set(role.id, role);
  return role;
}

export interface ChannelFacts {
  type: number;
  guildId: string | null;
  name: string;
  parentId?: string;
  recipientId?: string;
  overwrites?: Overwrite[];
  tags?: readonly ForumTag[];
  requiresTag?: boolean;
}

export function newChannel(world: World, facts: ChannelFacts): Channel {
  const channel: Channel = {
    id: world.newId(),
    type: facts.type,
    guildId: facts.guildId,
    name: facts.name,
    parentId: facts.parentId ?? null,
    recipientId: facts.recipientId ?? null,
    overwrites: facts.overwrites ?? [],
    lastMessageId: null,
    thread: null,
    renames: [],
    tags: facts.tags ?? [],
    requiresTag: facts.requiresTag ?? false,
  };
  world.channels.set(channel.id, channel);
  return channel;
}
