import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { createBell } from './bell.ts';
import { createTwinChannel } from './channel-handle.ts';
import { createSnowflakes, createTwinClock } from './clock.ts';
import { describeTwin } from './describe.ts';
import { createGateway, type Gateway } from './gateway/gateway.ts';
import { createGuild, createTwinGuild } from './guild-handle.ts';
import type { DiscordTwin, OutageKind } from './handle.ts';
import { createFaults, type Faults } from './http/faults.ts';
import { createJournal, type Journal } from './http/journal.ts';
import { createRateLimits } from './http/rate-limits.ts';
import { serveRest, type RestServerParts } from './http/rest-server.ts';
import { createListener, type Listener } from './http/server.ts';
import { DEFAULTS, fakeToken, type DiscordTwinOptions } from './options.ts';
import { createPeople } from './people.ts';
import { allRoutes } from './routes.ts';
import { createInteractions, type Interactions } from './world/interactions.ts';
import { createWorld, INTENTS, type World } from './world/world.ts';

/** Everything that belongs to one twin. */
interface Parts {
  world: World;
  journal: Journal;
  interactions: Interactions;
  faults: Faults;
  gateway: Gateway;
  listener: Listener;
  secret: { token: string };
  outage: { kind: OutageKind | null };
}

export function createDiscordTwin(options: DiscordTwinOptions = {}): DiscordTwin {
  const parts = build(options);
  const { world, journal, listener, gateway } = parts;
  const first = createGuild(
    world,
    options.guildName ?? DEFAULTS.guildName,
    options.channels ?? DEFAULTS.channels,
  );
  const people = createPeople(world, parts.interactions, first);
  return {
    start: () => listener.open(),
    async stop() {
      parts.faults.clear();
      gateway.drop();
      await listener.close();
    },
    get url() {
      return `http://127.0.0.1:${listener.port}/api`;
    },
    get token() {
      return parts.secret.token;
    },
    set token(token) {
      parts.secret.token = token;
    },
    bot: { id: world.bot.id, applicationId: world.applicationId },
    guild: createTwinGuild(world, first),
    addGuild: (name, channels = ['general']) => createTwinGuild(world, createGuild(world, name, channels)),
    channel: (nameOrId) => createTwinChannel(world, people.channelOf(nameOrId)),
    user: (name, facts = {}) => people.user(name, facts),
    message(id) {
      const message = world.messages.get(id);
      if (message === undefined) throw new Error(`There is no message ${id}.`);
      return message;
    },
    get commands() {
      return [...world.commands.values()].flat();
    },
    requests: journal.requests,
    get requestCount() {
      return journal.requestCount;
    },
    get refused() {
      return journal.requests.filter((request) => request.code !== null);
    },
    violations: journal.violations,
    takeViolations: () => journal.violations.splice(0),
    unknownRoutes: journal.unknownRoutes,
    interactions: parts.interactions.all,
    pings: world.pings,
    gateway,
    waitFor: (predicate, wait) => world.bell.waitFor(predicate, wait),
    async waitForBot(wait) {
      const isThere = (): boolean => gateway.connected > 0 && [...world.commands.values()].flat().length > 0;
      await world.bell.waitFor(isThere, { what: 'the bot', ...wait });
    },
    now: () => world.clock.now(),
    advance(ms) {
      world.clock.advance(ms);
      world.bell.ring();
    },
    fault: (matcher, fault, limits) => parts.faults.add(matcher, fault, limits),
    clearFaults: () => {
      parts.faults.clear();
    },
    beginOutage: (kind) => beginOutage(parts, kind ?? 'bad-gateway'),
    endOutage: () => endOutage(parts),
  };
}

function build(options: DiscordTwinOptions): Parts {
  const clock = createTwinClock(options.now);
  const bell = createBell(() => describeTwin(world, journal));
  const journal = createJournal(bell, options.requestsKept);
  const newId = createSnowflakes(() => clock.now());
  const botName = options.botName ?? DEFAULTS.botName;
  const nonceMemoryMs = options.nonceMemoryMs ?? DEFAULTS.nonceMemoryMs;
  const hasMessageContent = options.allowedIntents?.includes('messageContent') === true;
  const cdnUrl = (): string => `http://127.0.0.1:${listener.port}`;
  const world = createWorld({ clock, bell, newId, botName, nonceMemoryMs, cdnUrl, hasMessageContent });
  const interactions = createInteractions(world);
  const faults = createFaults(bell);
  const secret = { token: options.token ?? fakeToken(world.bot.id) };
  const outage: Parts['outage'] = { kind: null };
  const url = (): string => `ws://127.0.0.1:${listener.port}/gateway`;
  const gateway = createGateway(world, journal, {
    heartbeatMs: options.heartbeatMs ?? DEFAULTS.heartbeatMs,
    allowedIntents: (options.allowedIntents ?? []).reduce((bits, name) => bits | INTENTS[name], 0),
    token: () => secret.token,
    url,
  });
  const sessionStarts = options.sessionStarts ?? DEFAULTS.sessionStarts;
  const remainingSessions = (): number => sessionStarts - gateway.identifies.length;
  const routes = allRoutes({
    world,
    interactions,
    journal,
    gateway: { url, remainingSessions },
  });
  const listener = listen(
    {
      clock,
      bell,
      journal,
      faults,
      routes,
      rateLimits: createRateLimits(clock, options.rateLimits),
      token: () => secret.token,
      isDown: () => outage.kind !== null,
    },
    gateway,
  );
  return { world, journal, interactions, faults, gateway, listener, secret, outage };
}

function listen(rest: RestServerParts, gateway: Gateway): Listener {
  return createListener({
    request(request: IncomingMessage, response: ServerResponse) {
      serveRest(rest, request, response).catch((error: unknown) => {
        const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
        rest.journal.violate({
          rule: 'twin-bug',
          message,
          code: 500,
          method: request.method ?? '',
          path: request.url ?? '',
        });
        response.destroy();
      });
    },
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer) {
      if (rest.isDown()) socket.end('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n');
      else gateway.upgrade(request, socket, head);
    },
  });
}

async function beginOutage(parts: Parts, kind: OutageKind): Promise<void> {
  parts.outage.kind = kind;
  parts.gateway.drop();
  if (kind === 'refused') await parts.listener.close();
  parts.world.bell.ring();
}

async function endOutage(parts: Parts): Promise<void> {
  parts.outage.kind = null;
  await parts.listener.open();
  parts.world.bell.ring();
}
