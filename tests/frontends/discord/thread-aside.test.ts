import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answer, ask, begin, reply, report } from '../../contracts/run-world.ts';
import { eventually, headlines } from './stage.ts';
import { openThreadStage, type ThreadStage } from './thread-stage.ts';

describe('a task without a thread', () => {
  let on: ThreadStage;

  beforeEach(async () => {
    on = await openThreadStage({ twin: { nonceMemoryMs: 60_000 } });
  });

  afterEach(async () => {
    await on.close();
    expect(on.stage.twin.violations).toEqual([]);
  });

  const channel = () => on.stage.twin.channel('claude-tasks');
  const alice = () => on.stage.twin.user('alice');
  const questions = () => channel().messages.filter(({ text }) => text.includes('Run npm test?'));
  const complete = (id: number, leaseId: string) =>
    on.world.run(on.world.tasks.complete(id, { leaseId }, { report: report() }));
  const deleteThread = async (id: number) => {
    const [first] = await on.thread(id);
    on.stage.twin.channel(String(first?.channelId)).remove();
  };

  async function withoutThread() {
    channel().setBotRights({ deny: ['CreatePublicThreads'] });
    const of = await on.run();
    await on.report(of, ['Hello.']);
    await on.settle(of.id);
    return of;
  }

  test('asks its submitter in the channel, once, and shows there who answered what', async () => {
    const of = await withoutThread();
    const { id } = await ask(on.world, of);
    await on.settle(of.id);
    const [card, ...others] = questions();
    expect(others).toEqual([]);
    expect(card?.embeds[0]?.title).toBe('❓ Task #1: Run npm test?');
    expect(card?.controls.map(({ label }) => label)).toEqual(['Allow once', 'Deny']);
    expect(on.stage.twin.pings).toMatchObject([{ messageId: card?.id, users: [alice().id] }]);
    await answer(on.world, id, 'allow_once');
    await on.settle(of.id);
    expect(questions()[0]?.text).toContain('Answered by Ada');
    expect(questions()[0]?.controls).toEqual([]);
    expect(on.stage.twin.pings).toHaveLength(1);
  });

  test('the line of its end says what came of it, and that of its wait what it waits for', async () => {
    const of = await withoutThread();
    await ask(on.world, of);
    await on.world.run(on.world.tasks.release(of.id, { leaseId: of.leaseId }, { retryInMs: 0 }));
    await on.stage.relay.run();
    expect(channel().messages.map(({ content }) => content)).toContain(
      '↩️ Task #1 given back by w-1 · waits for an answer',
    );
    await answer(on.world, 1, 'allow_once');
    await complete(of.id, (await begin(on.world, of.id)).leaseId);
    await on.settle(of.id);
    await on.stage.relay.run();
    const line = channel().messages.at(-1)?.text;
    expect(line).toContain('✅ Task #1 Completed!');
    expect(line).toContain('Summary: It works.');
    expect(line).toContain('Branch: claude/1-x');
    expect(line).toContain('Cost and tokens: $');
  });

  test('by its button the question is answered', async () => {
    const of = await withoutThread();
    const { id } = await ask(on.world, of);
    await on.settle(of.id);
    const [card] = questions();
    if (card === undefined) throw new Error('no card');
    alice().clickButton(card, 'Allow once');
    await on.settle(of.id);
    expect((await on.world.store.question(id))?.status).toBe('answered');
  });

  test('a card that was deleted before the claim', async () => {
    const taskId = await on.submit();
    const [card] = channel().messages;
    if (card !== undefined) alice().deleteMessage(card);
    await on.world.run(on.world.tasks.changePriority(taskId, {}, 'high'));
    await on.stage.relay.run();
    const of = await begin(on.world, taskId);
    await on.stage.relay.run();
    await ask(on.world, of);
    await on.settle(taskId);
    expect(questions()).toHaveLength(1);
    expect(on.stage.twin.pings).toHaveLength(1);
  });

  test('with its thread deleted', async () => {
    const of = await on.run();
    await on.report(of, ['Hello.']);
    await on.settle(of.id);
    await deleteThread(of.id);
    await on.report(of, ['Is anybody there?']);
    await on.settle(of.id);
    await ask(on.world, of);
    await on.settle(of.id);
    expect(questions()).toHaveLength(1);
    expect(on.stage.twin.pings).toHaveLength(1);
  });

  test('a right that came back within the run: the question brings the thread back', async () => {
    const of = await withoutThread();
    channel().setBotRights({});
    await ask(on.world, of);
    await on.settle(of.id);
    const shown = headlines(await on.thread(of.id));
    expect(shown.slice(0, 2)).toEqual(['▶️ Run 1 of task #1 · w-1', 'Hello.']);
    expect(shown.at(-1)).toBe('❓ Run npm test?');
    expect(questions()).toEqual([]);
    expect(on.stage.twin.pings).toHaveLength(1);
  });

  test('a thread that comes back does not ask again what the channel has asked', async () => {
    const of = await withoutThread();
    const { id } = await ask(on.world, of);
    await on.settle(of.id);
    channel().setBotRights({});
    await on.world.run(on.world.tasks.release(of.id, { leaseId: of.leaseId }, { retryInMs: 0 }));
    const next = await begin(on.world, of.id);
    await on.report(next, ['Again.']);
    await on.settle(of.id);
    const shown = headlines(await on.thread(of.id));
    expect(shown).toContain(`❓ Asked in <#${channel().id}>: Run npm test?`);
    expect(on.stage.twin.pings).toHaveLength(1);
    await answer(on.world, id, 'deny');
    await on.settle(of.id);
    expect(questions()[0]?.controls).toEqual([]);
  });

  test.each(['before', 'after'] as const)(
    'a kill %s Discord takes the question makes no second one',
    async (when) => {
      const of = await withoutThread();
      const fault = on.stage.twin.fault(
        ({ method, path, body }) =>
          method === 'POST' && path.endsWith('/messages') && JSON.stringify(body).includes('npm test'),
        { kind: 'hold', when },
      );
      await ask(on.world, of);
      await eventually(() => {
        on.stage.clock.advance(20);
        return fault.held > 0;
      });
      await on.restart(5 * 60_000);
      fault.release();
      fault.remove();
      await on.settle(of.id);
      expect(questions()).toHaveLength(1);
      expect(on.stage.twin.pings).toHaveLength(1);
    },
  );

  test.each(['question', 'end'] as const)(
    'what was lost on its way when the process was killed is sent: %s',
    async (what) => {
      const of = await withoutThread();
      if (what === 'end') {
        channel().setBotRights({});
        await on.world.run(on.world.tasks.release(of.id, { leaseId: of.leaseId }, { retryInMs: 0 }));
      }
      const now = what === 'end' ? await begin(on.world, of.id) : of;
      await on.settle(of.id);
      const lost = on.stage.twin.fault(
        ({ method, path, body }) =>
          method === 'POST' && path.includes(channel().id) && /❓|✅ Done/.test(JSON.stringify(body)),
        { kind: 'cut', when: 'before' },
        { times: 1_000 },
      );
      if (what === 'question') {
        await ask(on.world, now);
        await on.world.run(on.world.tasks.release(of.id, { leaseId: now.leaseId }, { retryInMs: 0 }));
      } else {
        await deleteThread(of.id);
        await complete(of.id, now.leaseId);
      }
      await on.stage.relay.run();
      await eventually(() => {
        on.stage.clock.advance(20);
        return lost.hits > 0;
      });
      await on.restart(10 * 60_000);
      lost.remove();
      await eventually(() => {
        on.stage.clock.advance(20);
        return on.stage.twin.pings.length > 0;
      });
      await on.settle(of.id);
      expect(on.stage.twin.pings).toHaveLength(1);
    },
  );

  test('an end that the deleted thread was to tell is told in the channel, once', async () => {
    const of = await on.run();
    await on.report(of, ['Hello.']);
    await on.settle(of.id);
    await deleteThread(of.id);
    await complete(of.id, of.leaseId);
    await on.stage.relay.run();
    await on.settle(of.id);
    const last = channel().messages.at(-1);
    expect(last?.embeds[0]?.title).toBe('✅ Done · task #1');
    expect(on.stage.twin.pings).toMatchObject([{ messageId: last?.id, users: [alice().id] }]);
    await on.restart(10 * 60_000);
    await reply(on.world, of.id, 'Go on.');
    await on.settle(of.id);
    expect(on.stage.twin.pings).toHaveLength(1);
    expect(channel().messages.find(({ id }) => id === last?.id)?.controls).toEqual([]);
  });

  test.each(['locked', 'not ours to write in'])('nor is an end lost in a thread that is %s', async (how) => {
    const of = await on.run();
    await on.report(of, ['Hello.']);
    await on.settle(of.id);
    if (how === 'locked') {
      const threadId = String((await on.thread(of.id))[0]?.channelId);
      const body = { code: 160_005, message: 'Thread is locked' };
      const isThere = ({ method, path }: { method: string; path: string }) =>
        method === 'POST' && path.includes(`/${threadId}/`);
      on.stage.twin.fault(isThere, { kind: 'status', status: 403, body }, { times: 100 });
    } else {
      channel().setBotRights({ deny: ['SendMessagesInThreads'] });
    }
    await complete(of.id, of.leaseId);
    await on.stage.relay.run();
    await on.settle(of.id);
    const last = channel().messages.at(-1);
    expect(last?.embeds[0]?.title).toBe('✅ Done · task #1');
    expect(on.stage.twin.pings).toMatchObject([{ messageId: last?.id, users: [alice().id] }]);
  });

  test('an end whose thread was lost before the channel told of it notifies once', async () => {
    const of = await on.run();
    await on.report(of, ['Hello.']);
    await on.settle(of.id);
    await deleteThread(of.id);
    await complete(of.id, of.leaseId);
    await on.settle(of.id);
    await on.stage.relay.run();
    await on.settle(of.id);
    expect(on.stage.twin.pings).toHaveLength(1);
  });

  test.each(['before', 'after'] as const)('a kill %s the channel takes the end', async (when) => {
    const of = await on.run();
    await on.report(of, ['Hello.']);
    await on.settle(of.id);
    await deleteThread(of.id);
    await complete(of.id, of.leaseId);
    const fault = on.stage.twin.fault(
      ({ method, path, body }) =>
        method === 'POST' && path.includes(channel().id) && JSON.stringify(body).includes('✅ Done'),
      { kind: 'hold', when },
    );
    await on.stage.relay.run();
    await eventually(() => {
      on.stage.clock.advance(20);
      return fault.held > 0;
    });
    await on.restart(5 * 60_000);
    fault.release();
    fault.remove();
    await on.settle(of.id);
    expect(channel().messages.filter(({ text }) => text.includes('✅ Done'))).toHaveLength(1);
    expect(on.stage.twin.pings).toHaveLength(1);
  });

  test('a line that was told without a sound stays so when its telling is in doubt', async () => {
    const of = await on.run();
    await on.report(of, ['Hello.']);
    await on.settle(of.id);
    await complete(of.id, of.leaseId);
    on.stage.relay.loseNextResult();
    await deleteThread(of.id);
    while (await on.stage.relay.step().catch(() => false));
    expect(on.stage.relay.inDoubtSince).not.toBeNull();
    await on.settle(of.id);
    on.stage.clock.advance(5 * 60_000);
    await on.stage.relay.run();
    await on.settle(of.id);
    expect(channel().messages.filter(({ text }) => text.includes('Completed!'))).toHaveLength(1);
    expect(on.stage.twin.pings).toHaveLength(1);
  });
});
