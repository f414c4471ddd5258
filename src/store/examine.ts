/** Looks at a database for the doctor: beside a running server, without writing a byte. */
import { existsSync, statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { ok, problem, warning, type Finding } from '../core/finding.ts';
import { IN_MEMORY, knownMigrations, withoutLinks } from './database.ts';
import { isLockHeld } from './database-lock.ts';
import { openReader } from './reader.ts';
import { countRows, refuseForeign, textOf } from './verify.ts';

/** The server folds its log when idle and bounds it; one this size is held open by somebody who reads. */
const LARGE_LOG_BYTES = 256_000_000;

const RESTORE = 'Stop the server and restore a backup: athena restore FILE.';

export interface Examined {
  readonly findings: readonly Finding[];
  readonly isServed: boolean;
}

export function examineDatabase(configured: string): Examined {
  if (configured === IN_MEMORY) {
    const todo = 'Set DB_PATH to a file.';
    return {
      findings: [problem('database', 'is in memory: nothing outlives a stop', todo)],
      isServed: false,
    };
  }
  const path = withoutLinks(configured);
  if (!existsSync(path))
    return {
      findings: [ok('database', `${path} is not there yet: the first start makes it`)],
      isServed: false,
    };
  const isServed = isLockHeld(path);
  const served = ok('in use', isServed ? 'by a running server' : 'by nobody: no server runs on it');
  return { findings: [served, ...look(path)], isServed };
}

function look(path: string): readonly Finding[] {
  try {
    const { client, close } = openReader(path);
    try {
      refuseForeign(client, path);
      client.exec('BEGIN');
      return [schemaOf(client), integrityOf(client), referencesOf(client), countersOf(client), logOf(path)];
    } finally {
      close();
    }
  } catch (error) {
    return [problem('database', textOf(error), `Set DB_PATH to Athena's database, or restore a backup.`)];
  }
}

function schemaOf(client: Database.Database): Finding {
  const newest = Number(client.prepare('SELECT max(created_at) FROM __drizzle_migrations').pluck().get());
  const known = knownMigrations().at(-1)?.folderMillis ?? 0;
  if (newest > known)
    return problem(
      'schema',
      'is newer than this version of Athena',
      'Update Athena, or restore an older backup.',
    );
  return ok(
    'schema',
    newest === known ? 'is up to date' : 'is older: the next start updates it and keeps a copy',
  );
}

function integrityOf(client: Database.Database): Finding {
  const said = (client.pragma('quick_check(3)') as { quick_check: string }[]).map((row) => row.quick_check);
  if (said.join() === 'ok') return ok('integrity', 'every page is sound');
  return problem('integrity', `damaged: ${said.join('; ')}`, RESTORE);
}

function referencesOf(client: Database.Database): Finding {
  const strays = (client.pragma('foreign_key_check') as unknown[]).length;
  if (strays === 0) return ok('references', 'every row belongs to a task that is there');
  return problem('references', `${strays} rows belong to no task`, RESTORE);
}

function countersOf(client: Database.Database): Finding {
  const counted = client.prepare('SELECT status, count(*) AS n FROM tasks GROUP BY status').all() as Count[];
  const kept = client.prepare('SELECT status, n FROM task_counts WHERE n <> 0').all() as Count[];
  const text = (counts: readonly Count[]) =>
    counts
      .map(({ status, n }) => `${status} ${n}`)
      .sort()
      .join(', ');
  const { tasks, events } = countRows(client);
  if (text(counted) === text(kept))
    return ok('counters', `agree with the rows: ${tasks} tasks, ${events} events`);
  return problem('counters', `say ${text(kept)}, but there are ${text(counted)}`, RESTORE);
}

interface Count {
  readonly status: string;
  readonly n: number;
}

function logOf(path: string): Finding {
  const bytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  const size = `${(bytes / 1e6).toFixed(1)} MB`;
  if (bytes < LARGE_LOG_BYTES) return ok('log', `the write-ahead log has ${size}`);
  const todo = 'Close the program that reads the database without an end, then restart the server.';
  return warning('log', `the write-ahead log has grown to ${size}`, todo);
}
