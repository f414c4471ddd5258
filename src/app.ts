/**
 * The composition root: the one file that knows every part. It builds them in the order they need one
 * another, starts them, and stops them in the order that loses nothing: no new claims, running requests
 * to their end, loops, front ends, and the database last.
 */
import { fileURLToPath } from 'node:url';
import { findApiKey } from './api-key.ts';
import { createBackupSchedule, type BackupSchedule } from './background/backup-schedule.ts';
import { createHousekeeper } from './background/housekeeper.ts';
import { createLeaseSweeper } from './background/lease-sweeper.ts';
import { createNotificationRelay, type NotificationRelay } from './background/notification-relay.ts';
import { createRetention, type Retention } from './background/retention.ts';
import { createRunKeeper } from './background/run-keeper.ts';
import { createThreadRelay, type ThreadRelay } from './background/thread-relay.ts';
import type { Config } from './config.ts';
import { createInstanceService } from './core/instance-service.ts';
import { createKeyService } from './core/key-service.ts';
import { createNewsRoom } from './core/news-room.ts';
import type { Clock, FrontEnd, IdSource, Store } from './core/ports.ts';
import { createRunService } from './core/run-service.ts';
import { createSweepService } from './core/sweep-service.ts';
import { createTaskService } from './core/task-service.ts';
import { createWaitingClaims } from './core/waiting-claims.ts';
import type { DiscordDeps } from './frontends/discord/index.ts';
import { LARGEST_TRANSCRIPT_BYTES } from './contract/endpoints.ts';
import { warnOfExposure } from './exposure.ts';
import { createHttpApp } from './http/app.ts';
import type { FrontEndHealth } from './http/deps.ts';
import { createKeyring, type Keyring } from './http/keyring.ts';
import { listen } from './http/server.ts';
import { toArchivedTask } from './http/archived.ts';
import type { RedactingLogger } from './log.ts';
import { createArchiveFolder } from './store/archive-folder.ts';
import { createBackupShelf } from './store/backup-process.ts';
import { createRunFiles } from './store/run-files.ts';
import { createSqliteStore } from './store/sqlite-store.ts';
import { VERSION } from './version.ts';

const CLIENT_FILE = fileURLToPath(new URL('../cli/dist/claude-task-client.mjs', import.meta.url));

/**
 * The whole stop stays under ten seconds. A write that waits for a locked database gives up after five, so
 * running requests get a little more; whatever hangs after that is left behind, for nobody waits for it.
 */
const STOP_MS = 9000;
const DRAIN_MS = 5500;
const FAREWELL_MS = 3000;

export interface AppDeps {
  readonly config: Config;
  readonly logger: RedactingLogger;
  readonly clock: Clock;
  readonly ids: IdSource;
}

export interface App {
  readonly port: number;
  stop(): Promise<void>;
}

