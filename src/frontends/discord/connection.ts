/**
 * The line to Discord: logging in, staying in, and knowing when it is over. A refused token or intent is one
 * clear log line and the end; anything else is tried again with growing pauses. discord.js keeps the gateway
 * alive once it stands; here is what comes before and after.
 */
import { DiscordjsErrorCodes, Events, GatewayCloseCodes, Status, type Client } from 'discord.js';
import { TransientError } from '../../core/errors.ts';
import { DeliveryBlocked, type Clock, type FrontEndState, type Logger } from '../../core/ports.ts';
import { createApi, type Api } from './api.ts';
import { createClient } from './client.ts';
import type { DiscordConfig } from './config.ts';
import { reasonOf } from './failures.ts';

/** The line once it stands. */
export interface Live {
  readonly client: Client<true>;
  readonly api: Api;
}

export interface Connection {
  start(): void;
  /** Whatever becomes of the line from here on is no news; it is cut once the farewell is over. */
  stop(farewell: () => Promise<void>): Promise<void>;
  state(): FrontEndState;
  ready(): Promise<void>;
  /** Throws TransientError before the first login, DeliveryBlocked once Discord has refused us for good. */
  live(): Live;
}

export interface ConnectionDeps {
  readonly config: DiscordConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Puts the listeners on a new client, before it logs in. `current` is null while the line does not stand. */
  attach(client: Client, current: () => Live | null): void;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
const GOODBYE_MS = 2_000;

const FATAL_CLOSES: Readonly<Record<number, string>> = {
  [GatewayCloseCodes.AuthenticationFailed]: 'Discord refused the token: check DISCORD_TOKEN.',
  [GatewayCloseCodes.InvalidIntents]: 'Discord does not know the intents we asked for.',
  [GatewayCloseCodes.DisallowedIntents]:
    'Discord refused the intents we asked for. THREAD_REPLIES=on needs one that has to be switched on: Message Content Intent in the developer portal (page Bot); or set THREAD_REPLIES=off.',
  [GatewayCloseCodes.InvalidShard]: 'Discord refused the shard.',
  [GatewayCloseCodes.ShardingRequired]: 'This bot is in too many servers for one connection.',
  [GatewayCloseCodes.InvalidAPIVersion]: 'Discord no longer speaks this version of its gateway.',
};

const REFUSED_TOKEN = 'Discord refused the token: check DISCORD_TOKEN.';

export function createConnection(deps: ConnectionDeps): Connection {
  const { config, clock, logger } = deps;
  const at: { live: Live | null; client: Client | null } = { live: null, client: null };
  const pauses = createPauses(clock);
  const verdict = createVerdict((reason) => {
    logger.error({ reason }, 'discord failed: no further attempts; the REST API goes on');
    void close(at.client);
  });

  function live(): Live {
    const failure = verdict.failure();
    if (failure !== null) throw new DeliveryBlocked(failure);
    if (at.live === null) throw new TransientError('Discord is not connected yet.', { retryAfterMs: 1_000 });
    return at.live;
  }

  async function connect(): Promise<void> {
    const client = createClient(config);
    at.client = client;
    client.on(Events.ClientReady, (ready) => {
      at.live = enter(ready, verdict);
    });
    watch(client, logger, verdict);
    deps.attach(client, () => (verdict.isOver() ? null : at.live));
    try {
      await client.login(config.token);
    } catch (error) {
      if (isRefusedToken(error)) verdict.fail(REFUSED_TOKEN);
      if (verdict.isOver()) return;
      const retry_in_ms = pauses.next(() => void connect());
      logger.warn({ reason: reasonOf(error), retry_in_ms }, 'discord connection failed');
    }
  }

  return {
    start() {
      // Anything else could not even be sent in a header.
      if (/^[\x21-\x7e]+$/.test(config.token)) void connect();
      else verdict.fail('DISCORD_TOKEN holds characters that no token has.');
    },
    async stop(farewell) {
      pauses.cancel();
      verdict.close();
      await farewell();
      at.live?.api.abort();
      await sayGoodbye(at.client, clock);
    },
    state: () => (verdict.failure() === null ? stateOf(at.live) : 'failed'),
    ready: () => verdict.first,
    live,
  };
}

function enter(client: Client<true>, verdict: Verdict): Live {
  verdict.pass();
  const onUnauthorized = () => {
    verdict.fail(REFUSED_TOKEN);
  };
  return { client, api: createApi({ rest: client.rest, onUnauthorized }) };
}

type Verdict = ReturnType<typeof createVerdict>;

/** Whether Discord has let us in, or never will. The first word on it is the last, and is said once. */
function createVerdict(onFailure: (reason: string) => void) {
  const { promise, resolve, reject } = deferred();
  // Nobody has to wait for it.
  promise.catch(() => undefined);
  let failure: string | null = null;
  let isClosed = false;
  return {
    first: promise,
    failure: () => failure,
    isOver: () => failure !== null || isClosed,
    pass: resolve,
    fail: (reason: string) => {
      if (failure !== null || isClosed) return;
      failure = reason;
      onFailure(reason);
      reject(new Error(reason));
    },
    close() {
      isClosed = true;
      reject(new Error('Discord was stopped before it was ready.'));
    },
  };
}

/** What the gateway tells of itself. Only a close that Discord means for good ends the matter. */
function watch(client: Client, logger: Logger, verdict: Verdict): void {
  client.on(Events.ShardDisconnect, ({ code }) => {
    verdict.fail(FATAL_CLOSES[code] ?? `Discord closed the connection for good (code ${code}).`);
  });
  client.on(Events.ShardError, (error) => {
    logger.debug({ reason: reasonOf(error) }, 'discord gateway error');
  });
  client.on(Events.Error, (error) => {
    logger.error({ stack: error.stack }, 'discord client error');
  });
  client.on(Events.ShardReconnecting, () => {
    // While we are leaving, a lost line is no news; our own goodbye loses it as well.
    if (!verdict.isOver()) logger.info({}, 'discord connection lost, reconnecting');
  });
  client.on(Events.ShardResume, () => {
    logger.info({}, 'discord connection resumed');
  });
}

/** Growing pauses between attempts to get in. */
function createPauses(clock: Clock) {
  let pauseMs = FIRST_PAUSE_MS;
  let cancel: () => void = () => undefined;
  return {
    next(run: () => void): number {
      const waitMs = pauseMs;
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      cancel = clock.after(waitMs, run);
      return waitMs;
    },
    cancel: () => {
      cancel();
    },
  };
}

function stateOf(live: Live | null): FrontEndState {
  if (live?.client.isReady() !== true) return 'connecting';
  const isUp = live.client.ws.shards.every((shard) => shard.status === Status.Ready);
  return isUp ? 'connected' : 'connecting';
}

async function close(client: Client | null): Promise<void> {
  await client?.destroy().catch(() => undefined);
}

/** A gateway that does not answer the goodbye must not hold up the end of the process. */
async function sayGoodbye(client: Client | null, clock: Clock): Promise<void> {
  let cancel: () => void = () => undefined;
  const patience = new Promise<void>((resolve) => {
    cancel = clock.after(GOODBYE_MS, resolve);
  });
  await Promise.race([close(client), patience]);
  cancel();
}

function deferred() {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

function isRefusedToken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === DiscordjsErrorCodes.TokenInvalid;
}
