/** Why the worker ends a run that would have gone on. The first cause counts, but for the loss of the lease. */

export type StopCause =
  /** The lease is over; `reason` is the server's word for how (`cancelled`, `expired`). */
  | { readonly kind: 'lost'; readonly reason: string }
  /** The worker itself is to end. */
  | { readonly kind: 'leaving' }
  /** The time that the task may take is used up. */
  | { readonly kind: 'minutes' };

export interface Stopper {
  /** Aborted with the first cause. */
  readonly signal: AbortSignal;
  /** Aborted when the lease is over. */
  readonly lost: AbortSignal;
  cause(): StopCause | null;
  stop(cause: StopCause): void;
}

export function createStopper(): Stopper {
  const any = new AbortController();
  const lost = new AbortController();
  let cause: StopCause | null = null;
  return {
    signal: any.signal,
    lost: lost.signal,
    cause: () => cause,
    stop(next) {
      if (cause === null || (next.kind === 'lost' && cause.kind !== 'lost')) cause = next;
      if (next.kind === 'lost') lost.abort();
      any.abort();
    },
  };
}
