/** How long to wait before the next try, by the kind of failure. One success forgets them all. */

const BLOCKED_MS = 60_000;
const LONGEST_MS = 60_000;
const FIRST_FAILURE_MS = 1000;
/** What passes quickly is tried as often as it asks for; only then does the wait grow. */
const PATIENT_TRIES = 5;

export function createBackOff() {
  let transients = 0;
  let failures = 0;
  return {
    reset(): void {
      transients = 0;
      failures = 0;
    },
    failures: () => failures,
    /** Trying where nobody lets us is done at most once a minute. */
    blockedMs: () => BLOCKED_MS,
    transientMs(askedMs: number): number {
      transients += 1;
      return Math.min(
        Math.max(askedMs, 1) * 2 ** Math.min(10, Math.max(0, transients - PATIENT_TRIES)),
        Math.max(askedMs, LONGEST_MS),
      );
    },
    failedMs(): number {
      failures += 1;
      return Math.min(FIRST_FAILURE_MS * 2 ** failures, LONGEST_MS);
    },
  };
}
