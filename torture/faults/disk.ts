/**
 * A disk that is full for a while: the running server may write no byte further than its log of writes has come.
 * `prlimit` (util-linux) sets and lifts that limit on a running process; a start anew lifts it as well.
 */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { pause } from '../pause.ts';
import type { Dice } from '../random.ts';
import type { World } from '../world.ts';

const LONGEST_MS = 3000;
const MOST_ROOM = 64 * 1024;

export async function fillDisk(world: World, dice: Dice): Promise<void> {
  const { keeper, faults, journal, database, calm } = world;
  const { pid } = keeper;
  const room = sizeOf(`${database}-wal`) + dice.whole(0, MOST_ROOM);
  const ms = dice.whole(200, LONGEST_MS);
  journal.note('full disk', { room, ms });
  if (!limit(pid, String(room))) return;
  faults.add('disk full');
  await pause(ms, calm);
  limit(pid, 'unlimited');
}

/** False where the process is gone, or the system has no such command. */
function limit(pid: number, soft: string): boolean {
  try {
    execFileSync('prlimit', ['--pid', String(pid), `--fsize=${soft}:`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}
