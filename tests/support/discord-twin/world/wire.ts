import type { JsonObject } from '../json.ts';
import { isThread, type Channel, type Guild, type Member, type Role, type User } from './model.ts';
import { permissionsIn, type World } from './world.ts';

const REQUIRE_TAG = 1 << 4;

/** The shapes that Discord sends. discord.js reads most of these fields without asking whether they are there. */
export function userWire(user: User): JsonObject {
  return {
    id: user.id,
    username: user.username,
    discriminator: user.isBot ? '0001' : '0',
    global_name: user.globalName,
    avatar: null,
    avatar_decoration_data: null,
    collectibles: null,
    primary_guild: null,
    bot: user.isBot,
    public_flags: 0,
    flags: 0,
  };
}

export function roleWire(guild: Guild, role: Role): JsonObject {
  return {
    id: role.id,
    name: role.name,
    color: 0,
    colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
    hoist: false,
    icon: null,
    unicode_emoji: null,
    position: [...guild.roles.keys()].indexOf(role.id),
    permissions: role.permissions.toString(),
    managed: role.isManaged,
    mentionable: role.isMentionable,
    flags: 0,
  };
}

export function memberWire(world: World, member: Member): JsonObject {
  const user = world.users.get(member.userId);
  return {
    ...(user === undefined ? {} : { user: userWire(user) }),
    roles: [...member.roleIds],
    nick: null,
    avatar: null,
    banner: null,
    joined_at: new Date(member.joinedAt).toISOString(),
    premium_since: null,
    communication_disabled_until: null,
    deaf: false,
    mute: false,
    pending: false,
    flags: 0,
  };
}

export function channelWire(world: World, channel: Channel): JsonObject {
  const shared = { id: channel.id, type: channel.type, last_message_id: channel.lastMessageId, flags: 0 };
  if (channel.guildId === null) {
    const recipient = world.users.get(channel.recipientId ?? '');
    return { ...shared, recipients: recipient === undefined ? [] : [userWire(recipient)] };
  }
  const inGuild = { ...shared, guild_id: channel.guildId, name: channel.name, rate_limit_per_user: 0 };
  if (isThread(channel)) {
    return {
      ...inGuild,
      parent_id: channel.parentId,
      owner_id: channel.thread.ownerId,
      message_count: 0,
      member_count: 1,
      total_message_sent: 0,
      applied_tags: channel.thread.appliedTags,
      thread_metadata: {
        archived: channel.thread.isArchived,
        locked: channel.thread.isLocked,
        auto_archive_duration: channel.thread.autoArchiveMinutes,
        archive_timestamp: new Date(channel.thread.archiveChangedAt).toISOString(),
      },
    };
  }
  return {
    ...inGuild,
    parent_id: null,
    topic: null,
    nsfw: false,
    position: 0,
    ...(channel.requiresTag ? { flags: REQUIRE_TAG } : {}),
    available_tags: channel.tags.map(({ id, name }) => ({
      id,
      name,
      moderated: false,
      emoji_id: null,
      emoji_name: null,
    })),
    permission_overwrites: channel.overwrites.map((entry) => ({
      id: entry.id,
      type: entry.kind === 'role' ? 0 : 1,
      allow: entry.allow.toString(),
      deny: entry.deny.toString(),
    })),
  };
}

export function guildWire(guild: Guild): JsonObject {
  return {
    id: guild.id,
    name: guild.name,
    icon: null,
    splash: null,
    discovery_splash: null,
    banner: null,
    description: null,
    owner_id: guild.ownerId,
    afk_channel_id: null,
    afk_timeout: 300,
    verification_level: 0,
    default_message_notifications: 0,
    explicit_content_filter: 0,
    roles: [...guild.roles.values()].map((role) => roleWire(guild, role)),
    emojis: [],
    stickers: [],
    features: [],
    mfa_level: 0,
    application_id: null,
    system_channel_id: null,
    system_channel_flags: 0,
    rules_channel_id: null,
    public_updates_channel_id: null,
    safety_alerts_channel_id: null,
    vanity_url_code: null,
    premium_tier: 0,
    premium_progress_bar_enabled: false,
    preferred_locale: 'en-US',
    nsfw_level: 0,
  };
}

/** GUILD_CREATE: the guild with its channels, the threads that the bot can see, and the bot as a member. */
export function guildCreateWire(world: World, guild: Guild): JsonObject {
  const channels = [...world.channels.values()].filter((channel) => channel.guildId === guild.id);
  const own = guild.members.get(world.bot.id);
  return {
    ...guildWire(guild),
    joined_at: new Date(own?.joinedAt ?? world.clock.now()).toISOString(),
    large: false,
    unavailable: false,
    member_count: guild.members.size,
    members: own === undefined ? [] : [memberWire(world, own)],
    channels: channels.filter((channel) => !isThread(channel)).map((channel) => channelWire(world, channel)),
    threads: channels
      .filter((channel) => isThread(channel) && !channel.thread.isArchived)
      .filter((channel) => permissionsIn(world, channel, world.bot.id) !== 0n)
      .map((channel) => channelWire(world, channel)),
    voice_states: [],
    presences: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  };
}
