/** What most hosts take at most. A file of this size is hardly ever meant to be committed. */
import type { Stats } from 'node:fs';

const LARGEST_FILE = 100 * 1024 * 1024;

export function isTooLarge(stat: Stats): boolean {
  return stat.isFile() && stat.size > LARGEST_FILE;
}
