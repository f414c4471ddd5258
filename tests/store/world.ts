/** A store with the use cases on top of it, on time that stands still, and its insides within reach. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { onTestFinished, vi } from 'vitest';
import { createInstanceService } from '../../src/core/instance-service.ts';
import type { Store } from '../../src/core/ports.ts';
import type { RunLimits } from '../../src/core/run-limits.ts';
import { createRunService } from '../../src/core/run-service.ts';
import { createSweepService } from '../../src/core/sweep-service.ts';
import { createTaskService } from '../../src/core/task-service.ts';
import type { Work } from '../../src/core/work.ts';
import { createSqliteStore } from '../../src/store/sqlite-store.ts';
import { manualClock } from '../support/clock.ts';
import { recordingLogger } from '../support/logger.ts';

const LEASE_MS = 120 * 60_000;

/** A folder of its own that goes with the test. */
export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'athena-store-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** The use cases, with lease ids that count up. */
export function servicesFor(clock: ReturnType<typeof manualClock>, policy = {}) {
  let leases = 0;
  const ids = { leaseId: () => `lease-${(leases += 1)}` };
  return {
    tasks: createTaskService({ clock, ids, policy: { leaseMs: LEASE_MS, maxAttempts: 3, ...policy } }),
    instances: createInstanceService({ clock }),
    sweeps: createSweepService({ clock }),
    runs: createRunService({ clock }),
  };
}

export interface WorldOptions {
  readonly path?: string;
  readonly leaseMs?: number;
  readonly maxAttempts?: number;
  readonly limits?: RunLimits | undefined;
}

export async function aWorld({ path = ':memory:', ...policy }: WorldOptions = {}) {
  const clock = manualClock();
  const logger = recordingLogger();
  const { store, client, sql } = await openStore({ path, clock, logger });
  onTestFinished(() => store.close());
  const run = <R>(work: Work<R>) => store.decide(work);
  return { clock, logger, store, client, sql, path, run, ...servicesFor(clock, policy) };
}

/** The store, and what only a spy on the driver can see: its connection and the statements it prepared. */
export async function openStore(options: Parameters<typeof createSqliteStore>[0]) {
  const spy = vi.spyOn(Database.prototype, 'prepare');
  let store: Store;
  try {
    store = await createSqliteStore(options);
    const client = spy.mock.contexts.at(-1) as Database.Database;
    const sql = spy.mock.calls.filter((_, call) => spy.mock.contexts[call] === client).map(([text]) => text);
    return { store, client, sql };
  } finally {
    spy.mockRestore();
  }
}

/** Long enough for everything that is on its way to be committed and answered. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Counted from the rows themselves, in the shape of the counters. */
export function countRows(client: Database.Database): Record<string, number> {
  const rows = client.prepare('SELECT status, count(*) AS n FROM tasks GROUP BY status').all() as {
    status: string;
    n: number;
  }[];
  const none = { pending: 0, in_progress: 0, completed: 0, failed: 0, cancelled: 0 };
  return { ...none, ...Object.fromEntries(rows.map(({ status, n }) => [status, n])) };
}
