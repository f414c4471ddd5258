import { asList, asNumber, asObject, asText, isGiven, type JsonObject } from '../json.ts';
import { FLAGS, type UploadedFile } from '../limits/message.ts';
import { resolveMentions } from './mentions.ts';
import { storeFile } from './files.ts';
import { storedComponents, storedEmbed } from './stored-parts.ts';
import { makeMessage } from './message-view.ts';
import type { Channel, InteractionMetadata, TwinMessage } from './model.ts';
import { messageWire } from './message-wire.ts';
import { memberWire } from './wire.ts';
import { INTENTS, type World } from './world.ts';

const FLAGS_A_BOT_MAY_SET = FLAGS.suppressEmbeds | FLAGS.suppressNotifications | FLAGS.componentsV2;

export interface MessageDraft {
  /** A post's first message has the id of the post. */
  id?: string;
  channel: Channel;
  authorId: string;
  body: JsonObject;
  files?: readonly UploadedFile[];
  interaction?: InteractionMetadata;
  ephemeralFor?: string;
  isLoading?: boolean;
}

/** Stores a new message, notifies whom it names and tells the gateway. The body has been checked already. */
export function createMessage(world: World, draft: MessageDraft): TwinMessage {
  const { body, channel } = draft;
  const replyTo = asText(asObject(body['message_reference'])['message_id']) ?? null;
  const message = makeMessage({
    id: draft.id ?? world.newId(),
    channelId: channel.id,
    authorId: draft.authorId,
    type: messageType(draft, replyTo),
    createdAt: world.clock.now(),
    nonce: nonceOf(body),
    interaction: draft.interaction ?? null,
    ephemeralFor: draft.ephemeralFor ?? null,
    replyTo,
    flags: flagsOf(draft),
  });
  fill(world, message, { body, files: draft.files ?? [] });
  world.messages.set(message.id, message);
  if (!message.isEphemeral) channel.lastMessageId = message.id;
  if (!message.isLoading) recordPing(world, message);
  tellOfMessage(world, 'MESSAGE_CREATE', message);
  return message;
}

function flagsOf(draft: MessageDraft): number {
  const asked = (asNumber(draft.body['flags']) ?? 0) & FLAGS_A_BOT_MAY_SET;
  const visibility = draft.ephemeralFor === undefined ? 0 : FLAGS.ephemeral;
  return asked | visibility | (draft.isLoading === true ? FLAGS.loading : 0);
}

function nonceOf(body: JsonObject): string | number | null {
  const nonce = body['nonce'];
  return typeof nonce === 'number' || typeof nonce === 'string' ? nonce : null;
}

const REPLY = 19;
const CHAT_INPUT_COMMAND = 20;
const CONTEXT_MENU_COMMAND = 23;

function messageType(draft: MessageDraft, replyTo: string | null): number {
  if (draft.interaction?.type === 2) {
    return draft.interaction.interactedMessageId === null ? CHAT_INPUT_COMMAND : CONTEXT_MENU_COMMAND;
  }
  return replyTo === null ? 0 : REPLY;
}

/**
 * Changes a message in place. Edits notify nobody, except that the first words of a deferred answer are,
 * for the reader, a new message.
 */
export function editMessage(
  world: World,
  message: TwinMessage,
  change: { body: JsonObject; files: readonly UploadedFile[] },
): void {
  const wasLoading = message.isLoading;
  message.flags &= ~FLAGS.loading;
  if (isGiven(change.body['flags'])) {
    const settable = FLAGS.suppressEmbeds | FLAGS.componentsV2;
    message.flags = (message.flags & ~settable) | ((asNumber(change.body['flags']) ?? 0) & settable);
  }
  if (!wasLoading) message.editedAt = world.clock.now();
  fill(world, message, change);
  if (wasLoading) recordPing(world, message);
  tellOfMessage(world, 'MESSAGE_UPDATE', message);
}

export function deleteMessage(world: World, message: TwinMessage): void {
  message.deletedAt = world.clock.now();
  if (message.isEphemeral) {
    world.bell.ring();
    return;
  }
  const guildId = world.channels.get(message.channelId)?.guildId ?? null;
  const payload = {
    id: message.id,
    channel_id: message.channelId,
    ...(guildId === null ? {} : { guild_id: guildId }),
  };
  world.tell({ name: 'MESSAGE_DELETE', payload, intents: messageIntent(guildId) });
}

function fill(
  world: World,
  message: TwinMessage,
  change: { body: JsonObject; files: readonly UploadedFile[] },
): void {
  const { body, files } = change;
  if ('content' in body) message.content = (asText(body['content']) ?? '').trim();
  if ('embeds' in body) message.embeds = asList(body['embeds']).map((embed) => storedEmbed(asObject(embed)));
  if ('components' in body) message.components = storedComponents(body['components']);
  keepAttachments(message, body['attachments']);
  for (const file of files) {
    message.attachments.push(storeFile(world, file, `attachments/${message.channelId}`));
  }
  const channel = world.channels.get(message.channelId);
  const isNewText = 'content' in body || message.versions.length === 0;
  if (channel !== undefined && isNewText) {
    const { content, authorId } = message;
    message.mentions = resolveMentions(world, {
      content,
      authorId,
      channel,
      rules: body['allowed_mentions'],
    });
  }
  const { content, embeds, components, flags } = message;
  message.versions.push(structuredClone({ at: world.clock.now(), content, embeds, components, flags }));
}

/** An edit that lists attachments keeps only those; new uploads are listed by index and are no ids. */
function keepAttachments(message: TwinMessage, list: unknown): void {
  if (!Array.isArray(list)) return;
  const kept = asList(list).map((entry) => asObject(entry)['id']);
  message.attachments = message.attachments.filter((file) => kept.includes(file.id));
}

function recordPing(world: World, message: TwinMessage): void {
  const { users, roles, everyone } = message.mentions;
  if (message.isEphemeral || (users.length === 0 && roles.length === 0 && !everyone)) return;
  const { id: messageId, channelId, isSilent } = message;
  world.pings.push({ messageId, channelId, isSilent, users: [...users], roles: [...roles], everyone });
}

function tellOfMessage(world: World, name: string, message: TwinMessage): void {
  // Ephemeral messages never travel over the gateway.
  if (message.isEphemeral) {
    world.bell.ring();
    return;
  }
  const guildId = world.channels.get(message.channelId)?.guildId ?? null;
  const payload = {
    ...messageWire(world, message),
    ...(guildId === null ? {} : { guild_id: guildId, ...memberField(world, guildId, message.authorId) }),
    ...(message.nonce === null || name !== 'MESSAGE_CREATE' ? {} : { nonce: message.nonce }),
  };
  world.tell({ name, payload, intents: messageIntent(guildId) });
}

/** The author's place in the guild, without the user that stands beside it. */
function memberField(world: World, guildId: string, userId: string): JsonObject {
  const member = world.guilds.get(guildId)?.members.get(userId);
  if (member === undefined) return {};
  return { member: { ...memberWire(world, member), user: undefined } };
}

function messageIntent(guildId: string | null): number {
  return guildId === null ? INTENTS.directMessages : INTENTS.guildMessages;
}

/** What people see in a channel, oldest first. */
export function visibleMessages(world: World, channelId: string): TwinMessage[] {
  return [...world.messages.values()].filter(
    (message) => message.channelId === channelId && message.deletedAt === null && !message.isEphemeral,
  );
}
