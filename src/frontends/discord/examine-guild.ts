/** The server's channels, roles and the bot's rights there, as Discord would work them out. */
import {
  ChannelType,
  OverwriteType,
  PermissionFlagsBits,
  Routes,
  type APIGuildChannel,
  type APIGuildMember,
  type APIOverwrite,
  type APIRole,
  type RouteLike,
} from 'discord.js';
import { ok, problem, warning, type Finding } from '../../core/finding.ts';
import { channelName, isId, type DiscordConfig } from './config.ts';
import type { Answered } from './failures.ts';
import { isForThreads, NEEDED_PERMISSIONS } from './places.ts';

export type Ask = (route: RouteLike) => Promise<Answered>;

export interface GuildPlace {
  readonly ask: Ask;
  readonly config: DiscordConfig;
  readonly guildId: string;
  readonly botId: string;
  /** What to do where rights are missing in the whole server. */
  readonly invite: string;
}

type Channel = APIGuildChannel;

interface Rights {
  readonly guildId: string;
  readonly botId: string;
  readonly roles: readonly APIRole[];
  readonly roleIds: readonly string[];
}

export async function examineGuild(place: GuildPlace): Promise<readonly Finding[]> {
  const { ask, config, guildId, botId } = place;
  const answers = await Promise.all([
    ask(Routes.guild(guildId)),
    ask(Routes.guildChannels(guildId)),
    ask(Routes.guildMember(guildId, botId)),
  ]);
  const refused = answers.find((answer) => !answer.ok);
  if (refused?.ok === false) return [problem('server', `cannot be read: ${refused.message}`, place.invite)];
  const [guild, channels, member] = answers.map((answer) => (answer.ok ? answer.value : null)) as [
    { name: string; owner_id: string; roles: APIRole[] },
    Channel[],
    APIGuildMember,
  ];
  const rights: Rights = { guildId, botId, roles: guild.roles, roleIds: member.roles };
  const { allowedChannels, notificationChannel, taskForum } = config;
  const wanted = [...allowedChannels, notificationChannel, ...(taskForum === null ? [] : [taskForum])];
  const places = [...new Set(wanted.map(channelName))];
  return [
    ok('server', `the bot is in ${guild.name}`),
    ...places.map((name) => examineChannel(name, channels, { ...place, rights })),
    ...examineRoles(config, guild.roles),
  ];
}

function examineChannel(
  name: string,
  channels: readonly Channel[],
  { rights, config, invite }: GuildPlace & { rights: Rights },
): Finding {
  const shown = isId(name) ? `channel ${name}` : `#${name}`;
  const setting = settingOf(name, config);
  const channel = channelOf(name, channels, setting === 'TASK_FORUM');
  const isForNews = setting === 'NOTIFICATION_CHANNEL';
  if (channel === undefined) {
    // A thread has an id as well, and is in no list of channels.
    const judge = isForNews && !isId(name) ? problem : warning;
    return judge(shown, 'is no channel of this server', `Make it, or set ${setting} to another one.`);
  }
  if (setting === 'TASK_FORUM' && !isForum(channel)) {
    return warning(shown, 'is no forum: threads hang on the cards', 'Set TASK_FORUM to a forum channel.');
  }
  const held = permissionsIn(channel, rights);
  const missing = Object.entries(NEEDED_PERMISSIONS).flatMap(([right, bit]) =>
    (held & bit) === bit ? [] : [right],
  );
  if (missing.length === 0) return ok(shown, 'is there, and the bot has all its rights');
  const todo = `Give the bot's role these rights in the channel's settings, or invite it again. ${invite}`;
  const hurts = isForNews && !missing.every(isForThreads);
  return (hurts ? problem : warning)(shown, `the bot lacks ${missing.join(', ')}`, todo);
}

/** Of channels that are called the same, a forum where one is wanted. */
function channelOf(name: string, channels: readonly Channel[], isForumWanted: boolean): Channel | undefined {
  const named = channels.filter((one) => (isId(name) ? one.id === name : one.name.toLowerCase() === name));
  return (isForumWanted ? named.find(isForum) : undefined) ?? named[0];
}

const isForum = ({ type }: Channel) => type === ChannelType.GuildForum;

function settingOf(name: string, { notificationChannel, taskForum }: DiscordConfig): string {
  if (channelName(notificationChannel) === name) return 'NOTIFICATION_CHANNEL';
  return taskForum !== null && channelName(taskForum) === name ? 'TASK_FORUM' : 'ALLOWED_CHANNELS';
}

/** @everyone's exceptions, then those of the roles, then the member's own. */
function permissionsIn(channel: Channel, { guildId, botId, roles, roleIds }: Rights): bigint {
  const mine = roles.filter(({ id }) => id === guildId || roleIds.includes(id));
  const base = mine.reduce((bits, { permissions }) => bits | BigInt(permissions), 0n);
  const everything = Object.values(PermissionFlagsBits).reduce((bits, bit) => bits | bit, 0n);
  if ((base & PermissionFlagsBits.Administrator) !== 0n) return everything;
  const overwrites: readonly APIOverwrite[] = channel.permission_overwrites ?? [];
  const layers = [
    overwrites.filter(({ id }) => id === guildId),
    overwrites.filter(
      ({ id, type }) => type === OverwriteType.Role && id !== guildId && roleIds.includes(id),
    ),
    overwrites.filter(({ id, type }) => type === OverwriteType.Member && id === botId),
  ];
  const held = layers.reduce((bits, layer) => {
    const deny = layer.reduce((all, one) => all | BigInt(one.deny), 0n);
    const allow = layer.reduce((all, one) => all | BigInt(one.allow), 0n);
    return (bits & ~deny) | allow;
  }, base);
  return (held & PermissionFlagsBits.ViewChannel) === 0n ? 0n : held;
}

function examineRoles(config: DiscordConfig, roles: readonly APIRole[]): readonly Finding[] {
  const lists = {
    ALLOWED_ROLES: config.allowedRoles,
    SUBMIT_ROLES: config.submitRoles,
    MANAGE_ROLES: config.manageRoles,
  };
  return Object.entries(lists).flatMap(([setting, wanted]) => {
    if (wanted.length === 0) return [];
    const isThere = (role: string) => roles.some(({ id, name }) => id === role || name === role);
    const missing = wanted.filter((role) => !isThere(role));
    if (missing.length === 0) return [ok(setting, 'every role is there')];
    const says = `no such role: ${missing.join(', ')}`;
    const todo = 'Make the role, or correct the setting: until then it lets nobody in.';
    return [missing.length === wanted.length ? problem(setting, says, todo) : warning(setting, says, todo)];
  });
}