/** Throws DatabaseRefused, ApiKeyError, or the system's own error when the address is taken. */
export async function startApp(deps: AppDeps): Promise<App> {
  const { config, logger, clock } = deps;
  if (config.apiKey !== null) logger.hide(config.apiKey);
  if (config.discord !== null) logger.hide(config.discord.token);
  const store = await createSqliteStore({ path: config.databasePath, clock, logger });
  try {
    return await startParts(deps, store);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function startParts(deps: AppDeps, store: Store): Promise<App> {
  const { config, logger, clock, ids } = deps;
  const access = await openAccess(deps, store);
  const { keeper, ...running } = createRunParts(deps, store);
  const tasks = createTaskService({ clock, ids, policy: config.queue, ...running.files });
  const waitingClaims = createWaitingClaims({ store, clock });
  const sweeper = createLeaseSweeper({ store, sweeps: createSweepService({ clock }), clock, logger });
  const housekeeper = createHousekeeper({ store, clock, logger });
  const backups = createBackups(deps);
  const frontEnd = await createFrontEnd(deps, { store, tasks, runs: running.runs, shelf: running.files });
  const retention = createRetentionOf(deps, { store, keyring: access.keyring, frontEnd });
  const http = createHttpApp({
    store,
    tasks,
    instances: createInstanceService({ clock }),
    ...running,
    waitingClaims,
    clock,
    logger,
    ...access,
    version: VERSION,
    clientFile: CLIENT_FILE,
    frontEndHealth: () => readFrontEndHealth(frontEnd),
    backupHealth: () => backups?.health() ?? null,
  });

  await sweeper.start();
  // Where a front end begins is settled before anything can happen that it would have to tell.
  frontEnd?.relay.start();
  frontEnd?.threads.start();
  warnOfExposure(config.http, logger);
  const server = await listen(http, { ...config.http, logger });
  housekeeper.start();
  keeper.start();
  retention?.start();
  backups?.start();
  logger.announce({ host: config.http.host, port: server.port, version: VERSION }, 'listening');
  await frontEnd?.discord.start();

  return {
    port: server.port,
    async stop() {
      const deadlineMs = clock.monotonicMs() + STOP_MS;
      waitingClaims.stop();
      running.room.close();
      housekeeper.stop();
      const retired = within(FAREWELL_MS, clock, Promise.all([retention?.stop(), keeper.stop()]));
      await Promise.all([server.stop(DRAIN_MS), sweeper.stop(), backups?.stop(), retired]);
      if (frontEnd !== null) await within(FAREWELL_MS, clock, stopFrontEnd(frontEnd));
      await within(deadlineMs - clock.monotonicMs(), clock, store.close());
    },
  };
}

/** What runs need beside the queue: their use cases, their files, whoever waits for news, and what time brings. */
function createRunParts({ config, clock, logger }: AppDeps, store: Store) {
  const runs = createRunService({ clock });
  const files = createRunFiles({
    path: config.databasePath,
    largestTranscriptBytes: LARGEST_TRANSCRIPT_BYTES,
  });
  const room = createNewsRoom({ store, clock });
  const keeper = createRunKeeper({ store, runs, files, keep: config.runs, clock, logger });
  return { runs, files, room, keeper, timeZone: config.queue.limits.timeZone };
}

function createBackups({ config, clock, logger }: AppDeps): BackupSchedule | null {
  if (config.backup === null) return null;
  const { folder, keep, everyMs } = config.backup;
  const shelf = createBackupShelf({ path: config.databasePath, folder, keep });
  return createBackupSchedule({ shelf, everyMs, clock, logger, random: Math.random });
}

/** Who may come in, and by which key. */
async function openAccess({ config, logger, clock }: AppDeps, store: Store) {
  const apiKey = findApiKey({ configured: config.apiKey, databasePath: config.databasePath, logger });
  logger.hide(apiKey);
  const keys = createKeyService({ clock });
  const keyring = await createKeyring({ store, keys, clock, logger });
  return { apiKey, keys, keyring, trustedProxies: config.http.trustedProxies };
}

interface RunningFrontEnd {
  readonly discord: FrontEnd;
  readonly relay: NotificationRelay;
  readonly threads: ThreadRelay;
}

function stopFrontEnd({ relay, threads, discord }: RunningFrontEnd): Promise<unknown> {
  return Promise.all([relay.stop(), threads.stop(), discord.stop()]);
}

/** Discord's library is large, so it is only loaded when there is a token. */
async function createFrontEnd(
  deps: AppDeps,
  parts: Pick<DiscordDeps, 'store' | 'tasks' | 'runs' | 'shelf'>,
): Promise<RunningFrontEnd | null> {
  const { config, logger, clock } = deps;
  if (config.discord === null) {
    logger.info({}, 'Discord is off: DISCORD_TOKEN is not set; the REST API works all the same');
    return null;
  }
  const { createDiscordFrontEnd } = await import('./frontends/discord/index.ts');
  const about = { version: VERSION, startedAt: clock.now() };
  const discord = createDiscordFrontEnd({ config: config.discord, ...parts, clock, logger, about });
  const { store, runs } = parts;
  const relay = createNotificationRelay({ store, frontEnd: discord, clock, logger });
  const isAnnounced = async () => (await relay.status()).undelivered === 0;
  const threads = createThreadRelay({ store, runs, threads: discord.threads, isAnnounced, clock, logger });
  return { discord, relay, threads };
}

/** Null when finished tasks are kept for ever. */
function createRetentionOf(
  { config, logger, clock }: AppDeps,
  parts: { store: Store; keyring: Keyring; frontEnd: RunningFrontEnd | null },
): Retention | null {
  if (config.retention === null) return null;
  const { store, keyring, frontEnd } = parts;
  const { keepMs, archiveFolder } = config.retention;
  const archive =
    archiveFolder === null
      ? null
      : createArchiveFolder({
          folder: archiveFolder,
          toEntry: (trail) => toArchivedTask(trail, keyring),
          isKept: async ({ id, created_at }) =>
            (await store.task(id))?.createdAt.toISOString() === created_at,
          logger,
        });
  const delivered = frontEnd === null ? null : () => frontEnd.relay.delivered();
  return createRetention({ store, archive, keepMs, delivered, clock, logger });
}

async function readFrontEndHealth(frontEnd: RunningFrontEnd | null): Promise<FrontEndHealth> {
  if (frontEnd === null) {
    return { discord: 'disabled', delivery: { undelivered: 0, oldestSeconds: null, blocked: null } };
  }
  return { discord: frontEnd.discord.state(), delivery: await frontEnd.relay.status() };
}

/** What never comes back must not keep the process from its end. */
async function within(ms: number, clock: Clock, work: Promise<unknown>): Promise<void> {
  let cancel: () => void = () => undefined;
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  await Promise.race([work, late]);
  cancel();
}
