import { asList, asNumber, asObject, asText, type JsonObject } from '../json.ts';
import { checkCommandSet } from '../limits/commands.ts';
import { refuse } from '../refusals.ts';
import type { RegisteredCommand, World } from '../world/world.ts';
import { visibleGuild } from './access.ts';
import { bodyOf, noContent, ok, type RestAnswer, type RestCall, type Route } from './router.ts';

const CREATES_A_DAY = 200;
const DAY_MS = 86_400_000;

/** The commands of a guild or of everybody (`global`): list, replace all, and one by one. */
export function commandRoutes(world: World): Route[] {
  const creates = new Map<string, number[]>();
  const scopes: { prefix: string; scope: (params: readonly string[]) => string }[] = [
    { prefix: '/applications/:application/commands', scope: () => 'global' },
    {
      prefix: '/applications/:application/guilds/:guild/commands',
      scope: (params) => visibleGuild(world, params[1] ?? '').id,
    },
  ];
  return scopes.flatMap(({ prefix, scope }) => {
    const on = (
      method: string,
      pattern: string,
      act: (call: RestCall, shelf: Shelf, id: string) => RestAnswer,
    ): Route => ({
      method,
      pattern,
      auth: 'bot',
      handle(call, params) {
        if (params[0] !== world.applicationId) refuse('missingAccess');
        return act(call, { world, scope: scope(params), creates }, params.at(-1) ?? '');
      },
    });
    return [
      on('GET', prefix, (_call, shelf) => ok(listed(shelf))),
      on('PUT', prefix, (call, shelf) => replaceAll(shelf, asList(call.body).map(asObject))),
      on('POST', prefix, (call, shelf) => upsert(shelf, bodyOf(call))),
      on('GET', `${prefix}/:command`, (_call, shelf, id) => ok(commandById(shelf, id))),
      on('PATCH', `${prefix}/:command`, (call, shelf, id) => {
        const merged = { ...commandById(shelf, id), ...bodyOf(call) };
        return upsert(shelf, merged);
      }),
      on('DELETE', `${prefix}/:command`, (_call, shelf, id) => {
        const gone = commandById(shelf, id);
        store(
          shelf,
          listed(shelf).filter((command) => command !== gone),
        );
        return noContent;
      }),
    ];
  });
}

interface Shelf {
  world: World;
  scope: string;
  creates: Map<string, number[]>;
}

function listed({ world, scope }: Shelf): RegisteredCommand[] {
  return world.commands.get(scope) ?? [];
}

function store({ world, scope }: Shelf, commands: RegisteredCommand[]): void {
  world.commands.set(scope, commands);
  world.bell.ring();
}

function commandById(shelf: Shelf, id: string): RegisteredCommand {
  return listed(shelf).find((command) => command.id === id) ?? refuse('unknownCommand');
}

function replaceAll(shelf: Shelf, bodies: JsonObject[]): RestAnswer {
  checkCommandSet(bodies);
  const commands = bodies.map((body) => register(shelf, body));
  store(shelf, commands);
  return ok(commands);
}

function upsert(shelf: Shelf, body: JsonObject): RestAnswer {
  const command = keyOf(body);
  const others = listed(shelf).filter((known) => keyOf(known) !== command);
  checkCommandSet([...others, body]);
  const registered = register(shelf, body);
  const isNew = others.length === listed(shelf).length;
  store(shelf, [...others, registered]);
  return { status: isNew ? 201 : 200, body: registered };
}

function keyOf(body: JsonObject): string {
  return `${asNumber(body['type']) ?? 1}:${asText(body['name']) ?? ''}`;
}

/** A command keeps its id as long as its name stays; a new name counts against the day's limit. */
function register(shelf: Shelf, body: JsonObject): RegisteredCommand {
  const { world, scope } = shelf;
  const known = listed(shelf).find((command) => keyOf(command) === keyOf(body));
  if (known === undefined) countCreate(shelf);
  return {
    default_member_permissions: null,
    nsfw: false,
    contexts: null,
    integration_types: [0],
    options: [],
    ...body,
    description: asText(body['description']) ?? '',
    id: known?.id ?? world.newId(),
    version: world.newId(),
    application_id: world.applicationId,
    name: asText(body['name']) ?? '',
    type: asNumber(body['type']) ?? 1,
    ...(scope === 'global' ? {} : { guild_id: scope }),
  };
}

function countCreate({ world, scope, creates }: Shelf): void {
  const now = world.clock.now();
  const today = (creates.get(scope) ?? []).filter((at) => now - at < DAY_MS);
  if (today.length >= CREATES_A_DAY) refuse('commandCreateLimit');
  creates.set(scope, [...today, now]);
}
