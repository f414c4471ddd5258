import type { Journal } from './http/journal.ts';
import { applicationRoutes, type GatewayFacts } from './rest/application.ts';
import { callbackRoutes } from './rest/callback.ts';
import { cdnRoutes } from './rest/cdn.ts';
import { channelRoutes } from './rest/channels.ts';
import { commandRoutes } from './rest/commands.ts';
import { followUpRoutes } from './rest/follow-ups.ts';
import { guildRoutes } from './rest/guilds.ts';
import { messageRoutes } from './rest/messages.ts';
import type { Route } from './rest/router.ts';
import { threadRoutes } from './rest/threads.ts';
import type { Interactions } from './world/interactions.ts';
import type { World } from './world/world.ts';

export interface RouteParts {
  world: World;
  interactions: Interactions;
  journal: Journal;
  gateway: GatewayFacts;
}

/** Every route that the twin knows; the first that fits answers. */
export function allRoutes({ world, interactions, journal, gateway }: RouteParts): Route[] {
  return [
    ...applicationRoutes(world, gateway),
    ...commandRoutes(world),
    ...callbackRoutes(world, interactions),
    ...followUpRoutes(world, interactions, (rule, message) => {
      journal.violate({ rule, message, code: 0, method: '', path: '' });
    }),
    ...messageRoutes(world),
    ...threadRoutes(world),
    ...channelRoutes(world),
    ...guildRoutes(world),
    ...cdnRoutes(world),
  ];
}
