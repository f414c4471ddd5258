import type { Channel, Guild } from './model.ts';

/** The rights that matter here, with Discord's bits. */
const PERMISSIONS = {
  Administrator: 1n << 3n,
  ManageChannels: 1n << 4n,
  AddReactions: 1n << 6n,
  ViewChannel: 1n << 10n,
  SendMessages: 1n << 11n,
  ManageMessages: 1n << 13n,
  EmbedLinks: 1n << 14n,
  AttachFiles: 1n << 15n,
  ReadMessageHistory: 1n << 16n,
  MentionEveryone: 1n << 17n,
  UseApplicationCommands: 1n << 31n,
  ManageThreads: 1n << 34n,
  CreatePublicThreads: 1n << 35n,
  CreatePrivateThreads: 1n << 36n,
  SendMessagesInThreads: 1n << 38n,
} as const;

export type Permission = keyof typeof PERMISSIONS;

/** A channel's exception for one role or member. */
export interface Overwrite {
  readonly id: string;
  readonly kind: 'role' | 'member';
  readonly allow: bigint;
  readonly deny: bigint;
}

export const ALL_PERMISSIONS = (1n << 53n) - 1n;

export function bitsOf(names: readonly Permission[]): bigint {
  return names.reduce((bits, name) => bits | PERMISSIONS[name], 0n);
}

export function has(bits: bigint, name: Permission): boolean {
  return (bits & PERMISSIONS[name]) !== 0n;
}

/** Of a member in the whole guild. Somebody who is no member has none. */
function guildPermissions(guild: Guild, userId: string): bigint {
  if (guild.ownerId === userId) return ALL_PERMISSIONS;
  const member = guild.members.get(userId);
  if (member === undefined) return 0n;
  const roles = [guild.id, ...member.roleIds].map((id) => guild.roles.get(id)?.permissions ?? 0n);
  const bits = roles.reduce((sum, role) => sum | role, 0n);
  return has(bits, 'Administrator') ? ALL_PERMISSIONS : bits;
}

/** Of a member in one channel: @everyone's exceptions, then those of the roles, then the member's own. */
export function channelPermissions(guild: Guild, channel: Channel, userId: string): bigint {
  const base = guildPermissions(guild, userId);
  if (base === ALL_PERMISSIONS || base === 0n) return base;
  const roleIds = guild.members.get(userId)?.roleIds ?? new Set<string>();
  const layers = [
    channel.overwrites.filter((entry) => entry.id === guild.id),
    channel.overwrites.filter((entry) => entry.kind === 'role' && roleIds.has(entry.id)),
    channel.overwrites.filter((entry) => entry.kind === 'member' && entry.id === userId),
  ];
  const bits = layers.reduce((sum, layer) => {
    const deny = layer.reduce((all, entry) => all | entry.deny, 0n);
    const allow = layer.reduce((all, entry) => all | entry.allow, 0n);
    return (sum & ~deny) | allow;
  }, base);
  return has(bits, 'ViewChannel') ? bits : 0n;
}
