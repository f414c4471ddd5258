/** The last line of a file that may be large, read from its end. */
import type { FileHandle } from 'node:fs/promises';

const FIRST_READ_BYTES = 64 * 1024;
const LINE_END = 0x0a;

export interface LastLine {
  readonly text: string;
  /** Offset of its first byte. */
  readonly start: number;
  /** Whether a line end follows it. */
  readonly isEnded: boolean;
}

/** Of the first `end` bytes; null when there are none. */
export async function lastLine(file: FileHandle, end: number): Promise<LastLine | null> {
  if (end === 0) return null;
  for (let wanted = FIRST_READ_BYTES; ; wanted *= 4) {
    const from = Math.max(0, end - wanted);
    const bytes = await readAll(file, from, end);
    const isEnded = bytes.at(-1) === LINE_END;
    const text = isEnded ? bytes.subarray(0, -1) : bytes;
    const before = text.lastIndexOf(LINE_END);
    if (before === -1 && from > 0) continue;
    return { text: text.subarray(before + 1).toString('utf8'), start: from + before + 1, isEnded };
  }
}

async function readAll(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.alloc(to - from);
  for (let filled = 0; filled < bytes.length;) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, from + filled);
    if (bytesRead === 0) throw new Error('the file became shorter while it was read');
    filled += bytesRead;
  }
  return bytes;
}
