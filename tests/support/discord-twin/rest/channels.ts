import { asNumber, asText, type JsonObject } from '../json.ts';
import { createForm } from '../limits/form.ts';
import { CHANNEL_TYPES, isThread, type Channel } from '../world/model.ts';
import { checkThreadBody, setArchived } from '../world/threads.ts';
import { channelWire } from '../world/wire.ts';
import { INTENTS, newChannel, type World } from '../world/world.ts';
import { removeChannel } from '../world/removal.ts';
import { requirePermission, visibleChannel } from './access.ts';
import { bodyOf, noContent, ok, rateLimited, type RestAnswer, type Route } from './router.ts';

const RENAMES = 2;
const RENAME_WINDOW_MS = 10 * 60_000;

export function channelRoutes(world: World): Route[] {
  return [
    {
      method: 'GET',
      pattern: '/channels/:channel',
      auth: 'bot',
      handle: (_call, [id = '']) => ok(channelWire(world, visibleChannel(world, id))),
    },
    {
      method: 'PATCH',
      pattern: '/channels/:channel',
      auth: 'bot',
      handle: (call, [id = '']) => patchChannel(world, visibleChannel(world, id), bodyOf(call)),
    },
    {
      method: 'DELETE',
      pattern: '/channels/:channel',
      auth: 'bot',
      handle(_call, [id = '']) {
        const channel = visibleChannel(world, id);
        requirePermission(world, channel, isThread(channel) ? 'ManageThreads' : 'ManageChannels');
        removeChannel(world, channel);
        return ok(channelWire(world, channel));
      },
    },
    {
      method: 'POST',
      pattern: '/channels/:channel/typing',
      auth: 'bot',
      handle(_call, [id = '']) {
        visibleChannel(world, id);
        return noContent;
      },
    },
    {
      method: 'POST',
      pattern: '/users/@me/channels',
      auth: 'bot',
      handle: (call) =>
        ok(channelWire(world, directChannel(world, asText(bodyOf(call)['recipient_id']) ?? ''))),
    },
  ];
}

/** The one direct channel between the bot and a person. */
export function directChannel(world: World, userId: string): Channel {
  const known = [...world.channels.values()].find((channel) => channel.recipientId === userId);
  return known ?? newChannel(world, { type: CHANNEL_TYPES.dm, guildId: null, name: '', recipientId: userId });
}

function patchChannel(world: World, channel: Channel, body: JsonObject): RestAnswer {
  if (isThread(channel)) {
    checkThreadBody(body, false);
    if (channel.thread.ownerId !== world.bot.id) requirePermission(world, channel, 'ManageThreads');
  } else {
    const form = createForm();
    form.text('name', body['name'], { min: 1, max: 100 });
    form.refuseIfWrong();
    requirePermission(world, channel, 'ManageChannels');
  }
  const name = asText(body['name']);
  if (name !== undefined && name !== channel.name) {
    const limited = rename(world, channel, name);
    if (limited !== undefined) return limited;
  }
  applyThreadFacts(world, channel, body);
  const event = isThread(channel) ? 'THREAD_UPDATE' : 'CHANNEL_UPDATE';
  world.tell({ name: event, payload: channelWire(world, channel), intents: INTENTS.guilds });
  return ok(channelWire(world, channel));
}

function applyThreadFacts(world: World, channel: Channel, body: JsonObject): void {
  if (!isThread(channel)) return;
  const { locked, archived } = body;
  if (typeof locked === 'boolean') channel.thread.isLocked = locked;
  channel.thread.autoArchiveMinutes =
    asNumber(body['auto_archive_duration']) ?? channel.thread.autoArchiveMinutes;
  if (typeof archived === 'boolean') setArchived(world, channel, archived);
}

/** Two names in ten minutes; the third has to wait for the window. */
function rename(world: World, channel: Channel, name: string): RestAnswer | undefined {
  const now = world.clock.now();
  channel.renames = channel.renames.filter((at) => now - at < RENAME_WINDOW_MS);
  const oldest = channel.renames[0];
  if (oldest !== undefined && channel.renames.length >= RENAMES) {
    return rateLimited(RENAME_WINDOW_MS - (now - oldest));
  }
  channel.renames.push(now);
  channel.name = name;
  return undefined;
}
