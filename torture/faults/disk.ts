/**
 * A disk that is full for a while. On a small file system of its own (`--disk`) it is filled to the last block.
 * Elsewhere the running server may write no byte further than its log of writes has come: `prlimit` (util-linux)
 * sets and lifts that limit on a running process, and a start anew lifts it as well.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { pause } from '../pause.ts';
import type { Dice } from '../random.ts';
import type { World } from '../world.ts';

const LONGEST_MS = 3000;
const MOST_ROOM = 64 * 1024;
/** A server that starts on a full disk says so and ends; that much longer its end is the disk's doing. */
const AFTERMATH_MS = 12_000;

export async function fillDisk(world: World, dice: Dice): Promise<void> {
  const { keeper, faults, journal, database, calm, options } = world;
  const room = dice.whole(0, MOST_ROOM);
  const ms = dice.whole(200, LONGEST_MS);
  journal.note('full disk', { room, ms });
  const empty =
    options.disk === null ? limitFiles(keeper.pid, sizeOf(`${database}-wal`) + room) : fill(database, room);
  if (empty === null) return;
  faults.add('disk full');
  if (options.disk !== null) keeper.excuse('the disk is full', ms + AFTERMATH_MS);
  await pause(ms, calm);
  empty();
}

/** Null where the process is gone, or the system has no such command. Otherwise what lifts it again. */
function limitFiles(pid: number, bytes: number): (() => void) | null {
  const limit = (soft: string): boolean => {
    try {
      execFileSync('prlimit', ['--pid', String(pid), `--fsize=${soft}:`], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  return limit(String(bytes)) ? () => void limit('unlimited') : null;
}

/** All there is but `room` bytes. */
function fill(database: string, room: number): () => void {
  const ballast = path.join(path.dirname(database), 'ballast');
  const file = openSync(ballast, 'w');
  const spare = path.join(path.dirname(database), 'spare');
  const kept = openSync(spare, 'w');
  writeSync(kept, Buffer.alloc(room));
  try {
    for (const chunk of [Buffer.alloc(1024 * 1024, 1), Buffer.alloc(4096, 1)]) writeUntilFull(file, chunk);
  } finally {
    closeSync(file);
    closeSync(kept);
    rmSync(spare);
  }
  return () => {
    rmSync(ballast);
  };
}

function writeUntilFull(file: number, chunk: Buffer): void {
  try {
    while (writeSync(file, chunk) > 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}
