import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClientError } from '../../cli/errors.ts';
import { delayBefore, parseRetryAfter, retry } from '../../cli/retry.ts';

function pace(random = 0.5) {
  let time = 1_000_000;
  const slept: number[] = [];
  const sleep = (ms: number) => {
    slept.push(ms);
    time += ms;
    return Promise.resolve();
  };
  return { slept, pass: (ms: number) => (time += ms), now: () => time, random: () => random, sleep };
}

const lost = (retryAfterMs?: number) =>
  new ClientError('unreachable', 'lost', { isTransient: true, retryAfterMs });

describe('retrying', () => {
  it('gives the answer of the first try that succeeds', async () => {
    const clock = pace();
    let tries = 0;
    const answer = await retry(() => {
      tries += 1;
      return tries < 3 ? Promise.reject(lost()) : Promise.resolve('done');
    }, clock);
    expect(answer).toBe('done');
    expect(clock.slept).toEqual([150, 300]);
  });

  it('gives up after a few tries', async () => {
    const clock = pace();
    await expect(retry(() => Promise.reject(lost()), clock)).rejects.toThrow('lost');
    expect(clock.slept).toHaveLength(3);
  });

  it('starts no new try when the time is used up', async () => {
    const clock = pace();
    const hang = () => {
      clock.pass(10_000);
      return Promise.reject(lost());
    };
    await expect(retry(hang, clock)).rejects.toThrow('lost');
    expect(clock.slept).toHaveLength(1);
  });

  it('of one who waits goes on until that wait is over', async () => {
    const clock = pace();
    const until = clock.now() + 50_000;
    const lostLate = () => {
      clock.pass(20_000);
      return Promise.reject(lost());
    };
    await expect(retry(lostLate, clock, { tries: 4, withinMs: 18_000, until })).rejects.toThrow('lost');
    expect(clock.slept).toEqual([150, 300, 600]);
    const down = pace();
    const wait = { tries: 4, withinMs: 18_000, until: down.now() + 25_000 };
    await expect(retry(() => Promise.reject(lost()), down, wait)).rejects.toThrow('lost');
    expect(down.slept.length).toBeGreaterThan(10);
    expect(down.now()).toBeLessThanOrEqual(wait.until);
  });

  it('does not repeat what was refused', async () => {
    const clock = pace();
    const refused = new ClientError('lease_lost', 'gone', { status: 409 });
    await expect(retry(() => Promise.reject(refused), clock)).rejects.toBe(refused);
    expect(clock.slept).toEqual([]);
  });

  it('takes nothing for an answer that is not Athena, for as long as it is told to', async () => {
    const foreign = new ClientError('http_404', 'a proxy', { status: 404, isForeign: true });
    const attempt = () => Promise.reject(foreign);
    const clock = pace();
    await expect(retry(attempt, clock)).rejects.toBe(foreign);
    expect(clock.slept).toEqual([]);
    const wait = { tries: Infinity, withinMs: Infinity, foreignMs: 60_000 };
    const begun = clock.now();
    await expect(retry(attempt, clock, wait)).rejects.toBe(foreign);
    expect(clock.now() - begun).toBeGreaterThan(55_000);
    expect(clock.now() - begun).toBeLessThanOrEqual(60_000);
  });

  it('waits for a server that is away, but not for one that goes on failing', async () => {
    const clock = pace();
    const wait = { tries: Infinity, withinMs: Infinity, foreignMs: 60_000, failingMs: 60_000 };
    const said = (status: number, facts: object = {}) =>
      new ClientError('unavailable', `${status}`, { status, isTransient: true, ...facts });
    const late = new ClientError('unreachable', 'late', { isTransient: true, isTimeout: true });
    for (const error of [said(500), said(502, { isForeign: true }), late]) {
      const begun = clock.now();
      let tries = 0;
      const attempt = () => {
        tries += 1;
        // It is away for a long time first, and that does not count.
        return Promise.reject(tries > 1000 ? error : tries % 2 === 0 ? lost() : said(503));
      };
      await expect(retry(attempt, clock, wait)).rejects.toBe(error);
      const failedMs = clock.now() - begun - 1000 * 2_500;
      expect(Math.abs(failedMs - 60_000)).toBeLessThan(20_000);
    }
  });

  it('waits at least as long as the server asks, and gives up where that is too long', async () => {
    const clock = pace(0);
    await expect(retry(() => Promise.reject(lost(3000)), clock)).rejects.toThrow('lost');
    expect(clock.slept).toEqual([3000, 3000, 3000]);
    const other = pace(0);
    await expect(retry(() => Promise.reject(lost(60_000)), other)).rejects.toThrow('lost');
    expect(other.slept).toEqual([]);
  });

  it('jitters over the whole bound, which doubles up to 5 s', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, random) => {
          const delay = delayBefore(failures, 0, random);
          return delay >= 0 && delay <= Math.min(5000, 300 * 2 ** (failures - 1));
        },
      ),
    );
  });

  it('reads Retry-After as seconds and as a date', () => {
    const now = Date.parse('2026-03-01T12:00:00Z');
    expect(parseRetryAfter('7', now)).toBe(7000);
    expect(parseRetryAfter('Sun, 01 Mar 2026 12:00:09 GMT', now)).toBe(9000);
    expect(parseRetryAfter('Sun, 01 Mar 2026 11:00:00 GMT', now)).toBe(0);
    expect(parseRetryAfter('soon', now)).toBeUndefined();
    expect(parseRetryAfter(undefined, now)).toBeUndefined();
  });
});
