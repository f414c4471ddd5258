/** The real clock and the real source of ids. Everything else in `src` gets them handed in. */
import { randomBytes } from 'node:crypto';
import type { Clock, IdSource } from './core/ports.ts';

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

export const systemIds: IdSource = { leaseId: () => uuidV7(Date.now(), randomBytes(10)) };

/**
 * RFC 9562, version 7: 48 bits of time, then 74 random ones. Ids of one time lie side by side in the
 * table of leases, where random ones would touch a page each.
 */
export function uuidV7(unixMs: number, random: Buffer): string {
  const time = unixMs.toString(16).padStart(12, '0');
  random[0] = 0x70 | ((random[0] ?? 0) & 0x0f);
  random[2] = 0x80 | ((random[2] ?? 0) & 0x3f);
  const rest = random.toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-${rest.slice(0, 4)}-${rest.slice(4, 8)}-${rest.slice(8)}`;
}
