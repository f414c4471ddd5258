/** Slows those who guess: a few wrong keys are free, then each waits for the minute to be over. */
import type { Clock } from '../core/ports.ts';

const WRONG_KEYS_ALLOWED = 10;
const FORGIVEN_AFTER_MS = 60_000;
/** More addresses than this and the oldest are forgiven: a flood must not fill the memory. */
const MAX_ADDRESSES = 10_000;

export function createWrongKeys(clock: Clock) {
  const byAddress = new Map<string, { count: number; sinceMs: number }>();
  return {
    /** Milliseconds until this address may guess again; 0 while it still may. */
    add(address: string): number {
      const now = clock.monotonicMs();
      const known = byAddress.get(address);
      const seen = known && now - known.sinceMs < FORGIVEN_AFTER_MS ? known : { count: 0, sinceMs: now };
      seen.count += 1;
      byAddress.delete(address);
      byAddress.set(address, seen);
      for (const oldest of byAddress.keys()) {
        if (byAddress.size <= MAX_ADDRESSES) break;
        byAddress.delete(oldest);
      }
      return seen.count <= WRONG_KEYS_ALLOWED ? 0 : seen.sinceMs + FORGIVEN_AFTER_MS - now;
    },
  };
}
