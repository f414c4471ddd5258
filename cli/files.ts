/**
 * Small private files that several processes use at once. A reader sees the old text or the new one, never a
 * part (temporary file, then rename); whoever reads in order to write holds a lock meanwhile.
 */
import fs from 'node:fs';
import path from 'node:path';
import { codeOf } from './errors.ts';

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

export type Sleep = (ms: number) => Promise<void>;

/** Undefined where there is no such file; any other trouble is thrown. */
export function readIfThere(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** On disk when it returns: what is saved before it is sent must outlive a power cut, too. */
export function writePrivate(file: string, text: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: PRIVATE_FOLDER });
  const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2, 10)}.tmp`;
  try {
    const descriptor = fs.openSync(temporary, 'wx', PRIVATE_FILE);
    try {
      fs.writeSync(descriptor, text);
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    renameOver(temporary, file);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

/** Windows refuses to replace a file in the moment that somebody reads it. */
function renameOver(from: string, to: string): void {
  for (let tries = 0; ; tries += 1) {
    try {
      fs.renameSync(from, to);
      return;
    } catch (error) {
      if (tries === 50 || !['EPERM', 'EACCES', 'EBUSY'].includes(codeOf(error))) throw error;
    }
  }
}

const LOCK_WAIT_MS = 5000;
/** A lock is held for one read and one write. One this old was left behind, whatever its process does now. */
const LOCK_STALE_MS = 10_000;

/** Reads, changes and writes the file while no other process does. `change` gives undefined to leave it alone. */
export async function updateFile(
  file: string,
  change: (text: string | undefined) => string | undefined,
  sleep: Sleep,
): Promise<void> {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: PRIVATE_FOLDER });
  const lock = `${file}.lock`;
  await takeLock(lock, sleep);
  try {
    // Nothing asynchronous in here: the lock is held for as long as the disk takes, and not longer.
    const text = change(readIfThere(file));
    if (text !== undefined) writePrivate(file, text);
  } finally {
    fs.rmSync(lock, { force: true });
  }
}

async function takeLock(lock: string, sleep: Sleep): Promise<void> {
  const giveUpAt = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    if (makeLock(lock)) return;
    if (isLeftBehind(lock)) removeLeftBehind(lock);
    else if (Date.now() > giveUpAt) throw new Error(`${lock} is held by another process`);
    else await sleep(2 + Math.random() * 8);
  }
}

function makeLock(lock: string): boolean {
  let file: number;
  try {
    file = fs.openSync(lock, 'wx', PRIVATE_FILE);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    fs.writeSync(file, String(process.pid));
    return true;
  } catch (error) {
    // On a full disk: an empty one would look as if it were being written.
    fs.rmSync(lock, { force: true });
    throw error;
  } finally {
    fs.closeSync(file);
  }
}

/** Its process is gone, or it is too old. A lock without a process id is being written just now. */
function isLeftBehind(lock: string): boolean {
  try {
    const age = Date.now() - fs.statSync(lock).mtimeMs;
    const owner = Number(fs.readFileSync(lock, 'utf8'));
    return age > LOCK_STALE_MS || (owner > 0 && !isRunning(owner));
  } catch {
    return false;
  }
}

/**
 * Two that find the same dead lock must not both remove it: the slower would take away the lock that the faster
 * has made since. So one at a time looks again and removes.
 */
function removeLeftBehind(lock: string): void {
  const turn = `${lock}.removing`;
  if (!makeLock(turn)) {
    if (isLeftBehind(turn)) fs.rmSync(turn, { force: true });
    return;
  }
  try {
    if (isLeftBehind(lock)) fs.rmSync(lock, { force: true });
  } finally {
    fs.rmSync(turn, { force: true });
  }
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
