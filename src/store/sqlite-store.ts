/** The Store port on SQLite: one writer connection, group commit, prepared statements only. */
import type { Clock, FrontEndMemory, Logger, Store } from '../core/ports.ts';
import type { RetentionStore } from '../core/retention.ts';
import type { RunStore } from '../core/run-ports.ts';
import { createAudience } from './audience.ts';
import { createAdminTable } from './admin-table.ts';
import { createApiKeyTable } from './api-key-table.ts';
import { createIdleCheckpoint } from './checkpoint.ts';
import { createCrewTable } from './crew-table.ts';
import { createCommitQueue, type CommitQueue } from './commit-queue.ts';
import { IN_MEMORY, openDatabase, prepareFolder, withoutLinks, type OpenDatabase } from './database.ts';
import { lockDatabase } from './database-lock.ts';
import { createDatabaseWatch } from './database-watch.ts';
import { createFacts } from './facts.ts';
import { createGroupCommit, type TransactionSignals } from './group-commit.ts';
import { createEventTable } from './event-table.ts';
import { createInstanceTable } from './instance-table.ts';
import { createKeyTable, KEPT_MS } from './key-table.ts';
import { createLaneTable } from './lane-table.ts';
import { createLeaseTable } from './lease-table.ts';
import { createMemoryTable } from './memory-table.ts';
import { createPersonTally } from './person-tally.ts';
import { createPersonUse } from './person-use.ts';
import { createQueueTable } from './queue-table.ts';
import { createRetirement } from './retirement.ts';
import { createRunStore } from './run-store.ts';
import { createRunTables } from './run-tables.ts';
import { createRunner } from './runner.ts';
import { createSaves, createSignals } from './saves.ts';
import { reading } from './reading.ts';
import { createTaskLists } from './task-lists.ts';
import { createTaskTable } from './task-table.ts';

export interface SqliteStoreOptions {
  /** A file, or `:memory:`. */
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long to wait for another server on the same file to go. */
  readonly lockWaitMs?: number;
}

/** Rows per housekeeping step: larger steps were seen to hold everybody up for tens of milliseconds. */
const PURGE_BATCH = 100;
const SILENT_INSTANCE_MS = 30 * 24 * 60 * 60_000;

/** Throws DatabaseRefused when the file is in use, foreign, newer, or cannot be opened. */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { clock, logger } = options;
  const path = withoutLinks(options.path);
  prepareFolder(path);
  const lock =
    path === IN_MEMORY ? null : await lockDatabase(path, { clock, waitMs: options.lockWaitMs ?? 15_000 });
  try {
    const database = await openDatabase(path, logger);
    return assemble(database, { ...options, path, release: () => lock?.release() });
  } catch (error) {
    lock?.release();
    throw error;
  }
}

function createTables(database: OpenDatabase) {
  const lanes = createLaneTable(database);
  const personUse = createPersonUse(database);
  const runTables = createRunTables(database);
  const instances = createInstanceTable(database, runTables.holds);
  return {
    lanes,
    crew: createCrewTable(database, { instances, holds: runTables.holds }),
    personUse,
    tasks: createTaskTable(database, lanes, personUse),
    lists: createTaskLists(database),
    events: createEventTable(database),
    admin: createAdminTable(database),
    leases: createLeaseTable(database),
    instances,
    queue: createQueueTable(database),
    personTally: createPersonTally(database),
    keys: createKeyTable(database),
    apiKeys: createApiKeyTable(database),
    memory: createMemoryTable(database),
    runTables,
  };
}

type Tables = ReturnType<typeof createTables>;

function assemble(database: OpenDatabase, made: SqliteStoreOptions & { release: () => void }): Store {
  const { client } = database;
  const { clock, path, logger, release } = made;
  const tables = createTables(database);
  tables.tasks.offerLimited();
  const isStillThere = createDatabaseWatch(path);
  const { onCommit, tell } = createAudience(logger);
  const checkpoint = createIdleCheckpoint({ client, clock, path, logger });
  const signals = createSignals((commit) => {
    checkpoint.written();
    tell(commit);
  });
  const group = createGroupCommit(client, together(tables.crew, signals));
  const queue = createCommitQueue(group, clock);
  const facts = createFacts(tables, clock);
  const save = createSaves(tables, signals);
  const { run, runShown, runOnce } = createRunner({ client, tables, clock, save, facts });

  return {
    decide: (work) => queue.enqueue(() => run(work)),
    decideShown: (work, shown) => queue.enqueue(() => runShown(work, shown)),
    decideOnce: (work, once) => queue.enqueue(() => runOnce(work, once)),
    look: (over) => reading(() => over(facts())),
    onCommit,
    ...createReaders(tables, clock),
    ...createRunStore(tables, queue, onCommit),
    shiftLeases: (byMs, graceMs) =>
      queue.enqueue(() => {
        tables.tasks.shiftLeases({ byMs, grace: graceMs, now: clock.now().getTime() });
        signals.timesChanged();
      }),
    purge: () => queue.enqueue(() => purge(tables, clock.now().getTime())),
    ...createRetentionStore(createRetirement(database, tables), queue, clock),
    ping: () =>
      reading(() => {
        isStillThere();
        tables.queue.state();
      }),
    memory: (frontEnd) => createMemory(frontEnd, tables, (run) => queue.enqueue(run)),
    async close() {
      await queue.drain();
      checkpoint.stop();
      client.close();
      release();
    },
  };
}

