import { createTwinGuild, findChannel } from './guild-handle.ts';
import { createTwinUser, type TwinUser } from './users/user.ts';
import type { Interactions } from './world/interactions.ts';
import type { Channel, Guild } from './world/model.ts';
import { addUser, type World } from './world/world.ts';

export interface People {
  user(name: string, options: { roles?: readonly string[]; displayName?: string }): TwinUser;
  /** By name in the first guild, by id anywhere; without either the first channel. */
  channelOf(nameOrId: string | undefined): Channel;
}

/** The persons of the first guild, by name. */
export function createPeople(world: World, interactions: Interactions, guild: Guild): People {
  const users = new Map<string, TwinUser>();
  const channelOf = (nameOrId: string | undefined): Channel => {
    const channels = [...world.channels.values()];
    const first = channels.find((channel) => channel.guildId === guild.id);
    const found = nameOrId === undefined ? first : world.channels.get(nameOrId);
    return found ?? findChannel(world, guild, nameOrId ?? '');
  };
  return {
    channelOf,
    user(name, options) {
      const known = users.get(name);
      if (known !== undefined && options.roles === undefined) return known;
      const user =
        known ??
        createTwinUser({ world, interactions, channelOf }, addUser(world, name, options.displayName));
      createTwinGuild(world, guild).setRoles(user.id, options.roles ?? []);
      users.set(name, user);
      return user;
    },
  };
}
