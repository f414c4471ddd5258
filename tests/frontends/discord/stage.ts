/**
 * The real front end on the real discord.js, the real SQLite store, and the twin in Discord's place. All three
 * live by one clock that stands still until a test moves it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createTaskService, type TaskService } from '../../../src/core/task-service.ts';
import { createRunService, type RunService } from '../../../src/core/run-service.ts';
import type { Logger, Store } from '../../../src/core/ports.ts';
import {
  createDiscordFrontEnd,
  type DiscordConfig,
  type DiscordFrontEnd,
} from '../../../src/frontends/discord/index.ts';
import type { RunFiles } from '../../../src/core/run-files.ts';
import { createRunFiles } from '../../../src/store/run-files.ts';
import { createSqliteStore } from '../../../src/store/sqlite-store.ts';
import { manualClock, type ManualClock } from '../../support/clock.ts';
import {
  createDiscordTwin,
  type DiscordTwin,
  type DiscordTwinOptions,
  type TwinMessage,
} from '../../support/discord-twin/index.ts';
import { createLittleRelay, type LittleRelay } from '../../support/fakes/little-relay.ts';
import { recordingLogger, type LogLine } from '../../support/logger.ts';

export interface Stage {
  readonly twin: DiscordTwin;
  readonly clock: ManualClock;
  readonly store: Store;
  readonly tasks: TaskService;
  readonly runs: RunService;
  readonly files: RunFiles;
  readonly frontEnd: DiscordFrontEnd;
  readonly relay: LittleRelay;
  readonly log: readonly LogLine[];
  readonly config: DiscordConfig;
  /** Log lines with this message. */
  logged(message: string): LogLine[];
  /** What stands in the notification channel, as its readers see it. */
  texts(): string[];
  /** The one message whose text contains this. */
  messageWith(text: string): TwinMessage;
  /** Another process on the same database and the same Discord. */
  restart(): Promise<Stage>;
  /** Ends this process as a kill would: nothing is said, nothing is saved. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export interface StageOptions {
  readonly config?: Partial<DiscordConfig>;
  readonly twin?: DiscordTwinOptions;
  /** Changes the store as the front end sees it. */
  readonly wrapStore?: (store: Store) => Store;
  readonly beforeStart?: (twin: DiscordTwin) => void;
  /** Default true. */
  readonly waitUntilReady?: boolean;
}

export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const clock = manualClock();
  const twin = createDiscordTwin({ now: () => clock.now().getTime(), ...options.twin });
  await twin.start();
  options.beforeStart?.(twin);
  const logger = ringing(recordingLogger(), twin);
  const store = await createSqliteStore({ path: ':memory:', clock, logger });
  const folder = mkdtempSync(join(tmpdir(), 'athena-stage-'));
  return enter({ clock, twin, logger, store, folder: join(folder, 'tasks.db') }, options);
}

interface Base {
  readonly clock: ManualClock;
  readonly twin: DiscordTwin;
  readonly logger: Logger & { readonly lines: LogLine[] };
  readonly store: Store;
  /** Where its files are: beside a database that is in memory. */
  readonly folder: string;
}

