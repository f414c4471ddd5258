/** Waits for something that rings no bell: a file, a process. Looks often, and says what it waited for. */
import fs from 'node:fs';

export async function until(what: string, isSo: () => boolean, timeoutMs = 40_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Gone, or a zombie that waits for its parent to look. */
export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return true;
  }
  try {
    return /^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return process.platform === 'linux';
  }
}

/** The number that a process wrote into this file, once it is whole. */
export async function pidIn(file: string): Promise<number> {
  const read = () => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '');
  await until(`a process id in ${file}`, () => /^\d+\n/.test(read()));
  return Number.parseInt(read(), 10);
}
