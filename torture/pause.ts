/** Waiting that the end of a run cuts short. */
import { setTimeout as after } from 'node:timers/promises';

/** Resolves after this time, or at once when the signal is (or gets) aborted. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await after(Math.max(0, ms), undefined, signal && { signal }).catch(() => undefined);
}

/** The value, or null when it takes longer. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | null> {
  const late = new AbortController();
  const value = await Promise.race([work, pause(ms, late.signal).then(() => null)]);
  late.abort();
  return value;
}
