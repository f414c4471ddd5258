import { isThread, type Channel } from './model.ts';
import { channelWire } from './wire.ts';
import { INTENTS, type World } from './world.ts';

/** Takes a channel away, with its threads and messages. */
export function removeChannel(world: World, channel: Channel): void {
  const threads = [...world.channels.values()].filter((entry) => entry.parentId === channel.id);
  for (const thread of threads) world.channels.delete(thread.id);
  world.channels.delete(channel.id);
  const gone = new Set([channel.id, ...threads.map((thread) => thread.id)]);
  for (const message of world.messages.values()) {
    if (gone.has(message.channelId)) message.deletedAt ??= world.clock.now();
  }
  const { id, type, guildId, parentId } = channel;
  const thread = { id, type, guild_id: guildId, parent_id: parentId };
  if (isThread(channel)) world.tell({ name: 'THREAD_DELETE', payload: thread, intents: INTENTS.guilds });
  else world.tell({ name: 'CHANNEL_DELETE', payload: channelWire(world, channel), intents: INTENTS.guilds });
}
