/** What is deleted of runs, and when; and what front ends remember of threads. */
import { describe, expect, it } from 'vitest';
import { ask, begin, reply, report, running, say, told, totals } from './run-world.ts';
import { submit, type OpenStoreWorld, type StoreWorld } from './store-world.ts';

async function dropAll(world: StoreWorld, endedBefore: Date): Promise<number> {
  let steps = 0;
  for (let after: number | null = 0; after !== null; steps += 1)
    after = await world.store.dropMessages({ endedBefore, after });
  return steps;
}

export function storeRunRetentionContract(open: OpenStoreWorld): void {
  describe('messages that are old', () => {
    it('go in small steps once their task has ended, and a reader is told that some are missing', async () => {
      const world = await open();
      const [old, young, open_] = [await running(world), await running(world), await running(world)];
      for (const one of [old, young, open_])
        await say(world, one, { texts: Array.from({ length: 250 }, (_, n) => `m ${n}`) });
      await world.run(world.tasks.cancel(old.id, {}));
      world.clock.advance(1000);
      const endedBefore = world.clock.now();
      await world.run(world.tasks.cancel(young.id, {}));
      expect(await dropAll(world, endedBefore)).toBeGreaterThan(2);
      expect(await world.store.messages(old.id, 0, 9)).toEqual({ messages: [], truncated: true });
      expect(await world.store.messages(old.id, 251, 9)).toEqual({ messages: [], truncated: false });
      expect(await told(world, young.id)).toHaveLength(251);
      expect(await told(world, open_.id)).toHaveLength(250);
    });

    it('leave the numbers of those that follow as they are', async () => {
      const world = await open();
      const one = await running(world);
      await say(world, one, { texts: ['a', 'b'] });
      await world.run(world.tasks.complete(one.id, { leaseId: one.leaseId }, { report: report() }));
      world.clock.advance(1000);
      await dropAll(world, world.clock.now());
      await reply(world, one.id, 'go on');
      await say(world, await begin(world, one.id), { texts: ['c'] });
      const page = await world.store.messages(one.id, 1, 9);
      expect(page.messages.map(({ seq, text }) => [seq, text])).toEqual([
        [4, 'Ada replied: go on'],
        [5, 'c'],
      ]);
      expect([page.truncated, (await world.store.messages(one.id, 3, 9)).truncated]).toEqual([true, false]);
    });
  });

  describe('a task with runs', () => {
    it('is retired with everything that was kept of it', async () => {
      const world = await open();
      const file = { name: 'a.txt', type: 'text/plain', bytes: 3, file: 'f-1' };
      const one = await running(world, { attachments: [file] });
      expect(one.run.attachments).toMatchObject([{ number: 1, name: 'a.txt' }]);
      await say(world, one, { texts: Array.from({ length: 350 }, () => 'x') });
      await ask(world, one);
      await reply(world, one.id, 'x');
      await world.store
        .threads('discord')
        .save({ taskId: one.id, threadId: 't', seq: 3, state: '{}', isClosed: false });
      await world.run(world.tasks.cancel(one.id, {}));
      world.clock.advance(1000);
      const which = { endedBefore: world.clock.now(), deliveredUpTo: null, limit: 9 };
      const trails = await world.store.retirable(which);
      expect(await world.store.retire(trails)).toMatchObject({ done: true });
      expect(await world.store.task(one.id)).toBeNull();
      expect(await world.store.taskWork(one.id)).toBeNull();
      expect(await world.store.runOfLease(one.leaseId)).toMatchObject({ lease: null });
      expect(await world.store.question(1)).toBeNull();
      expect(await world.store.replies(one.id, 0)).toEqual([]);
      expect(await told(world, one.id)).toEqual([]);
      expect(await world.store.taskOfFile('f-1')).toBeNull();
      expect(await world.store.threads('discord').position(one.id)).toBeNull();
    });

    it('leaves what was spent for it', async () => {
      const world = await open();
      const one = await running(world, { submittedBy: 'ada' });
      await say(world, one, { totals: totals({ costUsd: 3 }) });
      await world.run(world.tasks.complete(one.id, { leaseId: one.leaseId }, {}));
      const usage = () => world.store.usage({ since: new Date(0), groupBy: ['user'] });
      const before = await usage();
      expect(before).toMatchObject({ total: { costUsd: 3, tasks: 1 }, groups: [{ key: { user: 'ada' } }] });
      world.clock.advance(1000);
      const which = { endedBefore: world.clock.now(), deliveredUpTo: null, limit: 9 };
      expect(await world.store.retire(await world.store.retirable(which))).toMatchObject({ done: true });
      expect(await world.store.task(one.id)).toBeNull();
      expect(await usage()).toEqual(before);
    });

    it('of ten thousand messages goes in steps that hold nobody up', async () => {
      const world = await open();
      const one = await running(world);
      for (let first = 1; first <= 10_000; first += 200)
        await say(world, one, {
          first,
          texts: Array.from({ length: 200 }, (_, n) => `message ${first + n}`),
        });
      await world.run(world.tasks.cancel(one.id, {}));
      world.clock.advance(1000);
      const which = { endedBefore: world.clock.now(), deliveredUpTo: null, limit: 9 };
      const trails = await world.store.retirable(which);
      /** The first message that is left after each commit. */
      const firsts: Promise<number>[] = [];
      const stop = world.store.onCommit(() => {
        firsts.push(world.store.messages(one.id, 0, 1).then(({ messages: [first] }) => first?.seq ?? 10_002));
      });
      expect(await world.store.retire(trails)).toMatchObject({ done: true });
      stop();
      const seen = await Promise.all(firsts);
      const steps = seen.map((first, index) => first - (seen[index - 1] ?? 1));
      expect(Math.max(...steps)).toBe(100);
      expect(seen.at(-1)).toBe(10_002);
    });

    it('that has changed since keeps its messages', async () => {
      const world = await open();
      const one = await running(world);
      await say(world, one, { texts: ['a'] });
      await world.run(world.tasks.cancel(one.id, {}));
      world.clock.advance(1000);
      const trails = await world.store.retirable({
        endedBefore: world.clock.now(),
        deliveredUpTo: null,
        limit: 9,
      });
      await world.run(world.tasks.requeue(one.id, {}));
      expect(await world.store.retire(trails)).toMatchObject({ done: false });
      expect(await told(world, one.id)).toHaveLength(2);
    });
  });

  describe('threads', () => {
    it('are behind while messages were not told there, unless they are closed', async () => {
      const world = await open();
      const [a, b] = [await running(world), await running(world)];
      await submit(world);
      await say(world, a, { texts: ['1', '2'] });
      const threads = world.store.threads('discord');
      expect(await threads.behind(9)).toEqual([a.id]);
      await say(world, b, { texts: ['1'] });
      expect(await threads.behind(9)).toEqual([a.id, b.id]);
      expect(await threads.behind(1)).toEqual([a.id]);
      const position = { taskId: a.id, threadId: 't-1', seq: 2, state: '{"x":1}', isClosed: false };
      await threads.save(position);
      expect(await threads.position(a.id)).toEqual(position);
      expect(await threads.behind(9)).toEqual([b.id]);
      expect(await world.store.threads('other').behind(9)).toEqual([a.id, b.id]);
      await say(world, a, { first: 3, texts: ['3'] });
      expect(await threads.behind(9)).toEqual([a.id, b.id]);
      await threads.save({ ...position, isClosed: true });
      expect(await threads.behind(9)).toEqual([b.id]);
      expect(await threads.position(99)).toBeNull();
    });

    it('know which tasks are told in them, the newest first', async () => {
      const world = await open();
      const threads = world.store.threads('discord');
      for (let n = 0; n < 4; n += 1) {
        const { id: taskId } = await running(world);
        const threadId = n === 3 ? 't-2' : 't-1';
        await threads.save({ taskId, threadId, seq: 0, state: '{}', isClosed: n === 1 });
      }
      expect(await threads.tasksIn('t-1', 2)).toEqual([3, 2]);
      expect(await threads.tasksIn('t-2', 9)).toEqual([4]);
      expect(await threads.tasksIn('t-3', 9)).toEqual([]);
      expect(await world.store.threads('other').tasksIn('t-1', 9)).toEqual([]);
    });
  });
}
