/** The one report that an ended lease may still hand in, and what it never does. */
import { describe, expect, it } from 'vitest';
import { begin, loseAll, reply, report, running, say, told, totals, type Running } from './run-world.ts';
import { actionsOf, refusal, taskOf, type OpenStoreWorld, type StoreWorld } from './store-world.ts';

const DAY_MS = 24 * 60 * 60_000;

const handIn = (
  world: StoreWorld,
  one: Running,
  facts: Parameters<typeof report>[0] = {},
  texts: readonly string[] = [],
) =>
  world.run(
    world.runs.report(
      one.id,
      { leaseId: one.leaseId },
      {
        report: report(facts),
        first: 2,
        messages: texts.map((text) => ({ kind: 'text', text, at: null })),
      },
    ),
  );

export function storeReportsContract(open: OpenStoreWorld): void {
  describe('the report of a run that was cancelled', () => {
    it('counts usage and tells where the work is, and changes nothing else', async () => {
      const world = await open();
      const one = await running(world);
      await say(world, one, { texts: ['one'], totals: totals({ costUsd: 0.1 }) });
      const cancelled = await world.run(world.tasks.cancel(one.id, {}));
      const actions = await actionsOf(world, one.id);
      expect(
        await handIn(
          world,
          one,
          { branch: 'claude/1-x', outcome: 'done', totals: totals({ costUsd: 0.9 }) },
          ['two'],
        ),
      ).toBe(true);
      const task = await taskOf(world, one.id);
      expect(task).toEqual({ ...cancelled, result: { ...task.result } });
      expect(task.result).toMatchObject({
        outcome: 'cancelled',
        branch: 'claude/1-x',
        cost_usd: 0.9,
        commit: 'abc',
      });
      expect(await actionsOf(world, one.id)).toEqual(actions);
      expect((await told(world, one.id)).map(({ run, kind, text }) => [run, kind, text])).toEqual([
        [1, 'text', 'one'],
        [1, 'result', 'Cancelled.'],
        [1, 'text', 'two'],
        [null, 'notice', 'Run 1: kept on branch claude/1-x.'],
      ]);
    });

    it('is taken once, and a repeat is no refusal', async () => {
      const world = await open();
      const one = await running(world);
      await say(world, one, { texts: ['one'] });
      await world.run(world.tasks.cancel(one.id, {}));
      await handIn(world, one, { totals: totals({ costUsd: 1 }) });
      const before = await told(world, one.id);
      expect(await handIn(world, one, { totals: totals({ costUsd: 5 }) })).toBe(true);
      expect((await taskOf(world, one.id)).result?.cost_usd).toBe(1);
      expect(await told(world, one.id)).toEqual(before);
    });

    it('is refused after a day, of a run that goes on, and of a strange lease', async () => {
      const world = await open();
      const one = await running(world);
      await say(world, one, { texts: ['one'] });
      await expect(handIn(world, one)).rejects.toThrow(refusal('invalid_transition'));
      await world.run(world.tasks.cancel(one.id, {}));
      await expect(handIn(world, { ...one, leaseId: 'nobody' })).rejects.toThrow(refusal('lease_lost'));
      const strange = { leaseId: one.leaseId, instanceId: 'w-2' };
      const late = { report: report(), first: 2, messages: [] };
      await expect(world.run(world.runs.report(one.id, strange, late))).rejects.toThrow(
        refusal('lease_lost'),
      );
      world.clock.advance(DAY_MS + 1);
      await expect(handIn(world, one)).rejects.toThrow(refusal('lease_lost'));
      expect((await taskOf(world, one.id)).result?.branch).toBeNull();
    });

    it('that names no branch is no word of one: what was delivered before stands', async () => {
      const world = await open();
      const one = await running(world);
      await world.run(world.tasks.complete(one.id, { leaseId: one.leaseId }, { report: report() }));
      await reply(world, one.id, 'go on');
      const two = await begin(world, one.id);
      await say(world, two, { texts: ['one'] });
      await world.run(world.tasks.cancel(one.id, {}));
      const kept = { branch: null, commit: 'kept', filesChanged: null, insertions: null, deletions: null };
      await handIn(world, two, kept);
      expect((await taskOf(world, one.id)).result).toMatchObject({ branch: 'claude/1-x', commit: 'abc' });
      expect((await told(world, one.id)).at(-1)?.text).toBe(
        'Run 2: kept on the worker w-1 alone, as a bundle, for it could not be pushed.',
      );
      const third = await running(world);
      await say(world, third, { texts: ['one'] });
      await world.run(world.tasks.cancel(third.id, {}));
      await handIn(world, third, { ...kept, commit: null });
      expect((await told(world, third.id)).at(-1)?.text).toBe('Run 1: it left no changes.');
    });

    it('keeps which text of the task its session was told, and leaves that as it was where it does not say', async () => {
      const world = await open();
      const one = await running(world);
      expect(one.run.sessionText).toBeNull();
      await say(world, one, { texts: ['one'], sessionText: 'first' });
      await loseAll(world);
      const two = await begin(world, one.id);
      expect(two.run.sessionText).toBe('first');
      await say(world, two, { texts: ['one'] });
      await loseAll(world);
      await handIn(world, two, { sessionText: 'second' });
      await handIn(world, one, { sessionText: 'late' });
      const three = await begin(world, one.id);
      expect(three.run.sessionText).toBe('second');
      await world.run(
        world.tasks.release(one.id, { leaseId: three.leaseId }, { retryInMs: 0, report: report() }),
      );
      expect((await begin(world, one.id)).run.sessionText).toBe('second');
    });

    it("of a run before the newest one adds its cost, and leaves the newest one's facts", async () => {
      const world = await open();
      const one = await running(world);
      await say(world, one, { texts: ['one'] });
      await loseAll(world);
      const two = await begin(world, one.id);
      await world.run(
        world.tasks.complete(
          one.id,
          { leaseId: two.leaseId },
          { report: report({ branch: 'claude/1-x', commit: 'new', sessionId: 'new' }) },
        ),
      );
      await handIn(world, one, { branch: 'claude/1-x-lost-1', commit: 'old', sessionId: 'old' });
      expect((await taskOf(world, one.id)).result).toMatchObject({
        commit: 'new',
        session_id: 'new',
        cost_usd: 1,
        outcome: 'done',
      });
      expect((await world.store.taskWork(one.id))?.sessionId).toBe('new');
      expect((await told(world, one.id)).at(-1)?.text).toBe('Run 1: kept on branch claude/1-x-lost-1.');
    });
  });

  describe('the result of a task', () => {
    it('keeps where its work lies, and what was said, when a later run parks', async () => {
      const world = await open();
      const one = await running(world);
      await world.run(world.tasks.complete(one.id, { leaseId: one.leaseId }, { report: report() }));
      await reply(world, one.id, 'more');
      const two = await begin(world, one.id);
      const nothing = { branch: null, commit: null, base: null, summary: null };
      const numbers = { filesChanged: null, insertions: null, deletions: null };
      const parked = report({ outcome: 'parked', ...nothing, ...numbers, lastReply: 1 });
      const cause = { kind: 'stopping' } as const;
      await world.run(
        world.tasks.release(one.id, { leaseId: two.leaseId }, { retryInMs: 0, cause, report: parked }),
      );
      expect((await taskOf(world, one.id)).result).toMatchObject({
        ...{ outcome: 'parked', summary: 'It works.', branch: 'claude/1-x', commit: 'abc', base: 'base' },
        ...{ files_changed: 2, insertions: 3, deletions: 1, cost_usd: 1 },
      });
    });
  });
}
