/** The folder of scheduled backups: what is there, and what may go. Files with other names are not touched. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checksumFileOf } from './checksum.ts';

const NAMED_HERE = /^athena-(\d{4})-(\d\d)-(\d\d)T(\d\d)(\d\d)(\d\d)Z\.db$/;
const LEFTOVER = /^athena-\d{4}-\d\d-\d\dT\d{6}Z\.db(\.part(-journal)?|\.sha256\.part)$/;

export interface ScheduledBackup {
  readonly file: string;
  readonly at: Date;
}

/** No colons: the folder may lie on a disk of Windows. */
export function nameBackup(at: Date): string {
  return `athena-${at.toISOString().slice(0, 19).replaceAll(':', '')}Z.db`;
}

/** Oldest first. What the name says counts: a copy of the folder has other times. */
export function listBackups(folder: string): readonly ScheduledBackup[] {
  return namesIn(folder)
    .flatMap((name) => {
      const [, year, month, day, hour, minute, second] = NAMED_HERE.exec(name) ?? [];
      if (year === undefined) return [];
      const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
      return Number.isNaN(at.getTime()) ? [] : [{ file: join(folder, name), at }];
    })
    .sort((one, other) => one.at.getTime() - other.at.getTime());
}

/** A folder that does not exist yet holds none. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

export function makeBackupFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}

/**
 * Deletes all but the newest `keep`, and returns what it deleted. Those of a time yet to come, made while
 * the clock was wrong, neither count nor go.
 */
export function rotateBackups(folder: string, keep: number, now: Date): readonly string[] {
  const past = listBackups(folder).filter(({ at }) => at <= now);
  const old = past.slice(0, Math.max(0, past.length - keep)).map(({ file }) => file);
  for (const file of old) {
    // The checksum last: without its file it says nothing wrong.
    rmSync(file, { force: true });
    rmSync(checksumFileOf(file), { force: true });
  }
  return old;
}

/** What backups that were cut short have left. Only while none is being made. */
export function removeLeftovers(folder: string): void {
  for (const name of namesIn(folder)) if (LEFTOVER.test(name)) rmSync(join(folder, name), { force: true });
}
