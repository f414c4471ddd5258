/** What a commit sets in motion, and what work that breaks leaves behind: nothing. */
import { describe, expect, it } from 'vitest';
import { laneOf } from '../../src/core/lanes.ts';
import type { Commit } from '../../src/core/ports.ts';
import { work, type Work } from '../../src/core/work.ts';
import { claimed, submit, taskOf, type OpenStoreWorld, type StoreWorld } from './store-world.ts';

const ANY = laneOf({ target: null, project: null, requires: [] });

/** The commits from here on. */
function commitsOf(world: StoreWorld): Commit[] {
  const commits: Commit[] = [];
  world.store.onCommit((commit) => commits.push(commit));
  return commits;
}

const broken: Work<never> = work<'queue', never>({ read: 'queue' }, () => {
  throw new RangeError('a bug');
});

export function storeCommitsContract(open: OpenStoreWorld): void {
  describe('a commit', () => {
    const quiet: Commit = {
      readyLanes: [],
      hasEvents: false,
      resumed: false,
      timesChanged: false,
      runNews: [],
      keys: [],
    };
    const told: Record<string, { act: (world: StoreWorld) => Work<unknown>; tells: Partial<Commit> }> = {
      'a new task': {
        act: ({ tasks }) => tasks.submit({ description: 'x' }),
        tells: { readyLanes: [ANY], hasEvents: true },
      },
      'a new task for one instance': {
        act: ({ tasks }) => tasks.submit({ description: 'x', target: 'nas' }),
        tells: { readyLanes: [laneOf({ target: 'nas', project: null, requires: [] })], hasEvents: true },
      },
      'a claim': {
        act: ({ tasks }) => tasks.claim(2, { instanceId: 'mac' }),
        tells: { hasEvents: true, timesChanged: true, runNews: [2] },
      },
      'a completion': {
        act: ({ tasks }) => tasks.complete(1, {}),
        tells: { hasEvents: true, runNews: [1] },
      },
      'a release': {
        act: ({ tasks }) => tasks.release(1, {}, { retryInMs: 0 }),
        tells: { readyLanes: [ANY], hasEvents: true, runNews: [1] },
      },
      'a release with a delay': {
        act: ({ tasks }) => tasks.release(1, {}, { retryInMs: 5000 }),
        tells: { hasEvents: true, timesChanged: true, runNews: [1] },
      },
      'another priority': {
        act: ({ tasks }) => tasks.changePriority(2, {}, 'high'),
        tells: { hasEvents: true },
      },
      'a requeue': {
        act: ({ tasks }) => tasks.requeue(3, {}),
        tells: { readyLanes: [ANY], hasEvents: true, runNews: [3] },
      },
      'a pause': { act: ({ tasks }) => tasks.pause(), tells: {} },
      'a heartbeat': { act: ({ instances }) => instances.heartbeat({ instanceId: 'mac' }), tells: {} },
    };

    it.each(Object.entries(told))('by %s tells what it set in motion', async (_what, { act, tells }) => {
      const world = await open();
      await claimed(world);
      await submit(world);
      await submit(world);
      await world.run(world.tasks.cancel(3, {}));
      const commits = commitsOf(world);
      await world.run(act(world));
      expect(commits).toEqual([{ ...quiet, ...tells }]);
    });

    it('tells of a resumed queue, of tasks that became due and of moved leases', async () => {
      const world = await open();
      const { id } = await claimed(world);
      await world.run(world.tasks.release(id, {}, { retryInMs: 1000 }));
      await world.run(world.tasks.pause());
      const commits = commitsOf(world);
      await world.run(world.tasks.resume());
      world.clock.advance(1000);
      await world.run(world.sweeps.promoteDueTasks());
      await world.store.shiftLeases(1000, 0);
      expect(commits).toEqual([
        { ...quiet, resumed: true },
        { ...quiet, readyLanes: [ANY] },
        { ...quiet, timesChanged: true },
      ]);
    });

    it('is told after its work is readable, and not to those who have unsubscribed', async () => {
      const world = await open();
      const seen: Promise<number>[] = [];
      const unsubscribe = world.store.onCommit(() => {
        seen.push(world.store.counts().then(({ counts }) => counts.pending));
      });
      await submit(world);
      unsubscribe();
      await submit(world);
      expect(await Promise.all(seen)).toEqual([1]);
    });

    it('is told to everybody although one listener fails', async () => {
      const world = await open();
      world.store.onCommit(() => {
        throw new Error('a listener with a bug');
      });
      const commits = commitsOf(world);
      await submit(world);
      await submit(world);
      expect(commits).toHaveLength(2);
    });
  });

  describe('work that breaks', () => {
    it('rejects with its own error and does not undo or fail the work beside it', async () => {
      const world = await open();
      const commits = commitsOf(world);
      const group = await Promise.allSettled([
        submit(world, { description: 'before' }),
        world.run(broken),
        world.run(world.tasks.claim(99, { instanceId: 'mac' })),
        submit(world, { description: 'after' }),
      ]);
      expect(group.map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
      expect(group[1]).toMatchObject({ reason: { name: 'RangeError', message: 'a bug' } });
      expect(group[2]).toMatchObject({ reason: { code: 'task_not_found' } });
      expect([(await taskOf(world, 1)).description, (await taskOf(world, 2)).description]).toEqual([
        'before',
        'after',
      ]);
      expect(await world.store.eventsAfter('0', 10)).toHaveLength(2);
      expect(commits.flatMap((commit) => commit.readyLanes)).toEqual([ANY, ANY]);
    });

    it('tells nobody of what was taken back', async () => {
      const world = await open();
      const commits = commitsOf(world);
      const brokenLater: Work<null> = work<'newTask', null>(
        { read: 'newTask', origin: null, lane: ANY },
        ({ id }) => {
          const made = world.tasks
            .submit({ description: 'never' })
            .decide({ id, existing: null, tally: null, hasRoom: true });
          return { result: null, changes: [...(made.changes ?? []), ...(made.changes ?? [])] };
        },
      );
      await expect(world.run(brokenLater)).rejects.toThrow();
      expect(commits.filter((commit) => commit.hasEvents || commit.readyLanes.length > 0)).toEqual([]);
      expect(await world.store.task(1)).toBeNull();
      expect(await world.store.newestPosition()).toBe('0');
      expect((await submit(world)).id).toBe(1);
    });

    it('refuses a promise by type, and at run time before anything is written', async () => {
      const world = await open();
      const load = { read: 'queue' } as const;
      const none = Promise.resolve(null);
      // @ts-expect-error a decision must not be asynchronous
      const decided: Work<null> = work<'queue', null>(load, () => none.then(() => ({ result: null })));
      // @ts-expect-error nor may its result be a promise
      const promised: Work<unknown> = work<'queue', Promise<null>>(load, () => ({ result: none }));
      await expect(world.run(decided)).rejects.toThrow(/synchronous/);
      await expect(world.run(promised)).rejects.toThrow(/synchronous/);
      await expect(submit(world)).resolves.toMatchObject({ id: 1 });
    });
  });

  it('a closed store first finishes what it was given and then takes nothing more', async () => {
    const world = await open();
    const late = [submit(world), submit(world)];
    const closing = world.store.close();
    await expect(Promise.all(late)).resolves.toHaveLength(2);
    await closing;
    await expect(submit(world)).rejects.toThrow(/closed/);
    await expect(world.store.ping()).rejects.toThrow();
  });
}
