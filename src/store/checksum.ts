/** The checksum beside a backup, in the form that `sha256sum -c` reads. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { renameDurably, syncFile } from './durable.ts';

const CHUNK_BYTES = 1024 * 1024;

export function checksumFileOf(file: string): string {
  return `${file}.sha256`;
}

/** Read piece by piece: a backup may be larger than memory. */
export function checksumOf(file: string): string {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const handle = openSync(file, 'r');
  try {
    for (;;) {
      const bytes = readSync(handle, chunk, 0, CHUNK_BYTES, null);
      if (bytes === 0) return hash.digest('hex');
      hash.update(chunk.subarray(0, bytes));
    }
  } finally {
    closeSync(handle);
  }
}

/** The name in it has no folder, so that both files can be moved together. */
export function writeChecksum(file: string, checksum: string): void {
  const part = `${checksumFileOf(file)}.part`;
  writeFileSync(part, `${checksum}  ${basename(file)}\n`, { mode: 0o600 });
  syncFile(part);
  renameDurably(part, checksumFileOf(file));
}

/** Null when there is no checksum beside the file; empty text when what is there is none. */
export function readChecksum(file: string): string | null {
  try {
    return (
      /^\\?([0-9a-f]{64})[ \t]/i.exec(readFileSync(checksumFileOf(file), 'utf8'))?.[1]?.toLowerCase() ?? ''
    );
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
