/** Bytes and names that outlive a power cut. */
import { closeSync, fsyncSync, openSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';

export function syncFile(path: string): void {
  sync(path, 'r+');
}

/** A new name is only safe once its folder is. */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  syncFolderOf(to);
}

export function syncFolderOf(path: string): void {
  try {
    sync(dirname(path), 'r');
  } catch (error) {
    // Some file systems (and Windows) know no such thing for folders; they keep their names without it.
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EINVAL' && code !== 'EPERM' && code !== 'EISDIR') throw error;
  }
}

function sync(path: string, flags: string): void {
  const file = openSync(path, flags);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
