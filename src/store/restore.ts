/**
 * Puts a backup in the place of the database. The copy is made and verified beside it first; then the
 * database of now is kept under another name, and one rename puts the copy in its place. Whenever the
 * process ends, the name DB_PATH leads to a whole database, the old one or the new one.
 *
 * The lock of the database is held all the while, so no server can start in between.
 */
import { copyFileSync, existsSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Clock } from '../core/ports.ts';
import { checksumFileOf, checksumOf, readChecksum } from './checksum.ts';
import { carryNumbersOver } from './carry-over.ts';
import { IN_MEMORY, prepareFolder, withoutLinks } from './database.ts';
import { lockDatabase } from './database-lock.ts';
import { DatabaseRefused } from './database-refused.ts';
import { renameDurably, syncFile } from './durable.ts';
import { COMPANIONS, foldLog, keepAside, removeCompanions } from './set-aside.ts';
import { textOf, verifyDatabase, type DatabaseFacts } from './verify.ts';

export interface RestoreOrder {
  readonly file: string;
  /** The database, as DB_PATH names it. */
  readonly path: string;
  readonly clock: Clock;
  /** How long to wait for a server that is just stopping. */
  readonly lockWaitMs: number;
  /** Asked once the backup is copied and found sound; false leaves everything as it is. */
  readonly confirm: (found: Found) => Promise<boolean>;
  /** Called as each step is done. A throw before `swapped` leaves the old database in place. */
  readonly reached?: (step: RestoreStep) => void;
}

export const RESTORE_STEPS = [
  'locked',
  'copied',
  'verified',
  'folded',
  'kept',
  'cleared',
  'swapped',
] as const;
export type RestoreStep = (typeof RESTORE_STEPS)[number];

export interface Found {
  readonly facts: DatabaseFacts;
  readonly hasChecksum: boolean;
  /** Whether there is a database to be replaced. */
  readonly replaces: boolean;
}

export interface Restored {
  readonly facts: DatabaseFacts;
  /** Where the database of before is kept; null when there was none. */
  readonly keptAs: string | null;
}

/** Null when `confirm` said no. Throws DatabaseRefused; then the database is as it was. */
export async function restoreDatabase(order: RestoreOrder): Promise<Restored | null> {
  if (order.path === IN_MEMORY)
    throw new DatabaseRefused('A database in memory cannot be restored. Set DB_PATH.');
  const path = withoutLinks(resolve(order.path));
  const file = withoutLinks(resolve(order.file));
  refuseSource(file, path, order.file);
  prepareFolder(path);
  const lock = await lockDatabase(path, { clock: order.clock, waitMs: order.lockWaitMs });
  const part = `${path}.restore-part`;
  try {
    order.reached?.('locked');
    return await replace({ ...order, path, file }, part);
  } catch (error) {
    throw asRefusal(error, path);
  } finally {
    removePart(part);
    lock.release();
  }
}

async function replace(order: RestoreOrder, part: string): Promise<Restored | null> {
  const { path, file, clock } = order;
  const reached = (step: RestoreStep) => order.reached?.(step);
  removePart(part);
  copyFileSync(file, part);
  syncFile(part);
  reached('copied');
  const hasChecksum = agreesWithChecksum(file, part);
  const facts = verifyDatabase(part, file);
  reached('verified');
  const replaces = existsSync(path);
  if (!(await order.confirm({ facts, hasChecksum, replaces }))) return null;

  const isFolded = !replaces || foldLog(path);
  if (isFolded && replaces) carryNumbersOver(path, part);
  syncFile(part);
  reached('folded');
  const keptAs = replaces ? keepAside(path, clock.now()) : null;
  reached('kept');
  // Another database's log beside the new file would be taken for its own.
  removeCompanions(path);
  reached('cleared');
  renameDurably(part, path);
  reached('swapped');
  return { facts, keptAs };
}

function refuseSource(file: string, path: string, name: string): void {
  if (!existsSync(file))
    throw new DatabaseRefused(`There is no file ${name}. Name a backup to restore from.`);
  if (!statSync(file).isFile())
    throw new DatabaseRefused(`${name === '' ? 'That' : name} is not a file. Name a backup to restore from.`);
  if (isSame(file, path))
    throw new DatabaseRefused(`${name} is the database itself. Name a backup to restore from.`);
  if (COMPANIONS.some((end) => sizeOf(file + end) > 0)) {
    throw new DatabaseRefused(
      `${name} has a log of its own beside it (${basename(file)}-wal): it is not a backup but a database in use or its bare copy. Make a backup of it first: DB_PATH=${name} athena backup FILE`,
    );
  }
}

function isSame(one: string, other: string): boolean {
  if (!existsSync(other)) return false;
  const [a, b] = [statSync(one), statSync(other)];
  return a.ino === b.ino && a.dev === b.dev;
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** What was copied is judged, not what it was copied from. False when there is no checksum to judge by. */
function agreesWithChecksum(file: string, part: string): boolean {
  const expected = readChecksum(file);
  if (expected === null) return false;
  if (checksumOf(part) === expected) return true;
  throw new DatabaseRefused(
    `${file} differs from its checksum in ${checksumFileOf(file)}: it was damaged or changed after the backup. Nothing was changed; restore from another backup.`,
  );
}

function removePart(part: string): void {
  for (const end of ['', ...COMPANIONS]) rmSync(part + end, { force: true });
}

function asRefusal(error: unknown, path: string): unknown {
  if (error instanceof DatabaseRefused || !(error instanceof Error) || !('code' in error)) return error;
  const code = String(error.code);
  if (/^(SQLITE_FULL|SQLITE_IOERR|ENOSPC|EDQUOT|EFBIG|EIO)/.test(code)) {
    const message = `The disk is full or fails: ${dirname(path)} needs room for the backup beside the database. Nothing was changed; free some space and try again.`;
    return new DatabaseRefused(message, { cause: error });
  }
  return new DatabaseRefused(`The restore failed: ${textOf(error)}. The database is as it was.`, {
    cause: error,
  });
}
