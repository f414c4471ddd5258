/** What the proxy of one run is set to, and what it tells of. */
import type { Dispatcher } from 'undici';
import type { RunClock } from './clock.ts';
import type { Totals } from './executor.ts';
import type { Credential } from './model-request.ts';
import type { QuotaPatience, Trouble } from './model-trouble.ts';
import type { Budget } from './settings.ts';

export interface ModelProxyOptions {
  /** The API's address, perhaps with a path in front of `/v1`. */
  readonly upstream: string;
  readonly credential: Credential;
  /** Full ids. The first prices answers that do not name theirs. */
  readonly models: readonly string[];
  readonly left: Budget;
  /** All runs of the worker together have used up what it may spend in a day. */
  readonly isDaySpent: () => boolean;
  readonly dispatcher: Dispatcher;
  readonly patience: QuotaPatience;
  readonly clock: RunClock;
  /** An answer without a byte for this long is cut, and the run asks again. */
  readonly stallMs: number;
  readonly events: ModelProxyEvents;
}

export interface ModelProxyEvents {
  /** A byte of the model. */
  alive(): void;
  totals(totals: Totals): void;
  /** A request was refused because this is used up. */
  spent(which: keyof Budget | 'day'): void;
  /** The API refused; null: it answers again. */
  trouble(trouble: Trouble | null): void;
}
