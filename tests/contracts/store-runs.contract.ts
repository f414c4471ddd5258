/** Runs: how they begin, what they report, and how they end. */
import { describe, expect, it } from 'vitest';
import { begin, kindsOf, loseAll, reply, report, running, say, told, totals } from './run-world.ts';
import { refusal, submit, taskOf, type OpenStoreWorld } from './store-world.ts';

export function storeRunsContract(open: OpenStoreWorld): void {
  describe('a run', () => {
    it('begins with a claim that names its session, and with no other', async () => {
      const world = await open();
      const { id } = await submit(world);
      expect((await world.run(world.tasks.claim(id, { instanceId: 'mac' }))).run).toBeNull();
      expect(await world.store.taskWork(id)).toBeNull();
      const other = await running(world, { project: 'notes', model: 'm', submittedBy: 'ada' });
      const { run } = await world.store.runOfLease(other.leaseId);
      expect(run).toMatchObject({
        number: 1,
        account: 'acc',
        person: 'name:ada',
        project: 'notes',
        model: 'm',
      });
      expect(other.run).toMatchObject({ number: 1, replies: [], answers: [], sessionId: null, base: null });
    });

    it('is numbered on, keeps branch, base, session and summary, and knows what was spent', async () => {
      const world = await open();
      const first = await running(world, { description: 'First words' });
      await say(world, first, { sessionId: 's-9', base: 'b-9', totals: totals({ costUsd: 0.2 }) });
      await world.run(
        world.tasks.fail(
          first.id,
          {},
          {
            error: 'x',
            retry: true,
            retryInMs: 0,
            report: report({ sessionId: null, base: null, totals: totals({ costUsd: 0.25 }) }),
          },
        ),
      );
      await world.run(world.tasks.edit(first.id, {}, 'Other words'));
      const { run } = await begin(world, first.id, 'w-2');
      expect(run).toMatchObject({
        number: 2,
        branch: `claude/${first.id}-first-words`,
        base: 'b-9',
        sessionId: 's-9',
        summary: 'It works.',
        spent: { costUsd: 0.25, turns: 2, durationMs: 1500 },
      });
    });

    it('never began when its claim was undone: the next one has its number', async () => {
      const world = await open();
      const first = await running(world);
      await world.run(world.tasks.undoClaim(first.leaseId));
      expect((await world.store.runOfLease(first.leaseId)).run).toBeNull();
      expect((await begin(world, first.id)).run.number).toBe(1);
      expect(await told(world, first.id)).toEqual([]);
    });

    it('is kept with the answer to the claim that began it', async () => {
      const world = await open();
      const { id } = await submit(world);
      const render = (made: { leaseId: string; run: unknown }) => ({
        status: 200,
        body: JSON.stringify(made.run),
        leaseId: made.leaseId,
      });
      const once = { key: 'k', fingerprint: 'f', render };
      const work = () => world.tasks.claim(id, { instanceId: 'w', session: 's' });
      const first = await world.store.decideOnce(work(), once);
      expect(JSON.parse(first.body)).toMatchObject({ number: 1 });
      expect(await world.store.decideOnce(work(), once)).toEqual(first);
      expect((await world.store.taskWork(id))?.runs).toBe(1);
    });
  });

  describe('messages of a run', () => {
    it('are taken in once and in order', async () => {
      const world = await open();
      const one = await running(world);
      expect(await say(world, one, { texts: ['a', 'b'] })).toBe(3);
      expect(await say(world, one, { texts: ['a', 'b'] })).toBe(3);
      expect(await say(world, one, { first: 2, texts: ['b', 'c'] })).toBe(4);
      const gap = refusal('invalid_transition', { expected: 4 });
      await expect(say(world, one, { first: 5, texts: ['e'] })).rejects.toThrow(gap);
      await expect(say(world, one, { first: 0, texts: ['e'] })).rejects.toThrow(gap);
      expect((await told(world, one.id)).map(({ seq, text }) => [seq, text])).toEqual([
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
      ]);
    });

    it('are refused once the lease is lost, and of a claim that began no run', async () => {
      const world = await open();
      const one = await running(world);
      await loseAll(world);
      await expect(say(world, one, { texts: ['late'] })).rejects.toThrow(refusal('lease_lost'));
      const { leaseId } = await world.run(world.tasks.claim(one.id, { instanceId: 'mac' }));
      await expect(say(world, { ...one, leaseId })).rejects.toThrow(refusal('invalid_transition'));
      await expect(say(world, { ...one, id: 99 })).rejects.toThrow(refusal('task_not_found'));
    });

    it('bring totals that only grow, and are counted though the run is killed', async () => {
      const world = await open();
      const one = await running(world);
      await say(world, one, { totals: totals({ costUsd: 0.3, turns: 5 }) });
      await say(world, one, { totals: totals({ costUsd: 0.1, turns: 9 }) });
      await loseAll(world);
      expect((await taskOf(world, one.id)).result).toMatchObject({
        outcome: 'failed',
        cost_usd: 0.3,
        turns: 9,
        duration_seconds: 1.5,
      });
      const second = await begin(world, one.id);
      await world.run(
        world.tasks.complete(
          one.id,
          { leaseId: second.leaseId },
          { report: report({ totals: totals({ costUsd: 0.4, turns: 1 }) }) },
        ),
      );
      expect((await taskOf(world, one.id)).result).toMatchObject({
        outcome: 'done',
        cost_usd: 0.7,
        turns: 10,
        duration_seconds: 3,
        session_id: 'session-1',
        files_changed: 2,
      });
      const { total } = await world.store.usage({ since: new Date(0), groupBy: [] });
      expect(total).toEqual({ costUsd: 0.7, tasks: 1, inputTokens: 200, outputTokens: 20 });
    });

    it('tell what goes on, until they say otherwise', async () => {
      const world = await open();
      const one = await running(world);
      const activity = { text: 'npm test', startedAt: world.clock.now() };
      const todo = [{ text: 'Look', status: 'in_progress' as const }];
      await say(world, one, { activity, todo });
      await say(world, one, {});
      expect(await world.store.taskWork(one.id)).toMatchObject({ activity, todo });
      await say(world, one, { activity: null });
      expect(await world.store.taskWork(one.id)).toMatchObject({ activity: null, todo });
      await say(world, one, { activity });
      await loseAll(world);
      expect((await world.store.taskWork(one.id))?.activity).toBeNull();
    });

    it('tell of nothing that has gone on for longer than their run, or is yet to begin', async () => {
      const world = await open();
      const one = await running(world);
      const begunAt = world.clock.now();
      world.clock.advance(5000);
      const told = async (startedAt: Date) => {
        await say(world, one, { activity: { text: 'npm test', startedAt } });
        return (await world.store.taskWork(one.id))?.activity?.startedAt;
      };
      expect(await told(new Date(0))).toEqual(begunAt);
      expect(await told(new Date(8.64e15))).toEqual(world.clock.now());
    });

    it('are no older than their run and no newer than now', async () => {
      const world = await open();
      const one = await running(world);
      const begunAt = world.clock.now();
      world.clock.advance(5000);
      const at = [new Date(0), new Date(begunAt.getTime() + 2000), new Date(Date.UTC(2100, 0, 1))];
      await say(world, one, { messages: at.map((when) => ({ kind: 'text', text: 'x', at: when })) });
      const offsets = (await told(world, one.id)).map((message) => message.at.getTime() - begunAt.getTime());
      expect(offsets).toEqual([0, 2000, 5000]);
    });
  });

  describe('the end of a run', () => {
    it('is told as a result when the task ends with it, in the words of its report', async () => {
      const world = await open();
      const one = await running(world);
      await world.run(world.tasks.complete(one.id, { leaseId: one.leaseId }, { report: report() }));
      const [message] = await told(world, one.id);
      const { result } = await taskOf(world, one.id);
      expect(message).toMatchObject({
        run: 1,
        kind: 'result',
        text: 'It works.',
        data: { status: 'completed', result },
      });
      expect((await world.store.events(one.id)).at(-1)?.details.result).toEqual(result);
    });

    it('is told in its own words where it could not report, and not in those of an earlier run', async () => {
      const world = await open({ maxAttempts: 1 });
      const { id, leaseId } = await running(world);
      await world.run(world.tasks.complete(id, { leaseId }, { report: report() }));
      const end = async () => (await told(world, id)).findLast(({ kind }) => kind === 'result')?.text;
      await reply(world, id, 'And the docs.');
      await begin(world, id);
      await loseAll(world);
      expect(await end()).toMatch(/^The lease of w-1 expired: nothing was heard from it in time\.\n/);
      await reply(world, id, 'Once more.');
      await begin(world, id);
      await world.run(world.tasks.cancel(id, {}, 'Stopped by Ada.'));
      expect(await end()).toBe('Cancelled. Stopped by Ada.');
    });

    it.each(['cancel', 'fail', 'expire', 'release', 'set to failed'])('ends its row: by %s', async (how) => {
      const world = await open({ maxAttempts: 1 });
      const one = await running(world);
      const ends = {
        cancel: () => world.run(world.tasks.cancel(one.id, {})),
        fail: () => world.run(world.tasks.fail(one.id, {}, { error: 'x', retry: false, retryInMs: 0 })),
        expire: () => loseAll(world),
        release: () => world.run(world.tasks.release(one.id, {}, { retryInMs: 0 })),
        'set to failed': () => world.run(world.tasks.setStatus(one.id, {}, { status: 'failed' })),
      } as const;
      await ends[how as keyof typeof ends]();
      expect((await world.store.runOfLease(one.leaseId)).run).toMatchObject({
        endedAt: world.clock.now(),
        isReported: false,
      });
      const outcome = how === 'cancel' ? 'cancelled' : 'failed';
      expect((await taskOf(world, one.id)).result).toMatchObject({ outcome, branch: null });
      expect(await kindsOf(world, one.id)).toEqual([how === 'release' ? '- notice' : '1 result']);
    });

    it('says nothing of a task that no worker ever had', async () => {
      const world = await open();
      const { id } = await submit(world);
      await world.run(world.tasks.claim(id, { instanceId: 'mac' }));
      await world.run(world.tasks.complete(id, { instanceId: 'mac' }, 'by hand'));
      expect((await taskOf(world, id)).result).toBeNull();
      expect(await told(world, id)).toEqual([]);
    });
  });

  describe('usage', () => {
    it('counts each task once, by who asked, project and model, from a time on', async () => {
      const world = await open();
      const first = await running(world, { submittedBy: 'ada', project: 'notes', model: 'big' });
      await say(world, first, { totals: totals({ costUsd: 1 }) });
      await loseAll(world);
      const since = world.clock.now();
      for (const submittedBy of ['ada', 'bob']) {
        await say(world, await running(world, { submittedBy, model: 'small' }), {
          totals: totals({ costUsd: submittedBy === 'ada' ? 2 : 3 }),
        });
      }
      await say(world, await begin(world, first.id), { totals: totals({ costUsd: 4 }) });
      const all = await world.store.usage({ since: new Date(0), groupBy: ['user'] });
      expect(all.total).toMatchObject({ costUsd: 10, tasks: 3 });
      expect(all.groups).toMatchObject([
        { key: { user: 'ada' }, costUsd: 7, tasks: 2 },
        { key: { user: 'bob' }, costUsd: 3 },
      ]);
      const later = await world.store.usage({ since, groupBy: ['project', 'model'] });
      expect(later.total).toMatchObject({ costUsd: 9, tasks: 3 });
      expect(later.groups).toMatchObject([
        { key: { project: null, model: 'small' }, costUsd: 5 },
        { key: { project: 'notes', model: 'big' }, costUsd: 4 },
      ]);
    });

    it('reads on over the end of a page', async () => {
      const world = await open();
      const all = await Promise.all(Array.from({ length: 1005 }, () => submit(world)));
      await Promise.all(
        all.map(async ({ id }) => say(world, await begin(world, id), { totals: totals({ costUsd: 0.001 }) })),
      );
      const { total } = await world.store.usage({ since: new Date(0), groupBy: [] });
      expect(total).toMatchObject({ tasks: 1005, costUsd: 1.005 });
    });
  });
}
