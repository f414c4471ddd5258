/** What /status and /queue tell of workers. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Announcement } from '../../../src/core/worker.ts';
import { createInstanceService } from '../../../src/core/instance-service.ts';
import { openStage, type Stage } from './stage.ts';

describe('workers', () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await openStage();
  });

  afterEach(async () => {
    await stage.close();
    expect(stage.twin.violations).toEqual([]);
  });

  const seconds = () => stage.clock.now().getTime() / 1000;
  const show = async (command: string) => (await stage.twin.user('alice').slash(command).message()).text;
  const announce = (instanceId: string, facts: Partial<Announcement> = {}) => {
    const worker = {
      session: instanceId,
      concurrency: 2,
      problem: null,
      replaces: null,
      leaves: false,
      projects: ['notes', null],
      capabilities: ['gpu'],
      ...facts,
    };
    const instances = createInstanceService({ clock: stage.clock });
    return stage.store.decide(instances.heartbeat({ instanceId, worker }));
  };

  test('/status counts those that it does not show', async () => {
    const name = (at: number) => `${at}-${'machine'.repeat(9)}`;
    for (let at = 0; at < 40; at += 1) await announce(name(at));
    const text = await show('status');
    const shown = text.match(/🟢/g)?.length ?? 0;
    expect(text).toContain(`… and ${40 - shown} more`);
  });

  test('/status tells what each runs and since when, and what it serves', async () => {
    await announce('lab-1');
    for (const description of ['a', 'b']) {
      await stage.store.decide(stage.tasks.submit({ description }));
    }
    await stage.store.decide(stage.tasks.claim(1, { instanceId: 'lab-1' }));
    const first = seconds();
    stage.clock.advance(60_000);
    await stage.store.decide(stage.tasks.claim(2, { instanceId: 'lab-1' }));
    const text = await show('status');
    expect(text).toContain(
      `🔵 lab-1 · working on #1 since <t:${first}:R>, #2 since <t:${seconds()}:R> · last`,
    );
    expect(text).toContain('serves notes, tasks without a project · has gpu · 2 tasks at a time');
  });

  test('a faulty worker stands out in both, however it says so, until it is gone', async () => {
    await announce('lab-1', { problem: 'push refused for notes: 403 @everyone **now**' });
    for (const command of ['status', 'queue']) {
      expect(await show(command)).toContain('push refused for notes: 403 @everyone \\*\\*now\\*\\*');
    }
    expect(await show('queue')).toContain('⚠️ lab-1: push refused');
    expect(stage.twin.pings).toEqual([]);
    stage.clock.advance(121_000);
    for (const command of ['status', 'queue']) expect(await show(command)).not.toContain('push refused');
  });

  test('many workers with long troubles fit', async () => {
    for (let n = 0; n < 40; n += 1) {
      await announce(`lab-${n}`, {
        problem: 'no '.repeat(200).trim(),
        projects: Array.from({ length: 60 }, (_, index) => `project-${index}`),
      });
    }
    expect(await show('queue')).toMatch(/… and \d+ more/);
    expect(await show('status')).toMatch(/… and \d+ more/);
  });
});
