/**
 * The clock's timers do not keep the process alive, which is right for loops and wrong for somebody who
 * waits for an answer: a start or a stop that waits for a lock must not end by running out of work.
 */

const LONGEST_INTERVAL_MS = 2 ** 31 - 1;

/** Until the returned function is called. */
export function keepProcessAlive(): () => void {
  const timer = setInterval(() => undefined, LONGEST_INTERVAL_MS);
  return () => {
    clearInterval(timer);
  };
}
