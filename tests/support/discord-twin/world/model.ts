import type { APIEmbed } from 'discord.js';
import type { Overwrite } from './permissions.ts';

export interface User {
  readonly id: string;
  username: string;
  globalName: string | null;
  readonly isBot: boolean;
}

export interface Role {
  readonly id: string;
  name: string;
  permissions: bigint;
  isMentionable: boolean;
  isManaged: boolean;
}

export interface Member {
  readonly userId: string;
  readonly roleIds: Set<string>;
  readonly joinedAt: number;
}

export interface Guild {
  readonly id: string;
  name: string;
  ownerId: string;
  /** The role whose id is the guild's own is @everyone. */
  readonly roles: Map<string, Role>;
  readonly members: Map<string, Member>;
}

export const CHANNEL_TYPES = {
  text: 0,
  dm: 1,
  voice: 2,
  announcement: 5,
  publicThread: 11,
  privateThread: 12,
  forum: 15,
};

export interface ThreadFacts {
  isArchived: boolean;
  isLocked: boolean;
  autoArchiveMinutes: number;
  archiveChangedAt: number;
  readonly ownerId: string;
  appliedTags: string[];
}

export interface Channel {
  readonly id: string;
  readonly type: number;
  readonly guildId: string | null;
  name: string;
  /** The parent channel of a thread. */
  readonly parentId: string | null;
  overwrites: Overwrite[];
  lastMessageId: string | null;
  readonly thread: ThreadFacts | null;
  /** The person at the other end of a direct message. */
  readonly recipientId: string | null;
  /** When it was renamed, for the limit of two per ten minutes. */
  renames: number[];
  /** Of a forum. */
  readonly tags: readonly ForumTag[];
  readonly requiresTag: boolean;
}

export interface ForumTag {
  readonly id: string;
  readonly name: string;
}

export interface Component {
  type: number;
  custom_id?: string;
  label?: string;
  style?: number;
  disabled?: boolean;
  url?: string;
  components?: Component[];
  [other: string]: unknown;
}

export interface Attachment {
  readonly id: string;
  readonly filename: string;
  /** What Discord says of it. */
  readonly size: number;
  readonly text: string;
  readonly contentType: string | null;
  readonly url: string;
}

/** What a message showed at one time. */
interface MessageVersion {
  readonly at: number;
  readonly content: string;
  readonly embeds: readonly APIEmbed[];
  readonly components: readonly Component[];
  readonly flags: number;
}

export interface InteractionMetadata {
  readonly id: string;
  readonly type: number;
  readonly userId: string;
  readonly commandName: string | null;
  readonly interactedMessageId: string | null;
  /** Set on follow-ups, which carry the same interaction id as the first answer. */
  readonly originalResponseMessageId: string | null;
  readonly triggering: InteractionMetadata | null;
}

export interface Mentions {
  users: string[];
  roles: string[];
  everyone: boolean;
}

/** One message as it stands; edits change it in place and leave a version behind. */
export interface TwinMessage {
  readonly id: string;
  readonly channelId: string;
  readonly authorId: string;
  readonly type: number;
  readonly createdAt: number;
  content: string;
  embeds: APIEmbed[];
  components: Component[];
  attachments: Attachment[];
  flags: number;
  mentions: Mentions;
  editedAt: number | null;
  deletedAt: number | null;
  /** Told only to whoever sends it; Discord does not give it back later. */
  readonly nonce: string | number | null;
  readonly interaction: InteractionMetadata | null;
  /** The message that this one replies to. */
  readonly replyTo: string | null;
  /** Set for an ephemeral message: the only person who sees it. */
  readonly ephemeralFor: string | null;
  threadId: string | null;
  /** Those of the bot, as the signs that they are. */
  reactions: string[];
  /** Oldest first; the first is the message as it was created. */
  readonly versions: MessageVersion[];
  readonly isEphemeral: boolean;
  readonly isLoading: boolean;
  readonly isSilent: boolean;
  /** Content and every text of the embeds, one per line. */
  readonly text: string;
  /** Buttons and selects of all rows. */
  readonly controls: readonly Component[];
}

/** Who was really notified by a new message. */
export interface Ping extends Mentions {
  readonly messageId: string;
  readonly channelId: string;
  readonly isSilent: boolean;
}

export function isThread(channel: Channel): channel is Channel & { thread: ThreadFacts } {
  return channel.thread !== null;
}
