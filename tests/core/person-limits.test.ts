/** Whether a person may ask for one more task, and what they are told if not. */
import { describe, expect, it } from 'vitest';
import { DomainError } from '../../src/core/errors.ts';
import { requireRoom, tallyFor, type PersonLimits } from '../../src/core/person-limits.ts';

const NOW = new Date('2026-01-15T14:20:00.000Z');
const ago = (ms: number) => new Date(NOW.getTime() - ms);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function told(limits: Partial<PersonLimits>, tally: { open?: number; nthNewestAt?: Date }): string | null {
  try {
    requireRoom(
      { openPerPerson: null, submissionsPerHour: null, ...limits },
      { open: 0, nthNewestAt: null, ...tally },
      NOW,
    );
    return null;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    expect(error.code).toBe('limit_reached');
    return error.message;
  }
}

describe('limits of a person', () => {
  it('hold nobody where none are set', () => {
    expect(told({}, { open: 1_000, nthNewestAt: NOW })).toBeNull();
  });

  it('let as many tasks be open as they say, and tell what makes room', () => {
    expect(told({ openPerPerson: 3 }, { open: 2 })).toBeNull();
    expect(told({ openPerPerson: 3 }, { open: 3 })).toBe(
      'You have 3 tasks open, which is the limit. The next one is possible as soon as one of them has ended: wait for it, or cancel one.',
    );
    expect(told({ openPerPerson: 1 }, { open: 2 })).toMatch(
      /^You have more than 1 task open, and 1 at a time is the limit\./,
    );
  });

  it.each([
    [48 * MINUTE, 'at 14:32 UTC (in 12 minutes)'],
    [47.5 * MINUTE, 'at 14:33 UTC (in 13 minutes)'],
    [0, 'at 15:20 UTC (in 60 minutes)'],
    [HOUR - 1, 'at 14:21 UTC (in 1 minute)'],
  ])('with the tenth newest submission %i ms ago, tell when the next one is possible', (age, when) => {
    expect(told({ submissionsPerHour: 10 }, { nthNewestAt: ago(age) })).toBe(
      `You have queued 10 tasks in the last hour, which is the limit. The next one is possible ${when}.`,
    );
  });

  it('let the next one in when the hour is over, to the millisecond', () => {
    expect(told({ submissionsPerHour: 10 }, { nthNewestAt: ago(HOUR) })).toBeNull();
  });

  it('ask for no more than they need', () => {
    const of = (limits: PersonLimits) => tallyFor('discord:7', limits, NOW);
    expect(of({ openPerPerson: null, submissionsPerHour: 5 })).toMatchObject({ openUpTo: 0, nth: 5 });
    expect(of({ openPerPerson: 3, submissionsPerHour: null })).toMatchObject({ openUpTo: 4, nth: null });
  });
});
