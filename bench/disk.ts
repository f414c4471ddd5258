/** What one durable write costs in a folder: a commit that waits for the disk waits at least this long. */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { median } from './numbers.ts';

export function fsyncMs(folder: string): number {
  const file = openSync(join(folder, 'fsync'), 'w');
  const times = Array.from({ length: 50 }, () => {
    const begin = performance.now();
    writeSync(file, Buffer.alloc(8192, 1));
    fsyncSync(file);
    return performance.now() - begin;
  });
  closeSync(file);
  return median(times);
}
