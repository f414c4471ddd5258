/**
 * Tells Discord which commands there are: one PUT, and only when that changed since the last one. Discord allows
 * few registrations a day, and people see commands flicker with each.
 */
import { createHash } from 'node:crypto';
import { Routes, type Client } from 'discord.js';
import { TransientError } from '../../core/errors.ts';
import type { Clock, FrontEndMemory, Logger } from '../../core/ports.ts';
import { definitions } from './commands/index.ts';
import type { DiscordConfig } from './config.ts';
import type { Live } from './connection.ts';
import { countedGuilds, inviteLink } from './places.ts';

/** One server, or all of them. */
interface Scope {
  readonly name: string;
  readonly guildId: string | null;
  /** Changes when the bot was thrown out and invited again, which loses its commands. */
  readonly since: number;
}

export interface RegisterDeps {
  readonly config: DiscordConfig;
  readonly memory: FrontEndMemory;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Register {
  /** Never rejects; what may pass is tried again by itself. */
  run(live: Live): Promise<void>;
  stop(): void;
}

const LONGEST_PAUSE_MS = 10 * 60_000;

export function createRegister({ config, memory, clock, logger }: RegisterDeps): Register {
  let cancel: () => void = () => undefined;

  async function attempt(live: Live): Promise<void> {
    const { client, api } = live;
    const scope = scopeOf(client, config);
    if (scope === null) {
      const invite = inviteLink(client.application.id, config.guildId);
      logger.warn({ invite }, 'the bot is in no server that counts: invite it');
      return;
    }
    const body = definitions();
    const key = `commands:${client.application.id}:${scope.name}`;
    const hash = `${hashOf(body)}@${scope.since}`;
    const facts = { count: body.length, scope: scope.name };
    if ((await memory.value(key)) === hash) {
      logger.info({ ...facts, changed: false }, 'commands registered');
      return;
    }
    const answer = await api.ask({ method: 'PUT', route: routeOf(client, scope), body });
    if (!answer.ok) {
      const invite = inviteLink(client.application.id, config.guildId);
      logger.error({ ...facts, reason: answer.message, invite }, 'commands could not be registered');
      return;
    }
    await memory.save({ values: { [key]: hash } });
    logger.info({ ...facts, changed: true }, 'commands registered');
  }

  async function run(live: Live, pauseMs: number): Promise<void> {
    try {
      await attempt(live);
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      const waitMs = Math.max(pauseMs, error instanceof TransientError ? error.retryAfterMs : 0);
      logger.warn({ reason, retry_in_ms: waitMs }, 'commands could not be registered yet');
      cancel = clock.after(waitMs, () => void run(live, Math.min(pauseMs * 2, LONGEST_PAUSE_MS)));
    }
  }

  return {
    run(live) {
      cancel();
      return run(live, 2_000);
    },
    stop: () => {
      cancel();
    },
  };
}

/** Null while the bot is in no server that counts. */
function scopeOf(client: Client<true>, config: DiscordConfig): Scope | null {
  const [first, ...others] = countedGuilds(client, config);
  if (first === undefined) return null;
  if (others.length > 0) return { name: 'global', guildId: null, since: 0 };
  return { name: first.id, guildId: first.id, since: first.joinedTimestamp };
}

function routeOf({ application }: Client<true>, { guildId }: Scope) {
  return guildId === null
    ? Routes.applicationCommands(application.id)
    : Routes.applicationGuildCommands(application.id, guildId);
}

function hashOf(body: unknown): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}
