import { afterEach, beforeEach, expect, test } from 'vitest';
import { begin } from '../../contracts/run-world.ts';
import { eventually } from './stage.ts';
import { openThreadStage, type ThreadStage } from './thread-stage.ts';

const HOUR_MS = 3_600_000;

let on: ThreadStage;

beforeEach(async () => {
  on = await openThreadStage();
});

afterEach(async () => {
  await on.close();
  expect(on.stage.twin.violations).toEqual([]);
});

const nonceOf = (body: unknown) => (body as { nonce?: string } | null)?.nonce ?? '';

test('of two tasks in one thread neither takes what the other has said for its own', async () => {
  const alice = on.stage.twin.user('alice');
  const place = on.stage.twin.channel('claude-tasks').startThread('Plans', alice.id);
  for (const description of ['One', 'Two']) {
    await alice.slash('task', { description }, { channel: place.id }).message();
    await on.stage.relay.run();
  }
  const [one, two] = [await begin(on.world, 1, 'w-1'), await begin(on.world, 2, 'w-2')];
  await on.settle(1, 2);
  const lost = on.stage.twin.fault(
    ({ method, body }) => method === 'POST' && nonceOf(body).startsWith('t1.'),
    {
      kind: 'cut',
      when: 'before',
    },
    { times: 1_000 },
  );
  await on.report(one, ['All tests pass.']);
  await eventually(() => {
    on.stage.clock.advance(20);
    return lost.hits > 0;
  });
  await on.report(two, ['All tests pass.']);
  await on.settle(2);
  await on.report(two, ['And more.']);
  await on.settle(2);
  on.stage.clock.advance(HOUR_MS);
  lost.remove();
  await on.settle(1, 2);
  const said = place.messages.map(({ content }) => content).filter((text) => text === 'All tests pass.');
  expect(said).toHaveLength(2);
});

test('what follows a part that Discord refused is not said twice', async () => {
  const of = await on.run();
  await on.settle(of.id);
  on.stage.twin.fault(
    ({ method, body }) => method === 'POST' && JSON.stringify(body ?? '').includes('blocked'),
    {
      kind: 'status',
      status: 400,
      body: { code: 200_000, message: 'Message was blocked by automatic moderation' },
    },
    { times: 10 },
  );
  const held = on.stage.twin.fault(
    ({ method, body }) => method === 'POST' && JSON.stringify(body ?? '').includes('zzz'),
    { kind: 'hold', when: 'after' },
  );
  const parts = ['x'.repeat(1_700), `blocked ${'y'.repeat(1_700)}`, 'z'.repeat(1_500), 'w'.repeat(1_000)];
  await on.report(of, [parts.join('\n')]);
  await eventually(() => {
    on.stage.clock.advance(20);
    return held.held === 1;
  });
  const gone = on.restart(HOUR_MS);
  held.release();
  await gone;
  await on.settle(of.id);
  const shown = (await on.thread(of.id)).slice(1).map(({ content }) => content.slice(0, 1));
  expect(shown).toEqual(['x', 'z', 'w']);
});
