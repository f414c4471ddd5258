/**
 * Tells Discord which commands there are: one PUT, and only when that changed since the last one. Discord allows
 * few registrations a day, and people see commands flicker with each.
 */
import { createHash } from 'node:crypto';
import { Routes, type Client } from 'discord.js';
import type { FrontEndMemory, Logger } from '../../core/ports.ts';
import { definitions } from './commands/index.ts';
import type { DiscordConfig } from './config.ts';
import type { Live } from './connection.ts';
import { countedGuilds, inviteLink } from './places.ts';

export interface RegistrationDeps {
  readonly config: DiscordConfig;
  readonly memory: FrontEndMemory;
  readonly logger: Logger;
}

/** One server, or all of them. */
interface Scope {
  readonly name: string;
  readonly guildId: string | null;
  /** Changes when the bot was thrown out and invited again, which loses its commands. */
  readonly since: number;
}

const GLOBAL = 'global';

/** Throws TransientError for what may pass; a "no" of Discord's is logged and final. */
export async function registerCommands(live: Live, deps: RegistrationDeps): Promise<void> {
  const { config, memory, logger } = deps;
  const { client, api } = live;
  const scope = scopeOf(client, config);
  const invite = inviteLink(client.application.id, config.guildId);
  if (scope === null) {
    logger.warn({ invite }, 'the bot is in no server that counts: invite it');
    return;
  }
  const body = definitions();
  const key = hashKey(client, scope.name);
  const hash = `${hashOf(body)}@${scope.since}`;
  const facts = { count: body.length, scope: scope.name };
  const changed = (await memory.value(key)) !== hash;
  if (changed) {
    const answer = await api.ask({ method: 'PUT', route: routeOf(client, scope.guildId), body });
    if (!answer.ok) {
      logger.error({ ...facts, reason: answer.message, invite }, 'commands could not be registered');
      return;
    }
    await memory.save({ values: { [key]: hash } });
  }
  logger.info({ ...facts, changed }, 'commands registered');
  // Also when nothing changed: the last clearing may not have come to its end.
  await clearOtherScopes(live, scope, memory);
}

/** Commands registered for one server and for all would be offered twice. */
async function clearOtherScopes({ client, api }: Live, scope: Scope, memory: FrontEndMemory): Promise<void> {
  const name = `command_scopes:${client.application.id}`;
  const saved = await memory.value(name);
  if (saved === scope.name) return;
  const known = saved?.split(',') ?? [];
  for (const other of known.filter((one) => one !== scope.name)) {
    const route = routeOf(client, other === GLOBAL ? null : other);
    // A server that the bot has left says no, and has no commands of ours any more.
    await api.ask({ method: 'PUT', route, body: [] });
    await memory.save({ values: { [hashKey(client, other)]: null } });
  }
  await memory.save({ values: { [name]: scope.name } });
}

/** The configured server, else all of them. Null while the bot is in no server that counts. */
function scopeOf(client: Client<true>, config: DiscordConfig): Scope | null {
  // While a server is out, nothing is known of it; it is come back to when it is there again.
  const guild = countedGuilds(client, config).find(({ available }) => available);
  if (guild === undefined) return null;
  // What is registered for all stays there when the bot is thrown out of a server and invited again.
  if (config.guildId === null) return { name: GLOBAL, guildId: null, since: 0 };
  return { name: guild.id, guildId: guild.id, since: guild.joinedTimestamp };
}

function routeOf({ application }: Client<true>, guildId: string | null) {
  return guildId === null
    ? Routes.applicationCommands(application.id)
    : Routes.applicationGuildCommands(application.id, guildId);
}

function hashKey({ application }: Client<true>, scope: string): string {
  return `commands:${application.id}:${scope}`;
}

function hashOf(body: unknown): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}