async function enter(base: Base, options: StageOptions): Promise<Stage> {
  const { clock, twin, logger } = base;
  const store = options.wrapStore?.(base.store) ?? base.store;
  let lease = 0;
  const ids = { leaseId: () => `lease-${(lease += 1)}` };
  const policy = { leaseMs: 7_200_000, maxAttempts: 3 };
  const tasks = createTaskService({ clock, ids, policy });
  const runs = createRunService({ clock });
  const shelf = createRunFiles({ path: base.folder, largestTranscriptBytes: 1024 });
  const config: DiscordConfig = {
    token: twin.token,
    apiUrl: twin.url,
    allowedChannels: ['claude-tasks'],
    notificationChannel: 'claude-tasks',
    taskForum: null,
    allowedRoles: [],
    submitRoles: [],
    manageRoles: [],
    owners: [],
    limits: { openPerPerson: null, submissionsPerHour: null },
    dailyCostUsd: null,
    threadReplies: false,
    guildId: null,
    timeZone: 'UTC',
    ...options.config,
  };
  const about = { version: '1.2.3', startedAt: clock.now() };
  const frontEnd = createDiscordFrontEnd({ config, store, tasks, runs, shelf, clock, logger, about });
  const relay = createLittleRelay({ store: base.store, frontEnd, clock });
  await frontEnd.start();
  if (options.waitUntilReady !== false) {
    await frontEnd.ready();
    await twin.waitFor(() => logger.lines.some(({ message }) => message === 'commands registered'), {
      what: 'commands registered',
    });
  }
  const stop = async () => {
    const stopping = frontEnd.stop();
    await passTimeUntil(stopping, clock);
    await stopping;
    await twin.waitFor(() => twin.gateway.connected === 0);
  };
  return {
    twin,
    clock,
    store: base.store,
    tasks,
    runs,
    files: shelf,
    frontEnd,
    relay,
    config,
    log: logger.lines,
    logged: (message) => logger.lines.filter((line) => line.message === message),
    texts: () => twin.channel(config.notificationChannel).messages.map(({ text }) => text),
    messageWith: (text) => only(twin, text),
    stop,
    async restart() {
      await stop();
      logger.lines.length = 0;
      return enter(base, options);
    },
    async close() {
      await stop();
      await base.store.close();
      rmSync(dirname(base.folder), { recursive: true, force: true });
      await twin.stop();
    },
  };
}

/** Whoever waits for something looks again after each log line. */
function ringing(logger: ReturnType<typeof recordingLogger>, twin: DiscordTwin) {
  const ring =
    (log: Logger['info']): Logger['info'] =>
    (details, message) => {
      log(details, message);
      twin.advance(0);
    };
  return {
    lines: logger.lines,
    debug: ring((details, message) => {
      logger.debug(details, message);
    }),
    info: ring((details, message) => {
      logger.info(details, message);
    }),
    warn: ring((details, message) => {
      logger.warn(details, message);
    }),
    error: ring((details, message) => {
      logger.error(details, message);
    }),
  };
}

function only(twin: DiscordTwin, text: string): TwinMessage {
  const channels = twin.requests.flatMap(({ path }) => /\/channels\/(\d+)/.exec(path)?.[1] ?? []);
  const ids = new Set([twin.channel('claude-tasks').id, ...channels]);
  const found = [...ids]
    .flatMap((id) => {
      try {
        return twin.channel(id).messages;
      } catch {
        return [];
      }
    })
    .filter((message) => message.text.includes(text));
  const [message, ...others] = found;
  if (message === undefined || others.length > 0) {
    throw new Error(
      `${found.length} messages contain "${text}":\n${found.map((one) => one.text).join('\n--\n')}`,
    );
  }
  return message;
}

/** Only a stop that waits for something needs time to pass, so it passes late. */
async function passTimeUntil(done: Promise<unknown>, clock: ManualClock): Promise<void> {
  const state = { isDone: false };
  void done.finally(() => {
    state.isDone = true;
  });
  for (let turns = 0; !state.isDone && turns < 100_000; turns += 1) {
    if (turns > 1_000) clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Looks again each turn of the event loop until it is so, for ten real seconds at most. */
export async function eventually(isSo: () => Promise<boolean> | boolean): Promise<void> {
  const giveUpAt = performance.now() + 10_000;
  while (!(await isSo())) {
    if (performance.now() > giveUpAt) throw new Error(`Waited too long for ${String(isSo)}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Titles and contents alone, for comparing an order of messages at a glance. */
export function headlines(messages: readonly TwinMessage[]): string[] {
  return messages.map(({ content, embeds }) => embeds[0]?.title ?? content);
}
