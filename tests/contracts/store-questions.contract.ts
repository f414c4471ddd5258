/** Questions: asked once, answered once, never by time, and never lost with a run. */
import { describe, expect, it } from 'vitest';
import { claimantOf } from '../../src/core/lanes.ts';
import { answer, ask, begin, kindsOf, loseAll, reply, report, running, told, totals } from './run-world.ts';
import { actionsOf, refusal, submit, taskOf, type OpenStoreWorld } from './store-world.ts';

export function storeQuestionsContract(open: OpenStoreWorld): void {
  describe('a question', () => {
    it('is asked once per key, told once, and offers what belongs to its kind', async () => {
      const world = await open();
      const one = await running(world);
      const first = await ask(world, one, { rule: 'Bash(npm test)' });
      expect(first).toMatchObject({ id: 1, taskId: one.id, run: 1, status: 'open' });
      expect(first.options.map(({ id }) => id)).toEqual(['allow_once', 'allow_task', 'deny']);
      expect(await ask(world, one, { rule: 'Bash(npm test)' })).toEqual(first);
      const second = await ask(world, one, { key: 'q-2' });
      expect(second.options.map(({ id }) => id)).toEqual(['allow_once', 'deny']);
      expect(await kindsOf(world, one.id)).toEqual(['1 question', '1 question']);
      expect((await told(world, one.id))[0]).toMatchObject({
        text: 'Run npm test?\nBash: npm test',
        data: { question_id: 1 },
      });
      expect(await world.store.question(1)).toEqual(first);
      expect((await world.store.questions({ status: 'open', limit: 5 })).map(({ id }) => id)).toEqual([2, 1]);
      expect((await taskOf(world, one.id)).status).toBe('in_progress');
    });

    it('is answered once: the same again is the same, another is refused and told what was', async () => {
      const world = await open();
      await ask(world, await running(world));
      const first = await answer(world, 1, 'deny', 'not today');
      expect(first).toMatchObject({
        status: 'answered',
        answeredBy: 'Ada',
        answer: { option: 'deny', text: 'not today' },
      });
      expect(await answer(world, 1, 'deny', 'not today')).toEqual(first);
      await expect(answer(world, 1, 'allow_once')).rejects.toThrow(
        'Question 1 was answered by Ada already: Deny',
      );
      await expect(answer(world, 1, 'allow_once')).rejects.toThrow(
        refusal('invalid_transition', { status: 'answered' }),
      );
    });

    it('takes the first of two answers at once', async () => {
      const world = await open();
      await ask(world, await running(world));
      const both = await Promise.allSettled([answer(world, 1, 'allow_once'), answer(world, 1, 'deny')]);
      expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
      expect((await world.store.question(1))?.answer?.option).toBe('allow_once');
    });

    it('takes only what it offers', async () => {
      const world = await open();
      const one = await running(world);
      await ask(world, one);
      await ask(world, one, { key: 'c', kind: 'choice', options: [{ id: 'a', label: 'A' }] });
      await ask(world, one, { key: 't', kind: 'text' });
      for (const [id, option, text] of [
        [1, 'allow_task', null],
        [1, null, 'sure'],
        [2, 'b', null],
        [3, 'a', null],
        [3, null, null],
      ] as const) {
        await expect(answer(world, id, option, text)).rejects.toThrow(refusal('invalid_input'));
      }
      expect((await answer(world, 2, null, 'something else')).status).toBe('answered');
      expect((await answer(world, 3, null, 'blue')).status).toBe('answered');
      await expect(answer(world, 9, 'a')).rejects.toThrow(refusal('task_not_found'));
    });

    it('is closed when its task ends, and when a new run asks again', async () => {
      const world = await open();
      const one = await running(world);
      await ask(world, one);
      await loseAll(world);
      await ask(world, await begin(world, one.id), { title: 'Again?' });
      expect((await world.store.questions({ taskId: one.id, limit: 9 })).map(({ status }) => status)).toEqual(
        ['open', 'closed'],
      );
      await expect(answer(world, 1, 'deny')).rejects.toThrow(
        refusal('invalid_transition', { status: 'closed' }),
      );
      await world.run(world.tasks.cancel(one.id, {}));
      expect((await world.store.question(2))?.status).toBe('closed');
      await expect(answer(world, 2, 'deny')).rejects.toThrow('closed');
    });

    it('keeps the task of a lost run waiting until all are answered, and its answers come first', async () => {
      const world = await open();
      const one = await running(world);
      await ask(world, one, { call: '{"tool":"Bash"}' });
      await ask(world, one, { key: 'q-2' });
      await loseAll(world);
      expect(await taskOf(world, one.id)).toMatchObject({
        status: 'pending',
        parked: { kind: 'answer', until: null, detail: 'Run npm test?' },
      });
      expect(await world.store.nextReady(claimantOf({}))).toBeNull();
      await answer(world, 1, 'deny');
      expect((await taskOf(world, one.id)).parked).not.toBeNull();
      const lanes: string[] = [];
      world.store.onCommit((commit) => lanes.push(...commit.readyLanes));
      await answer(world, 2, 'allow_once');
      expect(lanes).toHaveLength(1);
      expect((await taskOf(world, one.id)).parked).toBeNull();
      expect((await world.store.nextReady(claimantOf({})))?.id).toBe(one.id);
      const { run } = await begin(world, one.id);
      expect(run.answers).toMatchObject([
        { id: 1, call: '{"tool":"Bash"}', answer: { option: 'deny' } },
        { id: 2 },
      ]);
    });

    it('that is answered while the worker gives up waiting leaves the task ready', async () => {
      const world = await open();
      const one = await running(world);
      await ask(world, one);
      const park = () =>
        world.run(
          world.tasks.release(
            one.id,
            { leaseId: one.leaseId },
            {
              retryInMs: 0,
              cause: { kind: 'parked', waitsFor: 'answer', until: null },
              report: report({ outcome: 'parked' }),
            },
          ),
        );
      await Promise.all([answer(world, 1, 'allow_once'), park()]);
      expect(await taskOf(world, one.id)).toMatchObject({ parked: null, attempt: 0 });
      expect((await begin(world, one.id)).run.answers).toMatchObject([{ id: 1 }]);
    });

    it.each(['answer first', 'expiry first'])('answered while the lease expires: %s', async (order) => {
      const world = await open();
      const one = await running(world);
      await ask(world, one);
      world.clock.advance(121 * 60_000);
      const acts = [() => answer(world, 1, 'allow_once'), () => world.run(world.sweeps.expireLeases())];
      if (order === 'expiry first') acts.reverse();
      await Promise.all(acts.map((act) => act()));
      expect(await taskOf(world, one.id)).toMatchObject({ status: 'pending', parked: null });
      expect((await begin(world, one.id)).run.answers).toMatchObject([
        { id: 1, answer: { option: 'allow_once' } },
      ]);
    });

    it('stays with its task when a claim of it was never heard of', async () => {
      const world = await open();
      const one = await running(world);
      await ask(world, one);
      await loseAll(world);
      const second = await begin(world, one.id);
      await world.run(world.tasks.undoClaim(second.leaseId));
      expect((await taskOf(world, one.id)).parked).toMatchObject({ kind: 'answer' });
    });

    it('is reminded of once, after an hour, and never answered by time', async () => {
      const world = await open();
      const one = await running(world);
      await ask(world, one);
      await ask(world, one, { key: 'q-2' });
      world.clock.advance(60 * 60_000 - 1);
      expect(await world.run(world.runs.remind())).toBe(0);
      world.clock.advance(1);
      expect(await world.run(world.runs.remind())).toBe(2);
      expect(await world.run(world.runs.remind())).toBe(0);
      expect((await told(world, one.id)).map(({ seq, run, data }) => [seq, run, data?.question_id])).toEqual([
        [1, 1, 1],
        [2, 1, 2],
        [3, null, 1],
        [4, null, 2],
      ]);
      expect(await world.store.question(1)).toMatchObject({ status: 'open', repeatedAt: world.clock.now() });
    });
  });

  describe('an answer', () => {
    it('that allows something for the task is a rule for all later runs, once', async () => {
      const world = await open();
      const one = await running(world);
      for (const key of ['a', 'b']) await ask(world, one, { key, rule: 'Bash(npm test)' });
      await answer(world, 1, 'allow_task');
      await answer(world, 2, 'allow_task');
      await ask(world, one, { key: 'c', rule: 'Edit' });
      await answer(world, 3, 'allow_once');
      await loseAll(world);
      expect((await begin(world, one.id)).run.rules).toEqual(['Bash(npm test)']);
    });

    it('that a run has heard is not told to the next one; that of a lost run is', async () => {
      const world = await open();
      const one = await running(world);
      await ask(world, one);
      await loseAll(world);
      await answer(world, 1, 'deny');
      await begin(world, one.id);
      await loseAll(world);
      const third = await begin(world, one.id);
      expect(third.run.answers).toHaveLength(1);
      const stopping = { retryInMs: 0, cause: { kind: 'stopping' } as const };
      await world.run(
        world.tasks.release(
          one.id,
          { leaseId: third.leaseId },
          { ...stopping, report: report({ totals: totals({ turns: 0 }) }) },
        ),
      );
      const fourth = await begin(world, one.id);
      expect(fourth.run.answers).toHaveLength(1);
      await world.run(
        world.tasks.release(one.id, { leaseId: fourth.leaseId }, { ...stopping, report: report() }),
      );
      expect((await begin(world, one.id)).run.answers).toEqual([]);
    });

    it('to a reached budget grants as much again, or only delivers, or stops at once', async () => {
      const world = await open();
      const budget = async () => {
        const one = await running(world);
        const asked = await ask(world, one, { kind: 'choice', isBudget: true, title: 'Budget reached' });
        expect(asked.options.map(({ id }) => id)).toEqual(['more', 'finish', 'stop']);
        await world.run(
          world.tasks.release(
            one.id,
            { leaseId: one.leaseId },
            {
              retryInMs: 0,
              cause: { kind: 'parked', waitsFor: 'budget', until: null },
              report: report({ outcome: 'budget' }),
            },
          ),
        );
        expect((await taskOf(world, one.id)).parked?.kind).toBe('budget');
        return { id: one.id, question: asked.id };
      };
      const more = await budget();
      await answer(world, more.question, 'more');
      expect((await begin(world, more.id)).run).toMatchObject({ grants: 1, isFinishing: false });
      const finish = await budget();
      await answer(world, finish.question, 'finish');
      expect((await begin(world, finish.id)).run).toMatchObject({ grants: 0, isFinishing: true });
      const stop = await budget();
      await answer(world, stop.question, 'stop');
      expect(await taskOf(world, stop.id)).toMatchObject({
        status: 'cancelled',
        result: { outcome: 'cancelled', branch: 'claude/1-x' },
      });
      expect((await actionsOf(world, stop.id)).at(-1)).toBe('cancelled');
      expect(await world.store.question(stop.question)).toMatchObject({
        status: 'answered',
        answer: { option: 'stop' },
      });
    });

    it('"more" grants the budget that was reached, and only that', async () => {
      const world = await open();
      const { id } = await submit(world);
      const grant = async (budget: 'turns' | 'cost_usd' | null) => {
        const one = await begin(world, id);
        const asked = await ask(world, one, { kind: 'choice', isBudget: true, budget, title: 'Reached' });
        const cause = { kind: 'parked', waitsFor: 'budget', until: null } as const;
        await world.run(
          world.tasks.release(id, { leaseId: one.leaseId }, { retryInMs: 0, cause, report: report() }),
        );
        await answer(world, asked.id, 'more');
      };
      await grant('turns');
      await grant('turns');
      await grant('cost_usd');
      const { run, leaseId } = await begin(world, id);
      // What an older worker reads counts them all.
      expect(run).toMatchObject({ grants: 3, granted: { cost_usd: 1, tokens: 0, turns: 2, minutes: 0 } });
      await world.run(world.tasks.release(id, { leaseId }, { retryInMs: 0 }));
      // An older worker does not say which budget it was, and gives more of each.
      await grant(null);
      expect((await begin(world, id)).run).toMatchObject({
        grants: 4,
        granted: { cost_usd: 2, tokens: 1, turns: 3, minutes: 1 },
      });
    });

    it('to a reached budget that was "finish" is done with at the end: a follow-up works again', async () => {
      const world = await open();
      const one = await running(world);
      const asked = await ask(world, one, { kind: 'choice', isBudget: true, title: 'Budget reached' });
      const cause = { kind: 'parked', waitsFor: 'budget', until: null } as const;
      await world.run(
        world.tasks.release(one.id, { leaseId: one.leaseId }, { retryInMs: 0, cause, report: report() }),
      );
      await answer(world, asked.id, 'finish');
      const finishing = await begin(world, one.id);
      await reply(world, one.id, 'one more thing');
      await world.run(
        world.tasks.complete(one.id, { leaseId: finishing.leaseId }, { report: report({ lastReply: 0 }) }),
      );
      expect(await taskOf(world, one.id)).toMatchObject({ status: 'pending' });
      expect((await begin(world, one.id)).run).toMatchObject({
        isFinishing: false,
        replies: [{ text: 'one more thing' }],
      });
    });

    it('to a reached budget that was "finish" finishes, whatever had been said before it', async () => {
      const world = await open();
      const one = await running(world);
      const asked = await ask(world, one, { kind: 'choice', isBudget: true, title: 'Budget reached' });
      const cause = { kind: 'parked', waitsFor: 'budget', until: null } as const;
      await world.run(
        world.tasks.release(one.id, { leaseId: one.leaseId }, { retryInMs: 0, cause, report: report() }),
      );
      await reply(world, one.id, 'please wrap it up');
      world.clock.advance(1000);
      await answer(world, asked.id, 'finish');
      const finishing = await begin(world, one.id);
      await world.run(
        world.tasks.complete(one.id, { leaseId: finishing.leaseId }, { report: report({ lastReply: 0 }) }),
      );
      expect((await taskOf(world, one.id)).status).toBe('completed');
      // What nobody has heard goes along with what comes later.
      await reply(world, one.id, 'go on after all');
      expect((await begin(world, one.id)).run.replies.map(({ text }) => text)).toEqual([
        'please wrap it up',
        'go on after all',
      ]);
    });

    it('lets the task wait for the next one that is open', async () => {
      const world = await open();
      const one = await running(world);
      const first = await ask(world, one, { key: 'q-1', title: 'One?' });
      const second = await ask(world, one, { key: 'q-2', title: 'Two?' });
      const cause = { kind: 'parked', waitsFor: 'answer', until: null } as const;
      await world.run(world.tasks.release(one.id, { leaseId: one.leaseId }, { retryInMs: 0, cause }));
      expect((await taskOf(world, one.id)).parked).toMatchObject({ kind: 'answer', detail: 'One?' });
      await answer(world, first.id, 'allow_once');
      expect((await taskOf(world, one.id)).parked).toMatchObject({ kind: 'answer', detail: 'Two?' });
      await answer(world, second.id, 'allow_once');
      expect((await taskOf(world, one.id)).parked).toBeNull();
    });

    it('by a key is by its name, and a key that may only work gives none', async () => {
      const world = await open();
      await ask(world, await running(world));
      const key = (scope: 'submit' | 'worker' | 'read') => ({
        key: { id: 'k', name: 'phone', scope, instanceId: null },
      });
      const deny = { option: 'deny', text: null };
      for (const scope of ['worker', 'read'] as const) {
        expect(() => world.runs.answer(1, key(scope), deny)).toThrow(refusal('not_permitted'));
      }
      expect(await world.run(world.runs.answer(1, key('submit'), deny))).toMatchObject({
        answeredBy: 'phone',
      });
    });

    it('beyond the reach of a person is refused', async () => {
      const world = await open();
      const mine = await submit(world, { actor: 'discord:7', origin: { frontEnd: 'discord', ref: 'i' } });
      await ask(world, await begin(world, mine.id));
      const give = (actor: 'discord:7' | 'discord:8') =>
        world.run(world.runs.answer(1, { actor, reach: 'own', name: 'x' }, { option: 'deny', text: null }));
      await expect(give('discord:8')).rejects.toThrow(refusal('not_permitted'));
      expect((await give('discord:7')).status).toBe('answered');
    });
  });
}
