/** What readers get: pages, searches, counts, the trail, and what front ends remember. */
import { describe, expect, it } from 'vitest';
import { TASK_STATUSES, type TaskStatus } from '../../src/core/vocabulary.ts';
import { claimed, refusal, submit, taskOf, type OpenStoreWorld, type StoreWorld } from './store-world.ts';

const PRIORITIES = ['medium', 'high', 'low'] as const;

/** Forty tasks of every status and priority, mixed. */
async function filled(world: StoreWorld): Promise<Map<number, TaskStatus>> {
  const made = new Map<number, TaskStatus>();
  for (let n = 0; n < 40; n += 1) {
    const status = TASK_STATUSES[n % 5]!;
    const { id } = await submit(world, { priority: PRIORITIES[n % 3]!, description: `Task number ${n}` });
    if (status !== 'pending') await world.run(world.tasks.claim(id, { instanceId: `m-${n % 4}` }));
    if (status !== 'pending' && status !== 'in_progress') {
      await world.run(world.tasks.setStatus(id, {}, { status }));
    }
    world.clock.advance(1000);
    made.set(id, status);
  }
  return made;
}

async function everyPage(
  world: StoreWorld,
  statuses: readonly TaskStatus[],
  limit: number,
): Promise<number[]> {
  const ids: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await world.store.tasks({ statuses, limit, cursor });
    expect(page.tasks.length).toBeLessThanOrEqual(limit);
    ids.push(...page.tasks.map((task) => task.id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return ids;
}

/** Every set of statuses that a caller can name. */
const COMBINATIONS = Array.from({ length: 31 }, (_, n) =>
  TASK_STATUSES.filter((_status, bit) => (n + 1) & (1 << bit)),
);

export function storeListsContract(open: OpenStoreWorld): void {
  describe('pages', () => {
    it('hold every combination of statuses exactly once and in the right order', async () => {
      const world = await open();
      const made = await filled(world);
      const inClaimOrder = [...made.keys()].filter((id) => made.get(id) === 'pending');
      const rank = (id: number) => ['high', 'medium', 'low'].indexOf(PRIORITIES[(id - 1) % 3]!);
      inClaimOrder.sort((a, b) => rank(a) - rank(b) || a - b);
      for (const statuses of COMBINATIONS) {
        const newestFirst = [...made.keys()].filter((id) => statuses.includes(made.get(id)!)).reverse();
        const wanted = statuses.join() === 'pending' ? inClaimOrder : newestFirst;
        for (const limit of [3, 200]) expect(await everyPage(world, statuses, limit)).toEqual(wanted);
      }
    });

    it('end without a cursor, also when the last one is exactly full', async () => {
      const world = await open();
      for (let n = 0; n < 4; n += 1) await submit(world);
      for (const statuses of [['pending'], TASK_STATUSES] as const) {
        const first = await world.store.tasks({ statuses, limit: 2 });
        expect(first.nextCursor).not.toBeNull();
        const cursor = first.nextCursor ?? '';
        expect((await world.store.tasks({ statuses, limit: 2, cursor })).nextCursor).toBeNull();
      }
      expect(await world.store.tasks({ statuses: ['failed'], limit: 1 })).toEqual({
        tasks: [],
        nextCursor: null,
      });
    });

    it('repeat nothing and skip nothing while tasks come and go in between', async () => {
      const world = await open();
      for (let n = 0; n < 9; n += 1) await submit(world);
      for (const statuses of [['pending'], TASK_STATUSES] as const) {
        const before = (await world.store.tasks({ statuses, limit: 200 })).tasks.map((task) => task.id);
        const seen: number[] = [];
        let cursor: string | undefined;
        do {
          const page = await world.store.tasks({ statuses, limit: 2, cursor });
          seen.push(...page.tasks.map((task) => task.id));
          cursor = page.nextCursor ?? undefined;
          await submit(world, { priority: 'high' });
        } while (cursor !== undefined && seen.length < 200);
        expect(new Set(seen).size).toBe(seen.length);
        expect(seen.filter((id) => before.includes(id))).toEqual(before);
      }
    });

    const token = (text: string) => Buffer.from(text).toString('base64url');
    it.each([
      ['nothing', ''],
      ['no cursor at all', 'hello'],
      ['bytes', '\u0000\uffff😀'],
      ['an empty key', token('n.')],
      ['a word for a key', token('n.x')],
      ['a fraction', token('n.1.5')],
      ['a negative key', token('n.-1')],
      ['another writing of a number', token('n.0x10')],
      ['a key too many', token('n.1.2')],
      ['a number beyond all', token(`n.${'9'.repeat(40)}`)],
      ['a cursor of the other order', token('p.100.1')],
    ])('refuse %s as a cursor', async (_what, cursor) => {
      const world = await open();
      await submit(world);
      const page = world.store.tasks({ statuses: TASK_STATUSES, limit: 5, cursor });
      await expect(page).rejects.toThrow(refusal('invalid_input'));
    });

    it('refuse empty keys and the cursor of another list in claim order too', async () => {
      const world = await open();
      for (const cursor of [token('p..'), token('p.1'), token('n.5'), token('p.1.1.1')]) {
        const page = world.store.tasks({ statuses: ['pending'], limit: 5, cursor });
        await expect(page).rejects.toThrow(refusal('invalid_input'));
      }
    });
  });

  describe('a search among open tasks', () => {
    it('finds words in any case and the beginning of a number, newest first', async () => {
      const world = await open();
      for (const description of ['Fix the Door', 'Paint it', 'door again', 'a DOOR that is done']) {
        await submit(world, { description });
      }
      await world.run(world.tasks.cancel(4, {}));
      await world.run(world.tasks.claim(1, { instanceId: 'mac' }));
      const found = async (text: string, limit = 10) =>
        (await world.store.searchOpenTasks(text, limit)).map((task) => task.id);
      expect(await found(' dOOr ')).toEqual([3, 1]);
      expect(await found('door', 1)).toEqual([3]);
      expect(await found('#2')).toEqual([2]);
      expect(await found('')).toEqual([3, 2, 1]);
      expect(await found('the fix')).toEqual([1]);
      expect(await found('%')).toEqual([]);
    });

    it('finds a task by its whole number in the middle of a long backlog', async () => {
      const world = await open();
      await Promise.all(Array.from({ length: 1200 }, () => submit(world, { description: 'x' })));
      expect((await world.store.searchOpenTasks('600', 10)).map((task) => task.id)).toEqual([600]);
      await world.run(world.tasks.cancel(600, {}));
      expect(await world.store.searchOpenTasks('#600', 10)).toEqual([]);
    });
  });

  describe('counts', () => {
    it('tell how many tasks are in each status, and since when the oldest waits', async () => {
      const world = await open();
      expect((await world.store.counts()).oldestPendingAt).toBeNull();
      await filled(world);
      const { counts, oldestPendingAt } = await world.store.counts();
      expect(counts).toEqual({ pending: 8, in_progress: 8, completed: 8, failed: 8, cancelled: 8 });
      expect(oldestPendingAt).toEqual((await taskOf(world, 1)).createdAt);
    });

    it('find the oldest among all priorities, delayed and targeted ones too', async () => {
      const world = await open();
      const { createdAt } = await submit(world, { priority: 'low', target: 'nas' });
      world.clock.advance(1000);
      await submit(world, { priority: 'high' });
      expect((await world.store.counts()).oldestPendingAt).toEqual(createdAt);
    });

    it('say how many tasks stand before one, up to a limit', async () => {
      const world = await open();
      for (const priority of ['medium', 'low', 'high', 'medium'] as const) await submit(world, { priority });
      const ahead = async (id: number, upTo = 100) => world.store.tasksAhead(await taskOf(world, id), upTo);
      expect(await Promise.all([3, 1, 4, 2].map((id) => ahead(id)))).toEqual([0, 1, 2, 3]);
      expect(await ahead(2, 2)).toBe(2);
      await world.run(world.tasks.claim(3, { instanceId: 'mac' }));
      expect(await ahead(2)).toBe(2);
    });
  });

  it('what finished last comes first, whatever its number and its end', async () => {
    const world = await open();
    for (let n = 0; n < 5; n += 1) await submit(world);
    for (const [id, status] of [
      [4, 'completed'],
      [1, 'cancelled'],
      [5, 'failed'],
      [2, 'completed'],
    ] as const) {
      await world.run(world.tasks.claim(id, { instanceId: 'mac' }));
      world.clock.advance(1000);
      await world.run(world.tasks.setStatus(id, {}, { status }));
    }
    expect((await world.store.recentlyFinished(10)).map((task) => task.id)).toEqual([2, 5, 1, 4]);
    expect((await world.store.recentlyFinished(2)).map((task) => task.id)).toEqual([2, 5]);
  });

  describe('the trail', () => {
    it('comes in commit order after a position', async () => {
      const world = await open();
      expect(await world.store.newestPosition()).toBe('0');
      expect(await world.store.eventsAfter('0', 10)).toEqual([]);
      const { id } = await claimed(world);
      await world.run(world.tasks.complete(id, {}));
      const all = await world.store.eventsAfter('0', 10);
      expect(all.map((event) => event.action)).toEqual(['created', 'claimed', 'completed']);
      expect(all.at(-1)?.position).toBe(await world.store.newestPosition());
      expect(await world.store.eventsAfter('0', 2)).toEqual(all.slice(0, 2));
      expect(await world.store.eventsAfter(all[0]!.position, 10)).toEqual(all.slice(1));
      expect(await world.store.events(id)).toEqual(all);
      expect(await world.store.events(99)).toEqual([]);
    });

    it('pulls a position from a newer database back to the newest, and takes nonsense for the beginning', async () => {
      const world = await open();
      await claimed(world);
      expect(await world.store.clampPosition('1')).toBe('1');
      expect(await world.store.clampPosition('2')).toBe('2');
      expect(await world.store.clampPosition('3')).toBe('2');
      expect(await world.store.clampPosition('99999999999999999999')).toBe('0');
      expect(await world.store.clampPosition('x')).toBe('0');
      expect(await world.store.eventsAfter('x', 10)).toHaveLength(2);
    });

    it('says how far somebody is behind, up to a limit, and since when', async () => {
      const world = await open();
      const first = world.clock.now();
      await submit(world);
      world.clock.advance(5000);
      const second = world.clock.now();
      for (let n = 0; n < 3; n += 1) await submit(world);
      expect(await world.store.eventsBehind('0', 100)).toEqual({ count: 4, oldestAt: first });
      expect(await world.store.eventsBehind('1', 2)).toEqual({ count: 2, oldestAt: second });
      expect(await world.store.eventsBehind('4', 100)).toEqual({ count: 0, oldestAt: null });
    });
  });

  describe('the memory of a front end', () => {
    it('keeps links and values apart by front end, replaces and forgets them', async () => {
      const world = await open();
      await submit(world);
      const [discord, slack] = [world.store.memory('discord'), world.store.memory('slack')];
      const link = { channelId: 'c-1', messageId: 'm-1' };
      await discord.save({
        links: [{ taskId: 1, kind: 'card', ...link }],
        values: { position: '7', hash: 'a' },
      });
      expect(await discord.link(1, 'card')).toEqual(link);
      expect([
        await discord.link(1, 'line'),
        await discord.link(2, 'card'),
        await slack.link(1, 'card'),
      ]).toEqual([null, null, null]);
      expect([await discord.value('position'), await slack.value('position')]).toEqual(['7', null]);
      await discord.save({
        links: [{ taskId: 1, kind: 'card', channelId: 'c-2', messageId: 'm-2' }],
        values: { position: '8', hash: null },
      });
      expect(await discord.link(1, 'card')).toEqual({ channelId: 'c-2', messageId: 'm-2' });
      expect([await discord.value('position'), await discord.value('hash')]).toEqual(['8', null]);
      await discord.save({ unlink: [{ taskId: 1, kind: 'card' }] });
      expect(await discord.link(1, 'card')).toBeNull();
    });

    it('saves all of it or nothing', async () => {
      const world = await open();
      const memory = world.store.memory('discord');
      const links = [{ taskId: 99, kind: 'card', channelId: 'c', messageId: 'm' }];
      await expect(memory.save({ values: { position: '9' }, links })).rejects.toThrow();
      await submit(world);
      links.unshift({ taskId: 1, kind: 'card', channelId: 'c', messageId: 'm' });
      await expect(memory.save({ values: { position: '9' }, links })).rejects.toThrow();
      expect([await memory.link(1, 'card'), await memory.value('position')]).toEqual([null, null]);
    });
  });
}
