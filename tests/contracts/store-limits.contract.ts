/** Limits of a person: how many tasks run at once, and what runs may cost in a day. */
import { describe, expect, it } from 'vitest';
import { claimantOf } from '../../src/core/lanes.ts';
import type { RunLimits } from '../../src/core/run-limits.ts';
import { personOf, type Task } from '../../src/core/task.ts';
import type { Priority } from '../../src/core/vocabulary.ts';
import { begin, report, totals } from './run-world.ts';
import { submit, taskOf, type OpenStoreWorld, type StoreWorld } from './store-world.ts';

const HOUR = 60 * 60_000;

const limitsOf = (limits: Partial<RunLimits>): RunLimits => ({
  ...{ runningPerPerson: null, dailyCostUsd: null, timeZone: 'UTC' },
  ...limits,
});

async function claimNext(world: StoreWorld, by: object = {}): Promise<number | null> {
  for (;;) {
    const next = await world.run(world.tasks.claimNext({ instanceId: 'mac', ...by }));
    if (next.claimed !== null) return next.claimed.task.id;
    if (!next.isMore) return null;
  }
}

async function claimAll(world: StoreWorld, by: object = {}): Promise<number[]> {
  const ids: number[] = [];
  for (let id; (id = await claimNext(world, by)) !== null;) ids.push(id);
  return ids;
}

const waitsOf = async (world: StoreWorld, id: number) => {
  const task = await taskOf(world, id);
  return world.store.look((facts) => world.tasks.waits(facts)(task));
};

const ADA = { submittedBy: '@ada' };
const BOB = { submittedBy: '@bob' };

