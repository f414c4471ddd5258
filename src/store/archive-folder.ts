/**
 * The archive: one file of JSON Lines for each month (UTC) in which tasks ended, one task per line. Lines are
 * on disk before their tasks are deleted, so a crash in between leaves tasks in both places. That is mended
 * before the next lines are written: what stands at the end of a file and is still in the store is cut
 * off, for it will be written again. No line goes whose task the store no longer has.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../core/ports.ts';
import type { Archive, TaskTrail } from '../core/retention.ts';
import { lastLine, type LastLine } from './last-line.ts';

/** Tells a task from another with the same id, which a restored backup may hand out again. */
export interface ArchivedIdentity {
  readonly id: number;
  /** ISO 8601, UTC. */
  readonly created_at: string;
}

export interface ArchiveFolderDeps {
  /** Must exist: a folder that is missing may be a disk that is not mounted. */
  readonly folder: string;
  /** What the line of a task says; it contains its identity. */
  readonly toEntry: (trail: TaskTrail) => ArchivedIdentity;
  /** Whether the store still has this task. */
  readonly isKept: (identity: ArchivedIdentity) => Promise<boolean>;
  readonly logger: Logger;
}

export function createArchiveFolder({ folder, toEntry, isKept, logger }: ArchiveFolderDeps): Archive {
  async function appendTo(month: string, trails: readonly TaskTrail[]): Promise<void> {
    const path = join(folder, `athena-${month}.jsonl`);
    const file = await open(path, 'a+', 0o600);
    try {
      const found = (await file.stat()).size;
      const end = await mend(file, isKept);
      if (end < found) logger.info({ path, bytes: found - end }, 'the end of the archive was mended');
      await writeWhole(file, trails.map((trail) => `${JSON.stringify(toEntry(trail))}\n`).join(''));
      if (found === 0) await syncFolder(folder);
    } finally {
      await file.close();
    }
  }

  return {
    async append(trails) {
      for (const [month, ended] of byMonth(trails)) await appendTo(month, ended);
    },
  };
}

function byMonth(trails: readonly TaskTrail[]): Map<string, TaskTrail[]> {
  const months = new Map<string, TaskTrail[]>();
  for (const trail of trails) {
    const month = (trail.task.completedAt ?? trail.task.updatedAt).toISOString().slice(0, 7);
    months.set(month, [...(months.get(month) ?? []), trail]);
  }
  return months;
}

/** Durable, or as if nothing had been written. */
async function writeWhole(file: FileHandle, text: string): Promise<void> {
  const { size } = await file.stat();
  try {
    await file.appendFile(text);
    await file.sync();
  } catch (error) {
    // If even this fails, the next append cuts it off.
    await file.truncate(size).catch(() => undefined);
    throw error;
  }
}

/** The name of a new file is durable once its folder is. Windows knows no such thing, and needs none. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Cuts off what a crash left at the end. Resolves to the length that remains. */
async function mend(file: FileHandle, isKept: ArchiveFolderDeps['isKept']): Promise<number> {
  const { size } = await file.stat();
  let end = size;
  for (let line = await lastLine(file, end); line !== null; line = await lastLine(file, end)) {
    const verdict = await judge(line, isKept);
    if (verdict === 'unended') await file.appendFile('\n');
    if (verdict !== 'cut') break;
    end = line.start;
  }
  if (end < size) await file.truncate(end);
  return end;
}

/** `unended`: a whole line to which only its end is missing, as some editors leave it. */
async function judge(
  { text, isEnded }: LastLine,
  isKept: ArchiveFolderDeps['isKept'],
): Promise<'cut' | 'keep' | 'unended'> {
  const identity = identityIn(text);
  if (identity === null) return isEnded ? 'keep' : 'cut';
  if (await isKept(identity)) return 'cut';
  return isEnded ? 'keep' : 'unended';
}

/** Null for a line that is torn, or none of ours. */
function identityIn(text: string): ArchivedIdentity | null {
  try {
    const said = JSON.parse(text) as Partial<ArchivedIdentity> | null;
    if (typeof said?.id !== 'number' || typeof said.created_at !== 'string') return null;
    return { id: said.id, created_at: said.created_at };
  } catch {
    return null;
  }
}