/** All of them hear of each transaction, in this order. */
function together(...all: readonly TransactionSignals[]): TransactionSignals {
  return {
    begin() {
      for (const one of all) one.begin();
    },
    committed() {
      for (const one of all) one.committed();
    },
  };
}

/** Whether there may be more. */
function purge({ keys, instances, runTables }: Tables, now: number): boolean {
  const silent = new Date(now - SILENT_INSTANCE_MS);
  const dropped = [
    keys.purge(new Date(now - KEPT_MS), PURGE_BATCH),
    instances.forgetSilent(silent, PURGE_BATCH),
    runTables.holds.forgetOver(silent, PURGE_BATCH),
  ];
  return dropped.includes(PURGE_BATCH);
}

type Readers = Omit<
  Store,
  | 'decide'
  | 'decideShown'
  | 'decideOnce'
  | 'look'
  | 'onCommit'
  | 'shiftLeases'
  | 'purge'
  | keyof RetentionStore
  | keyof RunStore
  | 'memory'
  | 'ping'
  | 'close'
>;

function createReaders(tables: Tables, clock: Clock): Readers {
  const { tasks, lanes, lists, events, admin, apiKeys, instances, queue } = tables;
  return {
    task: (id) => reading(() => tasks.byId(id)),
    tasks: (query) => reading(() => lists.page(query)),
    searchOpenTasks: (text, limit, createdBy) => reading(() => lists.searchOpen(text, limit, createdBy)),
    recentlyFinished: (limit) => reading(() => lists.recentlyFinished(limit)),
    nextReady: (claimant, limits) => reading(() => tasks.nextReady({ claimant, limits, isLook: true }).task),
    readyLanes: () => reading(() => lanes.all()),
    tasksAhead: (task, upTo) => reading(() => lists.ahead(task, upTo)),
    events: (taskId) => reading(() => events.ofTask(taskId)),
    eventsAfter: (position, limit) => reading(() => events.after(position, limit)),
    newestPosition: () => reading(() => events.newestPosition()),
    clampPosition: (position) => reading(() => events.clampPosition(position)),
    eventsBehind: (position, upTo) => reading(() => events.behind(position, upTo)),
    adminEvents: (query) => reading(() => admin.page(query)),
    keys: () => reading(() => apiKeys.all()),
    instances: () => reading(() => instances.list(clock.now())),
    nextTimes: () =>
      reading(() => ({ leaseExpiry: asDate(tasks.nextLeaseExpiry()), due: asDate(tasks.nextDue()) })),
    counts: () =>
      reading(() => ({
        counts: queue.counts(),
        oldestPendingAt: asDate(lists.oldestPendingAt()),
        queue: queue.state(),
        instances: instances.counts(clock.now()),
      })),
  };
}

function createRetentionStore(
  retirement: ReturnType<typeof createRetirement>,
  queue: CommitQueue,
  clock: Clock,
): RetentionStore {
  return {
    retirable: (which) => reading(() => retirement.retirable(which)),
    async retire(trails) {
      let heldMs = 0;
      // What everybody else waits for is the longest step, commit included.
      async function step<T>(run: () => T): Promise<T> {
        let begunMs = 0;
        const result = await queue.enqueue(() => {
          begunMs = clock.monotonicMs();
          return run();
        });
        heldMs = Math.max(heldMs, clock.monotonicMs() - begunMs);
        return result;
      }
      for (;;) {
        const cleared = await step(() => retirement.clear(trails));
        if (cleared === 'changed') return { done: false, heldMs };
        if (cleared === 'cleared') break;
      }
      return { done: await step(() => retirement.retire(trails)), heldMs };
    },
  };
}

function createMemory(
  frontEnd: string,
  { memory }: Tables,
  write: (run: () => void) => Promise<void>,
): FrontEndMemory {
  return {
    link: (taskId, kind) => reading(() => memory.link(frontEnd, taskId, kind)),
    value: (name) => reading(() => memory.value(frontEnd, name)),
    save: (remembered) =>
      write(() => {
        memory.save(frontEnd, remembered);
      }),
  };
}

const asDate = (ms: number | null) => (ms === null ? null : new Date(ms));
