/** What people of a front end may do: limits of each person, and the reach of who may change only their own. */
import { describe, expect, it } from 'vitest';
import type { DomainError } from '../../src/core/errors.ts';
import type { PersonLimits } from '../../src/core/person-limits.ts';
import type { Caller } from '../../src/core/ownership.ts';
import type { Task } from '../../src/core/task.ts';
import { claimed, refusal, submit, taskOf, type OpenStoreWorld, type StoreWorld } from './store-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ADA: Caller = { actor: 'discord:7' };

const NONE: PersonLimits = { openPerPerson: null, submissionsPerHour: null };

function askers(world: StoreWorld, limits: Partial<PersonLimits>) {
  let refs = 0;
  const ask = (caller = ADA, ref = `i-${(refs += 1)}`): Promise<Task> =>
    world.run(
      world.tasks.submit(
        { description: 'x', origin: { frontEnd: 'discord', ref }, limits: { ...NONE, ...limits } },
        caller,
      ),
    );
  /** Whether it was taken; anything but a limit is a failure. */
  const isTaken = async (caller = ADA): Promise<boolean> => {
    const asked = ask(caller);
    try {
      await asked;
      return true;
    } catch {
      await expect(asked).rejects.toThrow(refusal('limit_reached'));
      return false;
    }
  };
  return { ask, isTaken };
}

