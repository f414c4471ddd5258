import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { begin, report, told } from '../../contracts/run-world.ts';
import { eventually, headlines } from './stage.ts';
import { openThreadStage, type ThreadStage } from './thread-stage.ts';

const SEND = { method: 'POST', path: /^\/channels\/\d+\/messages$/ };
const EDIT = { method: 'PATCH', path: /^\/channels\/\d+\/messages\/\d+$/ };
const MAKE = { method: 'POST', path: /^\/channels\/\d+\/messages\/\d+\/threads$/ };
const HOUR_MS = 3_600_000;

describe('each message reaches its thread exactly once and in order', () => {
  let on: ThreadStage;

  beforeEach(async () => {
    on = await openThreadStage();
  });

  afterEach(async () => {
    await on.close();
    expect(on.stage.twin.violations).toEqual([]);
    expect(on.stage.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  const long = (name: string) =>
    Array.from({ length: 200 }, (_line, at) => `${name} ${at}: as it is`).join('\n');

  async function expectAllOnce(id: number): Promise<void> {
    const texts = (await told(on.world, id)).filter(({ kind }) => kind === 'text').map(({ text }) => text);
    const shown = (await on.thread(id))
      .map(({ content }) => content)
      .filter((text) => !/^▶️|^<@|^$|^ℹ️/.test(text));
    expect(shown.join('\n')).toBe(texts.join('\n'));
  }

  test.each([
    ['answered 502', { kind: 'status', status: 502, applied: true } as const],
    ['cut off', { kind: 'cut', when: 'after' } as const],
    ['lost on the way', { kind: 'cut', when: 'before' } as const],
  ])('sent and %s', async (_name, fault) => {
    const of = await on.run();
    await on.settle(of.id);
    on.stage.twin.fault(SEND, fault);
    await on.report(of, [long('First')]);
    await on.settle(of.id);
    await on.report(of, ['Second.']);
    await on.settle(of.id);
    await expectAllOnce(of.id);
  });

  test.each([
    ['within the memory of nonces', 0, 0],
    ['after it, at the first part', HOUR_MS, 0],
    ['after it, in the middle', HOUR_MS, 2],
  ])('killed between sending and remembering, back %s', async (_name, awayMs, part) => {
    const of = await on.run();
    await on.settle(of.id);
    let passed = 0;
    const isIt = (path: string) => SEND.path.test(path) && (passed += 1) > part;
    const held = on.stage.twin.fault(({ method, path }) => method === 'POST' && isIt(path), {
      kind: 'hold',
      when: 'after',
    });
    await on.report(of, [long('First'), 'Second.']);
    await eventually(() => {
      on.stage.clock.advance(20);
      return held.held === 1;
    });
    const gone = on.restart(awayMs);
    held.release();
    await gone;
    // What is said meanwhile does not change what was about to be said.
    await on.report(of, ['Third.']);
    on.stage.twin.user('bob').say('Chatter', { channel: 'claude-tasks' });
    await on.settle(of.id);
    await expectAllOnce(of.id);
  });

  test('the same words twice are two messages', async () => {
    const of = await on.run();
    await on.report(of, ['ok']);
    await on.settle(of.id);
    on.stage.twin.fault(SEND, { kind: 'cut', when: 'before' });
    await on.report(of, ['ok']);
    await eventually(() => {
      on.stage.clock.advance(20);
      return on.stage.log.some(({ message }) => message === 'a thread is told later');
    });
    on.stage.clock.advance(HOUR_MS);
    await on.settle(of.id);
    await expectAllOnce(of.id);
  });

  test.each([
    ['answered 502', { kind: 'status', status: 502, applied: true } as const],
    ['cut off', { kind: 'cut', when: 'after' } as const],
  ])('a thread that was made but %s is the one', async (_name, fault) => {
    on.stage.twin.fault(MAKE, fault);
    const of = await on.run();
    await on.report(of, ['Hello.']);
    await on.settle(of.id);
    await expectAllOnce(of.id);
    const card = on.stage.messageWith('Task ID: #1');
    expect((await on.thread(of.id))[0]?.channelId).toBe(card.id);
  });

  test('through an outage: what was said meanwhile comes after it, and the end last', async () => {
    const of = await on.run();
    await on.report(of, ['Before.']);
    await on.settle(of.id);
    await on.stage.twin.beginOutage();
    for (const text of ['One.', 'Two.', long('Three')]) {
      await on.report(of, [text, { kind: 'tool', text: 'Read: a.ts' }]);
      on.stage.clock.advance(7_000);
    }
    await on.world.run(on.world.tasks.complete(of.id, { leaseId: of.leaseId }, { report: report() }));
    on.stage.clock.advance(HOUR_MS);
    await on.stage.twin.endOutage();
    await on.settle(of.id);
    await expectAllOnce(of.id);
    expect(headlines(await on.thread(of.id)).at(-1)).toBe('✅ Done · task #1');
    expect(on.stage.twin.pings).toHaveLength(1);
  });

  test('many runs at once: none waits for another, and each thread is whole', async () => {
    const runs = [];
    for (let count = 0; count < 8; count += 1) {
      const id = await on.submit(`Task number ${count}`);
      runs.push(await begin(on.world, id, `w-${count}`));
    }
    const held = on.stage.twin.fault(
      ({ method, path }) =>
        method === 'POST' && path.includes(`/channels/${on.stage.messageWith('Task number 0').id}/messages`),
      { kind: 'hold', when: 'before' },
    );
    for (let round = 0; round < 3; round += 1) {
      for (const of of runs)
        await on.report(of, [`Round ${round} of ${of.id}.`, { kind: 'tool', text: `Read: ${round}` }]);
      await on.settle(...runs.slice(1).map(({ id }) => id));
    }
    held.release();
    await on.settle(...runs.map(({ id }) => id));
    for (const { id } of runs) await expectAllOnce(id);
  });

  test('a thread that sleeps is woken by what is said, and by an edit', async () => {
    const of = await on.run();
    await on.report(of, [{ kind: 'tool', text: 'Read: a.ts' }]);
    await on.settle(of.id);
    const thread = on.stage.twin.channel((await on.thread(of.id))[0]?.channelId ?? '');
    thread.archive();
    await on.report(of, [{ kind: 'tool', text: 'Read: b.ts' }]);
    await on.settle(of.id);
    expect((await on.thread(of.id))[1]?.text).toBe('🔧 2 steps\nRead: a.ts\nRead: b.ts');
    thread.archive();
    await on.report(of, ['Hello.']);
    await on.settle(of.id);
    await expectAllOnce(of.id);
  });

  test('an edit that fails is made again', async () => {
    const of = await on.run();
    await on.report(of, [{ kind: 'tool', text: 'Read: a.ts' }]);
    await on.settle(of.id);
    on.stage.twin.fault(EDIT, { kind: 'status', status: 500 });
    await on.report(of, [{ kind: 'tool', text: 'Read: b.ts' }, 'Read.']);
    await on.settle(of.id);
    expect((await on.thread(of.id)).slice(1).map(({ text }) => text)).toEqual([
      '🔧 2 steps\nRead: a.ts\nRead: b.ts',
      'Read.',
    ]);
  });

  test('a card of ours that somebody deleted is left alone', async () => {
    const of = await on.run();
    await on.report(of, [{ kind: 'tool', text: 'Read: a.ts' }]);
    await on.settle(of.id);
    on.stage.twin.fault(EDIT, {
      kind: 'status',
      status: 404,
      body: { message: 'Unknown Message', code: 10008 },
    });
    await on.report(of, [{ kind: 'tool', text: 'Read: b.ts' }]);
    await on.settle(of.id);
    await on.report(of, [{ kind: 'tool', text: 'Read: c.ts' }]);
    await on.settle(of.id);
    expect((await on.thread(of.id)).at(-1)?.text).toBe('🔧 1 step\nRead: c.ts');
  });
});
