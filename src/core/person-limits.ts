/**
 * How much one person may ask for: tasks open at a time, and submissions within an hour. Judged inside the
 * transaction that submits, so that of two requests in the same breath the second one sees the first.
 */
import { DomainError } from './errors.ts';
import type { Actor } from './vocabulary.ts';

/** Null: no limit. */
export interface PersonLimits {
  readonly openPerPerson: number | null;
  readonly submissionsPerHour: number | null;
}

/** What has to be known of a person to judge the next submission. */
export interface TallyWish {
  readonly actor: Actor;
  /** Open tasks are counted up to this. */
  readonly openUpTo: number;
  /** Submissions count from here ... */
  readonly after: Date;
  /** ... to here: not up to now, for the wish is older than its answer. */
  readonly before: Date;
  /** Which of them to tell the time of, the newest being the first; null where no limit asks for it. */
  readonly nth: number | null;
}

export interface Tally {
  readonly open: number;
  /** When the nth newest submission was made; null while there are fewer. */
  readonly nthNewestAt: Date | null;
}

const HOUR_MS = 60 * 60_000;
const MINUTE_MS = 60_000;

/**
 * A clock that was set back leaves submissions in the future. Those of the next hour still count, for a small
 * step must not empty the count; later ones do not, so nobody is told to wait longer than two hours.
 */
export function tallyFor(actor: Actor, limits: PersonLimits, now: Date): TallyWish {
  return {
    actor,
    openUpTo: limits.openPerPerson === null ? 0 : limits.openPerPerson + 1,
    after: new Date(now.getTime() - HOUR_MS),
    before: new Date(now.getTime() + HOUR_MS),
    nth: limits.submissionsPerHour,
  };
}

/** What has ended and comes back is open again; it is no new submission. */
export function withoutRate(limits: PersonLimits): PersonLimits {
  return { ...limits, submissionsPerHour: null };
}

/** Throws `limit_reached`, saying when or how the next one is possible. */
export function requireRoom(limits: PersonLimits, tally: Tally, now: Date): void {
  if (limits.openPerPerson !== null && tally.open >= limits.openPerPerson) {
    throw tooManyOpen(tally.open, limits.openPerPerson);
  }
  if (limits.submissionsPerHour === null || tally.nthNewestAt === null) return;
  const possibleAt = new Date(tally.nthNewestAt.getTime() + HOUR_MS);
  if (possibleAt > now) throw tooManySubmitted(limits.submissionsPerHour, possibleAt, now);
}

function tooManyOpen(open: number, most: number): DomainError {
  const have =
    open > most ? `more than ${tasks(most)} open, and ${most} at a time` : `${tasks(most)} open, which`;
  const message = `You have ${have} is the limit. The next one is possible as soon as one of them has ended: wait for it, or cancel one.`;
  return new DomainError('limit_reached', message, { limit: 'open_per_person', most });
}

function tooManySubmitted(most: number, possibleAt: Date, now: Date): DomainError {
  const minutes = Math.ceil((possibleAt.getTime() - now.getTime()) / MINUTE_MS);
  // Rounded up: whoever comes back at that minute is let in.
  const at = new Date(Math.ceil(possibleAt.getTime() / MINUTE_MS) * MINUTE_MS).toISOString().slice(11, 16);
  const wait = `${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
  const message = `You have queued ${tasks(most)} in the last hour, which is the limit. The next one is possible at ${at} UTC (in ${wait}).`;
  const details = { limit: 'submissions_per_hour', most, possible_at: possibleAt.toISOString() };
  return new DomainError('limit_reached', message, details);
}

const tasks = (count: number) => `${count} ${count === 1 ? 'task' : 'tasks'}`;