export function storePeopleContract(open: OpenStoreWorld): void {
  describe('the limits of a person', () => {
    it.each([{ openPerPerson: 5 }, { submissionsPerHour: 5 }, { openPerPerson: 5, submissionsPerHour: 50 }])(
      'let as many through as they say, however many come in the same breath: %j',
      async (limits) => {
        const world = await open();
        const { isTaken } = askers(world, limits);
        const taken = await Promise.all(Array.from({ length: 40 }, () => isTaken()));
        expect(taken.filter(Boolean)).toHaveLength(5);
        expect(taken.slice(0, 5).every(Boolean)).toBe(true);
        expect((await world.store.counts()).counts.pending).toBe(5);
      },
    );

    it('hold each person for themselves, and do not count tasks without an origin', async () => {
      const world = await open();
      const { isTaken } = askers(world, { openPerPerson: 1, submissionsPerHour: 1 });
      for (let n = 0; n < 3; n += 1) await submit(world, { actor: 'discord:7' });
      expect(await isTaken()).toBe(true);
      expect(await isTaken()).toBe(false);
      expect(await isTaken({ actor: 'discord:77' })).toBe(true);
      expect(await isTaken({ actor: 'discord:' })).toBe(true);
      await expect(submit(world, { actor: 'discord:7' })).resolves.toBeDefined();
    });

    it('answer a request that was taken before with its task, and never count it twice', async () => {
      const world = await open();
      const { ask, isTaken } = askers(world, { openPerPerson: 2, submissionsPerHour: 2 });
      const first = await ask(ADA, 'same');
      expect(await ask(ADA, 'same')).toEqual(first);
      expect(await isTaken()).toBe(true);
      expect(await isTaken()).toBe(false);
      expect(await ask(ADA, 'same')).toEqual(first);
      const [one, two] = await Promise.all([ask(ADA, 'same'), ask(ADA, 'same')]);
      expect([one.id, two.id]).toEqual([first.id, first.id]);
    });

    it('leave a refused request no trace, so that it is taken once there is room', async () => {
      const world = await open();
      const { ask } = askers(world, { openPerPerson: 1 });
      const { id } = await ask();
      await expect(ask(ADA, 'late')).rejects.toThrow(
        refusal('limit_reached', { limit: 'open_per_person', most: 1 }),
      );
      expect((await world.store.eventsAfter('0', 10)).map(({ taskId }) => taskId)).toEqual([id]);
      await world.run(world.tasks.cancel(id, ADA));
      expect((await ask(ADA, 'late')).id).toBe(id + 1);
    });

    it('count a task as open until it has ended, also while it is worked on', async () => {
      const world = await open();
      const { ask, isTaken } = askers(world, { openPerPerson: 1 });
      const { id } = await ask();
      await world.run(world.tasks.claim(id, { instanceId: 'mac' }));
      expect(await isTaken()).toBe(false);
      await world.run(world.tasks.fail(id, {}, { error: 'x', retry: false, retryInMs: 0 }));
      expect(await isTaken()).toBe(true);
      await world.run(world.tasks.requeue(id, ADA));
      expect(await isTaken()).toBe(false);
    });

    it('say when the next one is possible, and then it is, one at a time', async () => {
      const world = await open();
      const { ask, isTaken } = askers(world, { submissionsPerHour: 3 });
      const start = world.clock.now().getTime();
      for (const pause of [10, 20, 5]) {
        await ask();
        world.clock.advance(pause * MINUTE);
      }
      const possibleAt = new Date(start + HOUR).toISOString();
      await expect(ask()).rejects.toThrow(
        refusal('limit_reached', { limit: 'submissions_per_hour', most: 3, possible_at: possibleAt }),
      );
      world.clock.advance(25 * MINUTE - 1);
      expect(await isTaken()).toBe(false);
      world.clock.advance(1);
      expect([await isTaken(), await isTaken()]).toEqual([true, false]);
      world.clock.advance(10 * MINUTE);
      expect([await isTaken(), await isTaken()]).toEqual([true, false]);
    });

    it('count submissions also when their tasks have ended', async () => {
      const world = await open();
      const { ask, isTaken } = askers(world, { submissionsPerHour: 1 });
      await world.run(world.tasks.cancel((await ask()).id, ADA));
      expect(await isTaken()).toBe(false);
    });

    it.each([
      ['five seconds', 5_000],
      ['half an hour', 30 * MINUTE],
      ['two hours', 2 * HOUR],
      ['ten years', 10 * 365 * 24 * HOUR],
    ])('lock nobody out for long when the clock is set back by %s', async (_by, ms) => {
      const world = await open();
      const { ask, isTaken } = askers(world, { submissionsPerHour: 2 });
      await ask();
      await ask();
      world.clock.jump(-ms);
      // A small step does not empty the count.
      if (ms < HOUR) expect(await isTaken()).toBe(false);
      let lockedOutMs = 0;
      for (let asked = 0; asked < 60; asked += 1) {
        world.clock.advance(10 * MINUTE);
        const refused = await ask().then(
          () => null,
          (error: unknown) => error as DomainError,
        );
        lockedOutMs = refused === null ? 0 : lockedOutMs + 10 * MINUTE;
        expect(lockedOutMs).toBeLessThanOrEqual(3 * HOUR);
        if (refused === null) continue;
        const waitMs = Date.parse(String(refused.details?.['possible_at'])) - world.clock.now().getTime();
        expect(waitMs).toBeLessThanOrEqual(2 * HOUR);
      }
    });

    it('let people in after a clock that was set forward, and count on from there', async () => {
      const world = await open();
      const { ask, isTaken } = askers(world, { submissionsPerHour: 1 });
      await ask();
      world.clock.jump(24 * HOUR);
      expect([await isTaken(), await isTaken()]).toEqual([true, false]);
    });
  });

  describe('who may change only their own tasks', () => {
    const own: Caller = { ...ADA, reach: 'own' };
    const moves: readonly [string, (world: StoreWorld, id: number, caller: Caller) => Promise<unknown>][] = [
      ['cancel', (world, id, caller) => world.run(world.tasks.cancel(id, caller))],
      ['edit', (world, id, caller) => world.run(world.tasks.edit(id, caller, 'new'))],
      [
        'change its priority',
        (world, id, caller) => world.run(world.tasks.changePriority(id, caller, 'high')),
      ],
      ['complete', (world, id, caller) => world.run(world.tasks.complete(id, caller))],
      ['set its status', (world, id, caller) => world.run(world.tasks.setStatus(id, caller, { notes: 'n' }))],
    ];

    it.each(moves)('cannot %s another one, which leaves no trace', async (_what, move) => {
      const world = await open();
      for (const theirs of [await submit(world, { actor: 'discord:8' }), await submit(world)]) {
        await world.run(world.tasks.claim(theirs.id, { instanceId: 'mac' }));
        const before = await taskOf(world, theirs.id);
        await expect(move(world, theirs.id, own)).rejects.toThrow(
          refusal('not_permitted', { task_id: theirs.id }),
        );
        expect(await taskOf(world, theirs.id)).toEqual(before);
        expect(await world.store.events(theirs.id)).toHaveLength(2);
      }
    });

    it('can do all of that to their own, and requeue it', async () => {
      const world = await open();
      const mine = await submit(world, { actor: 'discord:7' });
      await world.run(world.tasks.edit(mine.id, own, 'new'));
      await world.run(world.tasks.changePriority(mine.id, own, 'high'));
      await world.run(world.tasks.cancel(mine.id, own));
      await world.run(world.tasks.requeue(mine.id, own));
      expect(await taskOf(world, mine.id)).toMatchObject({ status: 'pending', description: 'new' });
    });

    it('are told of an unknown task before anything else', async () => {
      const world = await open();
      await expect(world.run(world.tasks.cancel(99, own))).rejects.toThrow(refusal('task_not_found'));
    });

    it('find their own open tasks by number and by words, and only those', async () => {
      const world = await open();
      const { ask } = askers(world, {});
      const [first, second, gone] = [await ask(), await ask(), await ask()];
      await ask({ actor: 'discord:8' });
      await claimed(world);
      await world.run(world.tasks.cancel(gone.id, ADA));
      const found = async (text: string, limit = 25) =>
        (await world.store.searchOpenTasks(text, limit, 'discord:7')).map(({ id }) => id);
      expect(await found('')).toEqual([second.id, first.id]);
      expect(await found('', 1)).toEqual([second.id]);
      expect(await found(String(first.id))).toEqual([first.id]);
      expect(await found('4')).toEqual([]);
      expect(await found('nothing like it')).toEqual([]);
    });
  });
}
