import { refuse } from '../refusals.ts';
import { isThread } from '../world/model.ts';
import { has } from '../world/permissions.ts';
import { channelWire, guildWire, memberWire, roleWire, userWire } from '../world/wire.ts';
import { permissionsIn, type World } from '../world/world.ts';
import { visibleGuild } from './access.ts';
import { ok, type RestHandler, type Route } from './router.ts';

/** Reading a guild: itself, its channels, roles, members and running threads. */
export function guildRoutes(world: World): Route[] {
  const get = (pattern: string, handle: RestHandler): Route => ({
    method: 'GET',
    pattern,
    auth: 'bot',
    handle,
  });
  const channelsOf = (guildId: string) =>
    [...world.channels.values()].filter((channel) => channel.guildId === guildId);
  return [
    get('/guilds/:guild', (_call, [id = '']) => ok(guildWire(visibleGuild(world, id)))),
    get('/guilds/:guild/channels', (_call, [id = '']) => {
      const guild = visibleGuild(world, id);
      const channels = channelsOf(guild.id).filter((channel) => !isThread(channel));
      return ok(channels.map((channel) => channelWire(world, channel)));
    }),
    get('/guilds/:guild/roles', (_call, [id = '']) => {
      const guild = visibleGuild(world, id);
      return ok([...guild.roles.values()].map((role) => roleWire(guild, role)));
    }),
    get('/guilds/:guild/threads/active', (_call, [id = '']) => {
      const threads = channelsOf(visibleGuild(world, id).id)
        .filter((channel) => isThread(channel) && !channel.thread.isArchived)
        .filter((channel) => has(permissionsIn(world, channel, world.bot.id), 'ViewChannel'));
      return ok({
        threads: threads.map((thread) => channelWire(world, thread)),
        members: [],
        has_more: false,
      });
    }),
    get('/guilds/:guild/members/:user', (_call, [id = '', userId = '']) => {
      const who = userId === '@me' ? world.bot.id : userId;
      const member = visibleGuild(world, id).members.get(who) ?? refuse('unknownMember');
      return ok(memberWire(world, member));
    }),
    get('/users/:user', (_call, [id = '']) => ok(userWire(world.users.get(id) ?? refuse('unknownUser')))),
  ];
}
