/** When a backup is made: due times, misses, failures. Where it goes is a list in memory. */
import { expect, it } from 'vitest';
import { createBackupSchedule, type BackupShelf } from '../../src/background/backup-schedule.ts';
import { manualClock, type ManualClock } from '../support/clock.ts';
import { turns } from '../support/http-until.ts';
import { recordingLogger } from '../support/logger.ts';

const HOUR = 60 * 60_000;

/** Backups made at these hours before the start; `fails` makes the next ones fail. */
function world({ hoursAgo = [] as number[], everyMs = 24 * HOUR, clock = manualClock() } = {}) {
  const start = clock.now().getTime();
  const times = hoursAgo.map((hours) => new Date(start - hours * HOUR));
  const state = { failing: false, stopped: 0, rotated: 0 };
  const shelf: BackupShelf = {
    newest: (now) =>
      times
        .filter((at) => at <= now)
        .sort((a, b) => +a - +b)
        .at(-1) ?? null,
    make(now) {
      if (state.failing) return Promise.reject(new Error('The disk is full.'));
      times.push(now);
      return Promise.resolve({ file: `backup ${times.length}`, bytes: 1, tasks: 1, events: 1 });
    },
    rotate: () => {
      state.rotated += 1;
      return [];
    },
    stop: () => {
      state.stopped += 1;
      return Promise.resolve();
    },
  };
  const logger = recordingLogger();
  const begin = () => createBackupSchedule({ shelf, everyMs, clock, logger, random: () => 0.5 });
  const schedule = begin();
  schedule.start();
  const count = () => times.length - hoursAgo.length;
  return { schedule, begin, clock, logger, state, count, pass: (ms: number) => pass(clock, ms) };
}

/** In steps shorter than a look, for a look has to end before the next can begin. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 5 * 60_000) {
    clock.advance(Math.min(left, 5 * 60_000));
    await turns(4);
  }
}

it('the first one is made soon after the first start, and then one each day', async () => {
  const { schedule, pass, count, state } = world();
  await pass(4000);
  expect(count()).toBe(0);
  await pass(11_000);
  expect(count()).toBe(1);
  await pass(23 * HOUR);
  expect(count()).toBe(1);
  await pass(HOUR + 10 * 60_000);
  expect(count()).toBe(2);
  expect(state.rotated).toBe(2);
  await schedule.stop();
});

it('is due by the newest backup that is there, not by how long the server runs', async () => {
  const { schedule, pass, count } = world({ hoursAgo: [60, 20] });
  await pass(3 * HOUR);
  expect(count()).toBe(0);
  await pass(HOUR + 10 * 60_000);
  expect(count()).toBe(1);
  await schedule.stop();
});

it('restarts more often than backups are due do not put them off', async () => {
  const { schedule, begin, pass, count } = world({ hoursAgo: [1] });
  await schedule.stop();
  for (let start = 0; start < 30; start += 1) {
    const next = begin();
    next.start();
    await pass(HOUR);
    await next.stop();
  }
  expect(count()).toBe(1);
});

it('one that was missed while the server was off is made soon after the start, once', async () => {
  const { schedule, pass, count } = world({ hoursAgo: [24 * 30] });
  await pass(15_000);
  expect(count()).toBe(1);
  await pass(20 * HOUR);
  expect(count()).toBe(1);
  await schedule.stop();
});

it('a backup from the future, made by a clock that was wrong, does not stop the ones of now', async () => {
  const { schedule, pass, count } = world({ hoursAgo: [-24 * 365] });
  await pass(15_000);
  expect(count()).toBe(1);
  await schedule.stop();
});

it('a clock that is set forward makes it due, as does a machine that slept', async () => {
  const { schedule, clock, pass, count } = world({ hoursAgo: [1] });
  await pass(60_000);
  clock.jump(25 * HOUR);
  await pass(10 * 60_000);
  expect(count()).toBe(1);
  await schedule.stop();
});

it('longer than a timer can count is no trouble', async () => {
  const { schedule, pass, count } = world({ hoursAgo: [24 * 29], everyMs: 30 * 24 * HOUR });
  await pass(23 * HOUR);
  expect(count()).toBe(0);
  await pass(2 * HOUR);
  expect(count()).toBe(1);
  await schedule.stop();
});

it('a failure is a warning with the next step, shows in the health, and is tried again', async () => {
  const { schedule, pass, count, logger, state } = world();
  state.failing = true;
  await pass(12_000);
  expect(schedule.health()).toEqual({ lastAt: null, isOk: false });
  expect(logger.lines).toEqual([
    expect.objectContaining({ level: 'warn', message: 'the scheduled backup failed' }),
  ]);
  expect(logger.lines[0]?.details).toMatchObject({
    reason: 'The disk is full.',
    next: expect.stringContaining('BACKUP_DIR') as string,
  });
  await pass(2 * HOUR);
  const tries = logger.lines.length;
  expect(tries).toBeGreaterThan(8);
  expect(tries).toBeLessThan(20);
  state.failing = false;
  await pass(15 * 60_000);
  expect(count()).toBe(1);
  expect(schedule.health()).toEqual({ lastAt: expect.any(Date) as Date, isOk: true });
  await schedule.stop();
});

it('a stop ends the one that is being made, and nothing is made afterwards', async () => {
  const { schedule, pass, count, state } = world();
  await schedule.stop();
  expect(state.stopped).toBe(1);
  await pass(48 * HOUR);
  expect(count()).toBe(0);
});
