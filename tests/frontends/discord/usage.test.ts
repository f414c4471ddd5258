import { afterEach, describe, expect, test } from 'vitest';
import { startOfDay, startOfMonth } from '../../../src/core/calendar.ts';
import { totals } from '../../contracts/run-world.ts';
import { finished, running } from './runs-on-stage.ts';
import { openStage, type Stage } from './stage.ts';

describe('/usage', () => {
  let stage: Stage;

  afterEach(async () => {
    await stage.close();
    expect(stage.twin.violations).toEqual([]);
  });

  const spend = async (submittedBy: string | undefined, project: string | undefined, costUsd: number) => {
    const { id } = await stage.store.decide(stage.tasks.submit({ description: 'x', submittedBy, project }));
    await finished(stage, await running(stage, id), { totals: totals({ costUsd, inputTokens: 1_200_000 }) });
  };

  test('tells today and this month, to the person alone, the dearest first', async () => {
    stage = await openStage({ config: { timeZone: 'Europe/Berlin' } });
    await spend('@bob', 'shop', 1);
    stage.clock.advance(3 * 86_400_000);
    await spend('@alice', 'notes', 2.5);
    await spend('@alice', undefined, 1_000);
    await spend(undefined, 'notes', 0);
    const told = await stage.twin.user('alice').slash('usage').message();
    expect(told.isEphemeral).toBe(true);
    expect(told.text.split('\n')).toEqual([
      '💸 Spending',
      '**Today** $1,002.50 · 3 tasks',
      '**January** $1,003.50 · 4 tasks',
      '4.8M tokens in, 40 out',
      'People today: @alice · $1,002.50 · 2 tasks',
      'nobody named · $0.00 · 1 task',
      'People in January: @alice · $1,002.50 · 2 tasks',
      '@bob · $1.00 · 1 task',
      'nobody named · $0.00 · 1 task',
      'Projects: no project · $1,000.00 · 1 task',
      'notes · $2.50 · 2 tasks',
      'shop · $1.00 · 1 task',
      'Models: model-1 · $1,003.50 · 4 tasks',
      'Days and months as in Europe/Berlin',
    ]);
  });

  test('says what each person may spend, where that is limited', async () => {
    stage = await openStage({ config: { timeZone: 'UTC', dailyCostUsd: 12.5 } });
    const told = await stage.twin.user('alice').slash('usage').message();
    expect(told.text).toContain('Each person may spend $12.50 a day · Days and months as in UTC');
  });

  test('fits a phone however many there are and whatever they are called', async () => {
    stage = await openStage();
    for (let n = 0; n < 12; n += 1) await spend(`*${n}* ${'@everyone '.repeat(9)}`.trim(), `p-${n}`, n);
    const told = await stage.twin.user('alice').slash('usage').message();
    expect(told.text).toContain('… and 7 more');
    expect(told.text).toContain('\\*11\\*');
    expect(stage.twin.pings).toEqual([]);
  });

  test('says zero where nothing was spent', async () => {
    stage = await openStage();
    const told = await stage.twin.user('alice').slash('usage').message();
    expect(told.text).toContain('**Today** $0.00 · 0 tasks\n**January** $0.00 · 0 tasks');
  });
});

describe('days and months', () => {
  test.each([
    ['Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-28T23:00:00.000Z', '2026-02-28T23:00:00.000Z'],
    ['Europe/Berlin', '2026-10-25T12:00:00Z', '2026-10-24T22:00:00.000Z', '2026-09-30T22:00:00.000Z'],
    ['America/New_York', '2026-01-01T03:00:00Z', '2025-12-31T05:00:00.000Z', '2025-12-01T05:00:00.000Z'],
    ['Asia/Kathmandu', '2026-05-31T18:14:59Z', '2026-05-30T18:15:00.000Z', '2026-04-30T18:15:00.000Z'],
    ['Asia/Kathmandu', '2026-05-31T18:15:00Z', '2026-05-31T18:15:00.000Z', '2026-05-31T18:15:00.000Z'],
    // No midnight there: the clocks go from 24:00 to 01:00.
    ['America/Santiago', '2026-09-06T12:00:00Z', '2026-09-06T04:00:00.000Z', '2026-09-01T04:00:00.000Z'],
    ['America/Santiago', '2026-04-05T12:00:00Z', '2026-04-05T04:00:00.000Z', '2026-04-01T03:00:00.000Z'],
    ['Asia/Beirut', '2026-03-29T12:00:00Z', '2026-03-28T22:00:00.000Z', '2026-02-28T22:00:00.000Z'],
    ['America/Havana', '2026-11-01T12:00:00Z', '2026-11-01T04:00:00.000Z', '2026-11-01T04:00:00.000Z'],
    ['UTC', '2026-01-15T12:00:00Z', '2026-01-15T00:00:00.000Z', '2026-01-01T00:00:00.000Z'],
  ])('in %s at %s', (zone, now, day, month) => {
    expect(startOfDay(new Date(now), zone).toISOString()).toBe(day);
    expect(startOfMonth(new Date(now), zone).toISOString()).toBe(month);
  });
});
