/** How long a task waits before it is tried again. Spread out, so that what failed together does not return together. */

const MINUTE_MS = 60_000;
const FIRST_FAIL_MS = 15_000;
const LONGEST_FAIL_MS = 15 * MINUTE_MS;

/** `attempt` counts from 1. */
export function failDelayMs(attempt: number, random: number): number {
  const bound = Math.min(LONGEST_FAIL_MS, FIRST_FAIL_MS * 4 ** Math.max(0, attempt - 1));
  return bound * (0.5 + random / 2);
}

/** 1 to 15 minutes. */
export function overloadDelayMs(random: number): number {
  return MINUTE_MS + 14 * MINUTE_MS * random;
}
