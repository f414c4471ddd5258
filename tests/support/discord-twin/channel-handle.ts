import { removeChannel } from './world/removal.ts';
import { createThread, setArchived } from './world/threads.ts';
import { CHANNEL_TYPES, isThread, type Channel, type TwinMessage } from './world/model.ts';
import { visibleMessages } from './world/messages.ts';
import { bitsOf, type Permission } from './world/permissions.ts';
import { channelWire } from './world/wire.ts';
import { INTENTS, type World } from './world/world.ts';

export interface TwinChannel {
  readonly id: string;
  readonly name: string;
  readonly exists: boolean;
  /** What everybody sees there, oldest first: no ephemeral and no deleted messages. */
  readonly messages: readonly TwinMessage[];
  /** Those of the bot among them. */
  readonly botMessages: readonly TwinMessage[];
  /** Everything ever put there, ephemeral and deleted ones too. */
  readonly history: readonly TwinMessage[];
  rename(name: string): void;
  remove(): void;
  /** Exceptions for the bot in this channel; each call replaces the one before. */
  setBotRights(rights: { allow?: readonly Permission[]; deny?: readonly Permission[] }): void;
  /** A thread started by a person. */
  startThread(name: string, ownerId: string): TwinChannel;
  archive(): void;
}

export function createTwinChannel(world: World, channel: Channel): TwinChannel {
  const changed = (): void => {
    const name = isThread(channel) ? 'THREAD_UPDATE' : 'CHANNEL_UPDATE';
    world.tell({ name, payload: channelWire(world, channel), intents: INTENTS.guilds });
  };
  return {
    id: channel.id,
    get name() {
      return channel.name;
    },
    get exists() {
      return world.channels.has(channel.id);
    },
    get messages() {
      return visibleMessages(world, channel.id);
    },
    get botMessages() {
      return visibleMessages(world, channel.id).filter((message) => message.authorId === world.bot.id);
    },
    get history() {
      return [...world.messages.values()].filter((message) => message.channelId === channel.id);
    },
    rename(name) {
      channel.name = name;
      changed();
    },
    remove() {
      removeChannel(world, channel);
    },
    setBotRights({ allow = [], deny = [] }) {
      const others = channel.overwrites.filter((entry) => entry.id !== world.bot.id);
      const own = { id: world.bot.id, kind: 'member' as const, allow: bitsOf(allow), deny: bitsOf(deny) };
      channel.overwrites = [...others, own];
      changed();
    },
    startThread(name, ownerId) {
      const origin = { parent: channel, type: CHANNEL_TYPES.publicThread, ownerId };
      return createTwinChannel(world, createThread(world, origin, { name, auto_archive_duration: 10_080 }));
    },
    archive() {
      setArchived(world, channel, true);
    },
  };
}
