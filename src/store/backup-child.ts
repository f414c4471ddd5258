/**
 * The process that makes one scheduled backup: argv are the database and the file. A process of its own,
 * because checking a copy is one long call that nothing could stop in the server's, and because it can be
 * told to let everybody else go first.
 */
import os from 'node:os';
import { backupDatabase } from './backup.ts';
import type { ChildWord } from './backup-process.ts';
import { textOf } from './verify.ts';

const GENTLE = 15;
/** After each step the disk and the processor are left alone for as long as the step took, and at least this. */
const SHORTEST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 50;

async function main([path = '', file = '']: readonly string[]): Promise<ChildWord> {
  const nap = new Int32Array(new SharedArrayBuffer(4));
  let steppedAt = performance.now();
  const onProgress = () => {
    const tookMs = performance.now() - steppedAt;
    Atomics.wait(nap, 0, 0, Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, tookMs)));
    steppedAt = performance.now();
  };
  try {
    const { bytes, tasks, events } = await backupDatabase({ path, file, replace: false, onProgress });
    return { ok: true, bytes, tasks, events };
  } catch (error) {
    return { ok: false, reason: textOf(error) };
  }
}

process.umask(0o077);
// The server is gone: nobody waits for this any more, and the next server makes its own.
process.on('disconnect', () => process.exit(1));
// A stop of the server ends this one by its own means.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
try {
  os.setPriority(GENTLE);
} catch {
  // Where that is forbidden it goes at the usual pace.
}
const word = await main(process.argv.slice(2));
process.send?.(word, () => process.exit(0));
