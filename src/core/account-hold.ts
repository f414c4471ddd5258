/**
 * An account that has nothing left. Its workers get no task until the quota is said to return, or for a while that
 * doubles where nobody says when. After that one run tries: the others follow once the model has answered it, and
 * a run that tries and ends without an answer leaves the trying to the next.
 */
import type { Run } from './run.ts';

export interface AccountHold {
  readonly account: string;
  readonly until: Date;
  readonly detail: string;
  /** The lease of the run that tries. */
  readonly probe: string | null;
  /** How long the next one is at least, where nobody says when the quota returns. */
  readonly backOffMs: number;
}

/** As a claim finds it. */
export interface SeenHold {
  readonly hold: AccountHold;
  /** The run that tries goes on. */
  readonly isProbed: boolean;
}

const FIRST_MS = 5 * 60_000;
const LONGEST_MS = 60 * 60_000;
/** The longest limits are those of a week: what is said to last longer is a mistake, and nobody else would undo it. */
const MOST_MS = 8 * 24 * 60 * 60_000;
/** While a run tries, how soon the others may ask again. */
const ASK_AGAIN_MS = 5000;

export interface Spent {
  readonly account: string;
  /** When the quota returns; null where nobody says. */
  readonly until: Date | null;
  readonly detail: string;
  readonly now: Date;
}

/** A run of this account ended for its quota. Runs that end during a hold neither shorten nor double it. */
export function holdFor(spent: Spent, known: AccountHold | null): AccountHold {
  const { account, detail, now } = spent;
  const during = known !== null && known.until > now ? known : null;
  const backOffMs = during?.backOffMs ?? doubled(known);
  const until = during === null ? untilOf(spent, backOffMs) : later(during.until, soonest(spent));
  return { account, until, detail, probe: null, backOffMs };
}

const doubled = (known: AccountHold | null) =>
  known === null ? FIRST_MS : Math.min(LONGEST_MS, known.backOffMs * 2);

const untilOf = (spent: Spent, backOffMs: number) =>
  soonest(spent) ?? new Date(spent.now.getTime() + backOffMs);

/** What is over already says nothing. */
function soonest({ until, now }: Spent): Date | null {
  if (until === null || until <= now) return null;
  return new Date(Math.min(until.getTime(), now.getTime() + MOST_MS));
}

const later = (one: Date, other: Date | null) => (other !== null && other > one ? other : one);

/** Until when a claim of this account gets nothing; null when it may take a task. */
export function heldUntil(seen: SeenHold | null, now: Date): Date | null {
  if (seen === null) return null;
  const until = heldNow(seen.hold, now);
  if (until !== null) return until;
  return seen.isProbed ? new Date(now.getTime() + ASK_AGAIN_MS) : null;
}

/** For whoever looks on: a hold that is over is shown no more, though a run still tries. */
export function heldNow(hold: AccountHold | null, now: Date): Date | null {
  return hold !== null && hold.until > now ? hold.until : null;
}

/** The first claim after the hold tries for all. */
export function probedBy(seen: SeenHold | null | undefined, leaseId: string): AccountHold | undefined {
  return seen ? { ...seen.hold, probe: leaseId } : undefined;
}

/** The hold is over once the model has answered the run that tries, or that run has done its task without it. */
export function liftedBy(
  hold: AccountHold | null,
  { leaseId, totals }: Pick<Run, 'leaseId' | 'totals'>,
  isDone = false,
): { readonly lifted?: string } {
  if (hold?.probe !== leaseId) return {};
  const isAnswered = totals.turns > 0 || totals.outputTokens > 0;
  return isAnswered || isDone ? { lifted: hold.account } : {};
}
