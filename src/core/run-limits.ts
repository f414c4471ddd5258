/**
 * How much may be done for one person: tasks at once, and money per day. Judged inside the claim, so that of two
 * claims in the same breath the second one sees the first. A task that is passed over waits as parked, so that each
 * is passed over once and not by every claim; it is offered again when its person has room, or the day is over.
 */
import { startOfDay, startOfNextDay } from './calendar.ts';
import type { Parked } from './task.ts';

/** Null: no limit. */
export interface RunLimits {
  readonly runningPerPerson: number | null;
  /** Of runs that began on one day. */
  readonly dailyCostUsd: number | null;
  readonly timeZone: string;
}

/** The same at one moment. */
export interface LimitsNow {
  readonly running: number | null;
  readonly costUsd: number | null;
  /** Money counts from here ... */
  readonly dayStart: Date;
  /** ... and is there again from here on. */
  readonly dayEnd: Date;
}

/** What is done for one person, as far as there are limits to it. */
export interface PersonUse {
  readonly running: number;
  readonly costUsd: number;
}

/** Null while nothing is limited. */
export type LimitsAt = (now: Date) => LimitsNow | null;

export function createLimits(limits: RunLimits | null): LimitsAt {
  if (limits === null) return () => null;
  const { runningPerPerson: running, dailyCostUsd: costUsd, timeZone } = limits;
  if (running === null && costUsd === null) return () => null;
  let known: LimitsNow | null = null;
  return (now) => {
    // Finding out when a day begins costs as much as a claim.
    if (known !== null && now >= known.dayStart && now < known.dayEnd) return known;
    known = {
      running,
      costUsd,
      dayStart: startOfDay(now, timeZone),
      dayEnd: startOfNextDay(now, timeZone),
    };
    return known;
  };
}

/** What a task of this person has to wait for; null while there is room. */
export function heldBack({ running, costUsd }: PersonUse, limits: LimitsNow): Parked | null {
  if (limits.costUsd !== null && costUsd >= limits.costUsd) {
    const detail = `Its person's runs have cost ${dollars(costUsd)} today, and ${dollars(limits.costUsd)} is the limit for a day.`;
    return { kind: 'limit', until: limits.dayEnd, detail };
  }
  if (limits.running !== null && running >= limits.running) {
    const many = `${running} ${running === 1 ? 'task' : 'tasks'}`;
    return { kind: 'limit', until: null, detail: `Its person has ${many} running, which is the limit.` };
  }
  return null;
}

const dollars = (amount: number) => `$${amount.toFixed(2)}`;
