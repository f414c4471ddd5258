/** Where a day and a month begin in somebody's time zone, also on the days on which its clocks are changed. */

interface Day {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
}

export function startOfDay(now: Date, timeZone: string): Date {
  return midnight(dayOf(now, timeZone), timeZone);
}

/** Where the day of `now` ends. */
export function startOfNextDay(now: Date, timeZone: string): Date {
  const today = dayOf(now, timeZone);
  return midnight({ ...today, day: today.day + 1 }, timeZone);
}

export function startOfMonth(now: Date, timeZone: string): Date {
  return midnight({ ...dayOf(now, timeZone), day: 1 }, timeZone);
}

export function monthName(now: Date, timeZone: string): string {
  return new Intl.DateTimeFormat('en', { month: 'long', timeZone }).format(now);
}

function dayOf(time: Date, timeZone: string): Day {
  const { year = 0, month = 1, day = 1 } = partsOf(time, timeZone);
  return { year, month, day };
}

/**
 * The offset that holds at midnight may not be the one that holds now, so it is looked up twice. Where the clocks go
 * forward at midnight there is none, and the second look may lead back into the day before.
 */
function midnight({ year, month, day }: Day, timeZone: string): Date {
  const wall = Date.UTC(year, month - 1, day);
  const first = new Date(wall - offsetMs(new Date(wall), timeZone));
  const second = new Date(wall - offsetMs(first, timeZone));
  const wanted = new Date(wall).getUTCDate();
  return dayOf(second, timeZone).day === wanted ? second : first;
}

/** How far the clocks there are ahead of UTC. */
function offsetMs(time: Date, timeZone: string): number {
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = partsOf(time, timeZone);
  const whole = Math.floor(time.getTime() / 1000) * 1000;
  return Date.UTC(year, month - 1, day, hour, minute, second) - whole;
}

type Parts = Partial<Record<Intl.DateTimeFormatPartTypes, number>>;

function partsOf(time: Date, timeZone: string): Parts {
  const format = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
}
