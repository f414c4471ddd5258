/** Lengths, renewals and the rhythm of heartbeats. */
import { describe, expect, it } from 'vitest';
import { clampLeaseMs, heartbeatSeconds, isExpired, renewedUntil } from '../../src/core/lease.ts';
import { instanceStatus } from '../../src/core/instance.ts';
import { RANK_ORDER, rankOf } from '../../src/core/lanes.ts';
import { titleOf } from '../../src/core/event.ts';
import { aLiveLease, minutesAfterNoon, NOON } from '../support/builders.ts';

const HOURS_2 = 7_200_000;

describe('the length of a lease', () => {
  it.each([
    ['what was not asked for is the longest', undefined, HOURS_2, HOURS_2],
    ['what was asked for within the limits', 60_000, HOURS_2, 60_000],
    ['too short becomes ten seconds', 1, HOURS_2, 10_000],
    ['exactly ten seconds stays', 10_000, HOURS_2, 10_000],
    ['too long becomes the longest', HOURS_2 + 1, HOURS_2, HOURS_2],
    ['endless becomes the longest', Number.MAX_VALUE, HOURS_2, HOURS_2],
    ['a longest below ten seconds is also the shortest', 1, 6000, 6000],
    ['a longest below ten seconds holds for the default', undefined, 6000, 6000],
    ['a fraction of a millisecond is no time', 16_100.000000000002, HOURS_2, 16_100],
    ['a longest with a fraction is rounded too', undefined, 19_980.4, 19_980],
    ['is never nothing', undefined, 0.06, 1],
  ])('%s', (_rule, wanted, longest, length) => {
    expect(clampLeaseMs(wanted, longest)).toBe(length);
  });
});

describe('a renewal', () => {
  it('lasts the length that the claim was given', () => {
    const lease = aLiveLease({ lengthMs: 60_000, expiresAt: minutesAfterNoon(1) });
    expect(renewedUntil(lease, new Date(NOON.getTime() + 30_000))).toEqual(new Date(NOON.getTime() + 90_000));
  });

  it('never shortens', () => {
    const lease = aLiveLease({ lengthMs: 60_000, expiresAt: minutesAfterNoon(10) });
    expect(renewedUntil(lease, NOON)).toEqual(minutesAfterNoon(10));
  });
});

it('a lease expires at its expiry, not before', () => {
  const lease = aLiveLease({ expiresAt: NOON });
  expect(isExpired(lease, new Date(NOON.getTime() - 1))).toBe(false);
  expect(isExpired(lease, NOON)).toBe(true);
});

it.each([
  [HOURS_2, 60],
  [180_000, 60],
  [10_000, 3.3],
  [6000, 2],
  [1, 0.1],
])('three heartbeats fit into a lease of %i ms: one each %d s', (length, seconds) => {
  expect(heartbeatSeconds(length)).toBe(seconds);
});

it.each([
  ['working', true, 10 * 60_000],
  ['idle', false, 120_000],
  ['offline', false, 120_001],
] as const)('an instance is %s with a lease: %s, after %i ms of silence', (status, holdsLease, silence) => {
  const now = new Date(NOON.getTime() + silence);
  expect(instanceStatus({ lastSeen: NOON, holdsLease }, now)).toBe(status);
});

describe('ranks', () => {
  it('order high before medium before low', () => {
    const ranks = (['high', 'medium', 'low'] as const).map(rankOf);
    expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
    expect(new Set(ranks).size).toBe(3);
    expect(RANK_ORDER).toEqual(ranks);
  });
});

describe('a title', () => {
  it.each([
    ['the first line with something in it', '\n\n  Fix   the\tdoor \r\nand more', 'Fix the door'],
    ['a short text as it is', 'short', 'short'],
    ['a hundred letters as they are', 'x'.repeat(100), 'x'.repeat(100)],
    ['a longer text shortened to a hundred', 'x'.repeat(101), `${'x'.repeat(99)}…`],
    ['no half of a pair', `${'x'.repeat(98)}😀😀`, `${'x'.repeat(98)}…`],
    ['nothing for nothing', '  \n ', ''],
  ])('is %s', (_rule, text, title) => {
    expect(titleOf(text)).toBe(title);
  });
});
