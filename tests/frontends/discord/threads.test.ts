import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openThreadStage, type ThreadStage } from './thread-stage.ts';

describe('the thread of a task', () => {
  let on: ThreadStage;

  beforeEach(async () => {
    on = await openThreadStage();
  });

  afterEach(async () => {
    await on.close();
    expect(on.stage.twin.violations).toEqual([]);
  });

  test('is made on its card at the first claim by a worker', async () => {
    const { id } = await on.run();
    await on.settle(id);
    const card = on.stage.messageWith('Task ID: #1');
    const thread = on.stage.twin.channel(card.id);
    expect(thread.name).toBe('#1 Deploy new monitoring stack');
    expect(thread.messages.map(({ content }) => content)).toEqual(['▶️ Run 1 of task #1 · w-1']);
    expect(on.stage.twin.requests.find(({ path }) => path.endsWith('/threads'))?.body).toMatchObject({
      auto_archive_duration: 10_080,
    });
  });

  test('a claim by a person makes none', async () => {
    const id = await on.submit();
    await on.world.run(on.world.tasks.claim(id, { instanceId: 'mac' }));
    on.stage.clock.advance(5_000);
    expect(on.stage.twin.requests.filter(({ path }) => path.endsWith('/threads'))).toEqual([]);
  });

  test('shows what the run says, silently and in order', async () => {
    const of = await on.run();
    await on.report(of, ['I look at it first.']);
    await on.settle(of.id);
    await on.report(of, ['Found it.', 'It is the clock.']);
    await on.settle(of.id);
    const shown = await on.thread(of.id);
    expect(shown.slice(1).map(({ content }) => content)).toEqual([
      'I look at it first.',
      'Found it.\nIt is the clock.',
    ]);
    expect(shown.every(({ isSilent }) => isSilent)).toBe(true);
    expect(on.stage.twin.pings).toEqual([]);
  });
});