export function storeLimitsContract(open: OpenStoreWorld): void {
  describe('a person at the limit of running tasks', () => {
    const two = () => open({ limits: limitsOf({ runningPerPerson: 2 }) });

    it('has further tasks passed over, while those of others go on', async () => {
      const world = await two();
      for (let n = 0; n < 4; n += 1) await submit(world, ADA);
      await submit(world, BOB);
      await submit(world);
      expect(await claimAll(world)).toEqual([1, 2, 5, 6]);
      expect(await world.store.nextReady(claimantOf({}), world.tasks.limits())).toBeNull();
      expect(await waitsOf(world, 3)).toEqual({
        kind: 'limit',
        until: null,
        detail: 'Its person has 2 tasks running, which is the limit.',
      });
    });

    it('is at it before any claim came across the next task', async () => {
      const world = await two();
      for (let n = 0; n < 3; n += 1) await submit(world, ADA);
      for (const id of [1, 2]) await world.run(world.tasks.claim(id, { instanceId: 'mac' }));
      expect(await waitsOf(world, 3)).toMatchObject({ kind: 'limit' });
      const next = world.store.nextReady(claimantOf({}), world.tasks.limits());
      expect(await next).toBeNull();
    });

    it.each([
      ['completes', (world: StoreWorld) => world.run(world.tasks.complete(1, {}))],
      ['is cancelled', (world: StoreWorld) => world.run(world.tasks.cancel(1, {}))],
      [
        'fails for good',
        (world: StoreWorld) => world.run(world.tasks.fail(1, {}, { error: 'x', retry: false, retryInMs: 0 })),
      ],
      ['is put off', (world: StoreWorld) => world.run(world.tasks.release(1, {}, { retryInMs: HOUR }))],
    ])('has room again as soon as one of them %s', async (_how, end) => {
      const world = await two();
      for (let n = 0; n < 3; n += 1) await submit(world, ADA);
      expect(await claimAll(world)).toEqual([1, 2]);
      const lanes: string[] = [];
      world.store.onCommit((commit) => lanes.push(...commit.readyLanes));
      await end(world);
      expect(lanes).toEqual(['any']);
      expect(await waitsOf(world, 3)).not.toMatchObject({ kind: 'limit' });
      expect(await claimAll(world)).toEqual([3]);
    });

    it('of two claims at once only one gets the last room', async () => {
      const world = await two();
      for (let n = 0; n < 4; n += 1) await submit(world, ADA);
      const claims = ['mac', 'nas', 'pi', 'nuc'].map((instanceId) => claimNext(world, { instanceId }));
      expect((await Promise.all(claims)).filter((id) => id !== null)).toEqual([1, 2]);
      const ends = [1, 2].map((id) => world.run(world.tasks.complete(id, {})));
      const more = ['mac', 'nas', 'pi'].map((instanceId) => claimNext(world, { instanceId }));
      await Promise.all(ends);
      expect((await Promise.all(more)).filter((id) => id !== null)).toEqual([3, 4]);
    });

    it('has the best of what waits first, in each lane, whatever is done to it meanwhile', async () => {
      const world = await two();
      for (const priority of ['high', 'high', 'low', 'medium', 'medium'] as const)
        await submit(world, { ...ADA, priority });
      await submit(world, { ...ADA, project: 'notes' });
      expect(await claimAll(world, { projects: ['notes', null] })).toEqual([1, 2]);
      await world.run(world.tasks.changePriority(5, {}, 'high'));
      await world.run(world.tasks.complete(1, {}));
      expect(await claimAll(world, { projects: ['notes'] })).toEqual([6]);
      await world.run(world.tasks.complete(2, {}));
      expect(await claimAll(world)).toEqual([5]);
      await world.run(world.tasks.complete(5, {}));
      // What would have been next is gone, so the one after it is.
      await world.run(world.tasks.cancel(4, {}));
      expect(await claimAll(world)).toEqual([3]);
    });

    it('may still be taken from by whoever names the task', async () => {
      const world = await two();
      for (let n = 0; n < 3; n += 1) await submit(world, ADA);
      expect(await claimAll(world)).toEqual([1, 2]);
      expect((await world.run(world.tasks.claim(3, { instanceId: 'nas' }))).task.id).toBe(3);
    });

    it('hides nothing behind however much of theirs from whoever only looks', async () => {
      const world = await two();
      await Promise.all(Array.from({ length: 350 }, () => submit(world, ADA)));
      const other = await submit(world, BOB);
      for (const id of [1, 2]) await world.run(world.tasks.claim(id, { instanceId: 'mac' }));
      await world.run(world.tasks.claim(3, { instanceId: 'mac' }));
      expect((await world.store.nextReady(claimantOf({}), world.tasks.limits()))?.id).toBe(other.id);
      expect((await world.run(world.tasks.complete(3, {}))).next?.id).toBe(other.id);
    });

    it('costs a claim no more than some looks, however much of theirs waits; and it goes on with the next try', async () => {
      const world = await open({ limits: limitsOf({ runningPerPerson: 1 }) });
      await Promise.all(Array.from({ length: 350 }, () => submit(world, ADA)));
      await submit(world, BOB);
      await claimNext(world);
      const tries = [];
      for (let isMore = true; isMore;) {
        const next = await world.run(world.tasks.claimNext({ instanceId: 'nas' }));
        tries.push(next.claimed?.task.id ?? null);
        isMore = next.claimed === null && next.isMore;
      }
      expect(tries).toEqual([null, null, null, 351]);
      // They were passed over once, and not again.
      const next = await world.run(world.tasks.claimNext({ instanceId: 'nas' }));
      expect(next).toMatchObject({ claimed: null, isMore: false });
    });
  });

  describe('a person who has spent what a day allows', () => {
    const daily = () => open({ limits: limitsOf({ dailyCostUsd: 1, timeZone: 'America/New_York' }) });
    const spend = async (world: StoreWorld, costUsd: number) => {
      const one = await begin(world, (await submit(world, ADA)).id);
      const said = report({ totals: totals({ costUsd }) });
      await world.run(world.tasks.complete(one.id, { leaseId: one.leaseId }, { report: said }));
    };

    it('waits for its budget until midnight in the time zone, and is offered again then', async () => {
      const world = await daily();
      await spend(world, 0.4);
      const { id } = await submit(world, ADA);
      expect(await waitsOf(world, id)).toBeNull();
      await spend(world, 0.6);
      await submit(world, BOB);
      expect(await claimAll(world)).toEqual([id + 2]);
      // Midnight in New York, in winter.
      const until = new Date('2026-01-16T05:00:00.000Z');
      const detail = "Its person's runs have cost $1.00 today, and $1.00 is the limit for a day.";
      expect(await waitsOf(world, id)).toEqual({ kind: 'budget', until, detail });
      expect((await world.store.nextTimes()).due).toEqual(until);
      world.clock.advance(until.getTime() - world.clock.now().getTime() - 1);
      expect(await world.run(world.sweeps.unparkDueTasks())).toBe(0);
      world.clock.advance(1);
      expect(await world.run(world.sweeps.unparkDueTasks())).toBe(1);
      expect(await claimAll(world)).toEqual([id]);
    });

    it('also by a run that goes on', async () => {
      const world = await daily();
      const one = await begin(world, (await submit(world, ADA)).id);
      const { id } = await submit(world, ADA);
      const batch = { first: 0, messages: [], totals: totals({ costUsd: 1.5 }) };
      await world.run(world.runs.postMessages(one.id, { leaseId: one.leaseId }, batch));
      expect(await claimNext(world)).toBeNull();
      expect(await waitsOf(world, id)).toMatchObject({ kind: 'budget' });
    });
  });

  it('any history of claims keeps the limits, and hands out what is first among those that have room', async () => {
    const world = await open({ limits: limitsOf({ runningPerPerson: 2 }) });
    const random = randomOf(20_260_115);
    const pick = <T>(among: readonly T[]): T => among[Math.floor(random() * among.length)]!;
    for (let step = 0; step < 600; step += 1) {
      const open_ = [...(await all(world))];
      const running = open_.filter(({ status }) => status === 'in_progress');
      const waiting = open_.filter(({ status }) => status === 'pending');
      const what = random();
      if (what < 0.4) await submit(world, someTask(pick));
      else if (what < 0.75) {
        const projects = pick([[null], ['notes'], ['notes', null]]);
        const best = firstOf(open_, projects);
        expect(await claimNext(world, { projects })).toBe(best);
      } else if (what < 0.9 && running.length > 0) {
        const { id } = pick(running);
        await pick([
          () => world.run(world.tasks.complete(id, {})),
          () => world.run(world.tasks.release(id, {}, { retryInMs: 0 })),
          () => world.run(world.tasks.fail(id, {}, { error: 'x', retry: true, retryInMs: 0 })),
        ])();
      } else if (waiting.length > 0) {
        const { id } = pick(waiting);
        await pick<() => Promise<unknown>>([
          () => world.run(world.tasks.cancel(id, {})),
          () => world.run(world.tasks.changePriority(id, {}, pick(PRIORITIES))),
          () => world.run(world.tasks.edit(id, {}, `something else ${step}`)),
        ])();
      }
    }
  }, 30_000);
}

const PRIORITIES: readonly Priority[] = ['high', 'medium', 'low'];

const someTask = (pick: <T>(among: readonly T[]) => T) => ({
  submittedBy: pick(['@ada', '@bob', undefined]),
  priority: pick(PRIORITIES),
  project: pick(['notes', undefined, undefined]),
});

async function all(world: StoreWorld): Promise<readonly Task[]> {
  const waiting = await world.store.tasks({ statuses: ['pending'], limit: 500 });
  const running = await world.store.tasks({ statuses: ['in_progress'], limit: 500 });
  // In claim order, as a list of what is pending comes.
  return [...waiting.tasks, ...running.tasks];
}

/** What must be next, found by looking at everything. */
function firstOf(tasks: readonly Task[], projects: readonly (string | null)[]): number | null {
  const busy = tasks.filter(({ status }) => status === 'in_progress').map(personOf);
  const hasRoom = (task: Task) => {
    const person = personOf(task);
    return person === null || busy.filter((one) => one === person).length < 2;
  };
  const fits = (task: Task) => task.status === 'pending' && projects.includes(task.project) && hasRoom(task);
  return tasks.find(fits)?.id ?? null;
}

/** The same numbers each time. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
