import { asList, asNumber, asText, type JsonObject } from '../json.ts';
import { createForm } from '../limits/form.ts';
import { CHANNEL_TYPES, type Channel } from './model.ts';
import { channelWire } from './wire.ts';
import { INTENTS, type World } from './world.ts';

const ARCHIVE_MINUTES = [60, 1_440, 4_320, 10_080];
const MAX_TAGS = 5;

export function checkThreadBody(body: JsonObject, nameIsRequired: boolean): void {
  const form = createForm();
  form.text('name', body['name'], { min: 1, max: 100, required: nameIsRequired });
  const minutes = body['auto_archive_duration'];
  if (minutes !== undefined && !ARCHIVE_MINUTES.includes(Number(minutes))) {
    form.fail(
      'auto_archive_duration',
      'BASE_TYPE_CHOICES',
      `Value must be one of (${ARCHIVE_MINUTES.join(', ')}).`,
    );
  }
  const type = body['type'];
  if (type !== undefined && ![10, 11, 12].includes(Number(type))) {
    form.fail('type', 'BASE_TYPE_CHOICES', 'Value must be one of (10, 11, 12).');
  }
  form.list('applied_tags', body['applied_tags'], { max: MAX_TAGS });
  form.refuseIfWrong();
}

export interface ThreadOrigin {
  parent: Channel;
  type: number;
  ownerId: string;
  /** A thread on a message takes the message's id. */
  messageId?: string;
}

export function createThread(world: World, origin: ThreadOrigin, body: JsonObject): Channel {
  const thread: Channel = {
    id: origin.messageId ?? world.newId(),
    type: origin.type,
    guildId: origin.parent.guildId,
    name: asText(body['name']) ?? '',
    parentId: origin.parent.id,
    recipientId: null,
    overwrites: [],
    lastMessageId: null,
    renames: [],
    tags: [],
    requiresTag: false,
    thread: {
      isArchived: false,
      isLocked: false,
      autoArchiveMinutes: asNumber(body['auto_archive_duration']) ?? 4_320,
      archiveChangedAt: world.clock.now(),
      ownerId: origin.ownerId,
      appliedTags: asList(body['applied_tags']).map(String),
    },
  };
  world.channels.set(thread.id, thread);
  const payload = { ...channelWire(world, thread), newly_created: true };
  world.tell({ name: 'THREAD_CREATE', payload, intents: INTENTS.guilds });
  return thread;
}

export function defaultThreadType(parent: Channel): number {
  return parent.type === CHANNEL_TYPES.forum ? CHANNEL_TYPES.publicThread : CHANNEL_TYPES.privateThread;
}

export function setArchived(world: World, thread: Channel, isArchived: boolean): void {
  if (thread.thread === null || thread.thread.isArchived === isArchived) return;
  thread.thread.isArchived = isArchived;
  thread.thread.archiveChangedAt = world.clock.now();
  world.tell({ name: 'THREAD_UPDATE', payload: channelWire(world, thread), intents: INTENTS.guilds });
}
