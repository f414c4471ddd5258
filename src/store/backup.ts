/**
 * Copies the database while it is in use. One read transaction holds the moment, and SQLite's own backup
 * copies its pages in small steps. Without that transaction every commit of the server would make the copy
 * begin anew: beside a busy server it was seen to start 338 times and never end. `VACUUM INTO` is as quick,
 * but is one call that neither tells how far it is nor can be stopped.
 *
 * Writers are never held up. While the copy runs, the write-ahead log keeps what is written meanwhile.
 *
 * The copy becomes FILE only when it is whole, on disk and verified; until then it is FILE.part.
 */
import { closeSync, existsSync, fsyncSync, openSync, realpathSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { checksumFileOf, checksumOf, writeChecksum } from './checksum.ts';
import { IN_MEMORY, withoutLinks } from './database.ts';
import { DatabaseRefused } from './database-refused.ts';
import { renameDurably, syncFile } from './durable.ts';
import { openReader } from './reader.ts';
import { countRows, refuseForeign, textOf, verifyDatabase, type DatabaseFacts } from './verify.ts';

export interface BackupOrder {
  /** The database, as DB_PATH names it. */
  readonly path: string;
  readonly file: string;
  /** Whether an existing FILE may be replaced. */
  readonly replace: boolean;
  /** Called after each step, and before what follows the copy; a throw ends the backup and leaves nothing. */
  readonly onProgress?: (progress: BackupProgress) => void;
}

export interface BackupProgress {
  readonly doing: 'copying' | 'verifying';
  readonly copiedBytes: number;
  readonly totalBytes: number;
}

/** 1 MiB: about two milliseconds. */
const PAGES_PER_STEP = 256;
/** What is written is brought to the disk as it comes; all at the end would hold up the server's own commits. */
const SYNC_EVERY_STEPS = 8;

/** Throws DatabaseRefused, or what `onProgress` threw. */
export async function backupDatabase(order: BackupOrder): Promise<DatabaseFacts> {
  const path = withoutLinks(order.path);
  const file = resolve(order.file);
  refuseTarget(path, file, order.replace);
  const part = `${file}.part`;
  removePart(part);
  try {
    makeEmpty(part, file);
    const made = statSync(part).ino;
    const expected = await copy(path, part, order.onProgress);
    const totalBytes = statSync(part).size;
    order.onProgress?.({ doing: 'verifying', copiedBytes: totalBytes, totalBytes });
    const facts = verifyCopy(part, expected);
    const checksum = checksumOf(part);
    refuseRival(part, made);
    // In this order a file without `.part` is always whole, wherever the process ends.
    rmSync(checksumFileOf(file), { force: true });
    renameDurably(part, file);
    writeChecksum(file, checksum);
    return facts;
  } catch (error) {
    removePart(part);
    throw asRefusal(error, file);
  }
}

function refuseTarget(path: string, file: string, replace: boolean): void {
  if (path === IN_MEMORY) throw new DatabaseRefused('A database in memory cannot be backed up. Set DB_PATH.');
  const folder = dirname(file);
  if (!existsSync(folder)) {
    throw new DatabaseRefused(`The folder ${folder} does not exist. Make it first, or choose another one.`);
  }
  const real = withoutLinks(join(realpathSync(folder), basename(file)));
  if (existsSync(path) && real.startsWith(join(realpathSync(dirname(path)), basename(path)))) {
    const rest = real.slice(join(realpathSync(dirname(path)), basename(path)).length);
    if (['', '-wal', '-shm', '-journal', '-lock'].includes(rest))
      throw new DatabaseRefused(`${file} belongs to the database itself. Choose another file.`);
  }
  if (!existsSync(file)) return;
  if (!statSync(file).isFile()) {
    throw new DatabaseRefused(`${file} is not a file. Name the file that the backup is to be written to.`);
  }
  if (!replace) {
    throw new DatabaseRefused(`${file} exists already. Choose another file, or replace it with --force.`);
  }
}

function makeEmpty(part: string, file: string): void {
  try {
    closeSync(openSync(part, 'wx', 0o600));
  } catch (error) {
    throw new DatabaseRefused(`${file} cannot be written: ${textOf(error)}.`, { cause: error });
  }
}

/** Rows of each table at the moment that the copy shows. */
async function copy(
  path: string,
  part: string,
  onProgress: BackupOrder['onProgress'],
): Promise<DatabaseFacts['rows']> {
  const { client, close } = openReader(path);
  const handle = openSync(part, 'r+');
  let steps = 0;
  try {
    refuseForeign(client, path);
    const pageBytes = Number(client.pragma('page_size', { simple: true }));
    client.exec('BEGIN');
    const { rows } = countRows(client);
    await client.backup(part, {
      progress({ totalPages, remainingPages }) {
        if ((steps += 1) % SYNC_EVERY_STEPS === 0) fsyncSync(handle);
        const copiedBytes = (totalPages - remainingPages) * pageBytes;
        onProgress?.({ doing: 'copying', copiedBytes, totalBytes: totalPages * pageBytes });
        return PAGES_PER_STEP;
      },
    });
    return rows;
  } finally {
    closeSync(handle);
    close();
  }
}

/** One file that needs no other beside it, also on a disk that can only be read. */
function verifyCopy(part: string, expected: DatabaseFacts['rows']): DatabaseFacts {
  const client = new Database(part);
  try {
    client.pragma('journal_mode = DELETE');
  } finally {
    client.close();
  }
  syncFile(part);
  const facts = verifyDatabase(part, 'The copy');
  if (JSON.stringify(facts.rows) !== JSON.stringify(expected))
    throw new DatabaseRefused(
      'The copy does not hold what the database held. Check the disk, and try again.',
    );
  return facts;
}

/** Two backups to the same file at once: the later one removed what the earlier one was making. */
function refuseRival(part: string, made: number): void {
  if (statSync(part, { throwIfNoEntry: false })?.ino === made) return;
  throw new DatabaseRefused('Another backup writes to the same file. Choose another file.');
}

function removePart(part: string): void {
  for (const end of ['', '-journal', '-wal', '-shm']) rmSync(part + end, { force: true });
}

function asRefusal(error: unknown, file: string): unknown {
  if (error instanceof DatabaseRefused || !(error instanceof Error) || !('code' in error)) return error;
  const code = String(error.code);
  if (/^(SQLITE_FULL|SQLITE_IOERR|ENOSPC|EDQUOT|EFBIG|EIO)/.test(code)) {
    const message = `The disk is full or fails: ${file} was not written, and nothing is left of it. Free some space, or choose another disk.`;
    return new DatabaseRefused(message, { cause: error });
  }
  return new DatabaseRefused(`The backup failed: ${error.message}. Nothing is left of ${file}.`, {
    cause: error,
  });
}
