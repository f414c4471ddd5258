/** Replies: whenever they come, a run hears them once it can, in order. */
import { describe, expect, it } from 'vitest';
import { begin, loseAll, reply, report, running, told } from './run-world.ts';
import { actionsOf, refusal, submit, taskOf, type OpenStoreWorld } from './store-world.ts';

export function storeRepliesContract(open: OpenStoreWorld): void {
  describe('a reply', () => {
    it('to a task that waits goes along with the next claim, in order', async () => {
      const world = await open();
      const { id } = await submit(world);
      expect(await reply(world, id, 'one')).toMatchObject({
        reply: { number: 1, authorName: 'Ada' },
        delivery: 'next_run',
      });
      expect(await reply(world, id, 'two', true)).toMatchObject({
        reply: { number: 2 },
        delivery: 'next_run',
      });
      const { run } = await begin(world, id);
      expect(run.replies.map(({ number, text, now }) => [number, text, now])).toEqual([
        [1, 'one', false],
        [2, 'two', true],
      ]);
      expect(run.branch).toBe(`claude/${id}-deploy-new-monitoring-stack`);
      expect(await actionsOf(world, id)).toEqual(['created', 'replied', 'replied', 'claimed']);
      expect((await world.store.events(id))[1]).toMatchObject({ actor: 'discord:7', details: { reply: 1 } });
    });

    it('that a run has not taken in is told to the next one, and no other', async () => {
      const world = await open();
      const one = await running(world);
      expect((await reply(world, one.id, 'one')).delivery).toBe('now');
      await reply(world, one.id, 'two');
      await world.run(
        world.tasks.release(
          one.id,
          { leaseId: one.leaseId },
          { retryInMs: 0, cause: { kind: 'stopping' }, report: report({ lastReply: 1 }) },
        ),
      );
      const second = await begin(world, one.id);
      expect(second.run.replies.map(({ number }) => number)).toEqual([2]);
      await loseAll(world);
      expect((await begin(world, one.id)).run.replies.map(({ number }) => number)).toEqual([2]);
    });

    it.each(['completed', 'failed', 'cancelled'])('to a %s task is a follow-up of it', async (status) => {
      const world = await open();
      const one = await running(world);
      await world.run(
        world.tasks.release(one.id, {}, { retryInMs: 0, report: report({ sessionId: 's-1' }) }),
      );
      const two = await begin(world, one.id);
      if (status === 'completed') await world.run(world.tasks.complete(one.id, { leaseId: two.leaseId }));
      if (status === 'failed')
        await world.run(world.tasks.fail(one.id, {}, { error: 'x', retry: false, retryInMs: 0 }));
      if (status === 'cancelled') await world.run(world.tasks.cancel(one.id, {}));
      const { delivery, task } = await reply(world, one.id, 'go on');
      expect(delivery).toBe('follow_up');
      expect(task).toMatchObject({
        status: 'pending',
        attempt: 0,
        error: null,
        description: 'Deploy new monitoring stack',
      });
      expect(await taskOf(world, one.id)).toEqual(task);
      expect((await actionsOf(world, one.id)).slice(-2)).toEqual(['replied', 'requeued']);
      expect((await world.store.events(one.id)).at(-1)?.details.reason).toBe('follow_up');
      const { run } = await begin(world, one.id);
      expect(run).toMatchObject({
        number: 3,
        sessionId: 's-1',
        branch: one.run.branch,
        replies: [{ text: 'go on', isInText: false }],
      });
    });

    it('that a run did not take in before it failed for good is named at its end', async () => {
      const world = await open({ maxAttempts: 1 });
      const end = async (id: number) => (await told(world, id)).at(-1)?.text;
      const one = await running(world);
      for (const text of ['one', 'two']) await reply(world, one.id, text);
      const failure = { error: 'No access.', retry: false, retryInMs: 0 };
      const facts = report({ summary: 'It broke.', lastReply: 1 });
      await world.run(world.tasks.fail(one.id, { leaseId: one.leaseId }, { ...failure, report: facts }));
      expect(await end(one.id)).toBe(
        'It broke.\n\nReply 2 was not heard: the next run is told, if there is one.',
      );
      const lost = await running(world);
      for (const text of ['one', 'two']) await reply(world, lost.id, text);
      await loseAll(world);
      expect(await end(lost.id)).toMatch(/expired.*\n\nReplies 1 to 2 were not heard/);
    });

    it('to a finished task without a session becomes part of its text, and is not told twice', async () => {
      const world = await open();
      const { id } = await submit(world, { description: 'Clean up' });
      await world.run(world.tasks.cancel(id, {}));
      expect((await reply(world, id, 'the attic too')).task.description).toBe(
        'Clean up\n\nAda: the attic too',
      );
      const { run } = await begin(world, id);
      expect(run.replies).toEqual([]);
    });

    it('to a finished task without a session leaves those that no run has heard to the next run', async () => {
      const world = await open();
      const { id } = await submit(world, { description: 'Clean up' });
      await reply(world, id, 'the cellar');
      await world.run(world.tasks.cancel(id, {}));
      expect((await reply(world, id, 'the attic too')).task.description).toBe(
        'Clean up\n\nAda: the attic too',
      );
      const { run } = await begin(world, id);
      expect(run.replies.map(({ text, isInText }) => [text, isInText])).toEqual([
        ['the cellar', false],
        ['the attic too', true],
      ]);
    });

    it('to a finished task whose run knew no session becomes part of its text', async () => {
      const world = await open();
      const { id } = await submit(world, { description: 'Clean up' });
      await reply(world, id, 'the cellar');
      const one = await begin(world, id);
      await world.run(
        world.tasks.complete(
          id,
          { leaseId: one.leaseId },
          { report: report({ sessionId: null, lastReply: 1 }) },
        ),
      );
      const { task } = await reply(world, id, 'the attic too');
      expect(task.description).toBe('Clean up\n\nAda: the attic too');
      expect(await taskOf(world, id)).toEqual(task);
      expect((await begin(world, id)).run.replies).toEqual([]);
    });

    it('that does not fit into that text is refused, and nothing happened', async () => {
      const world = await open();
      const { id } = await submit(world, { description: 'x'.repeat(3990) });
      await world.run(world.tasks.cancel(id, {}));
      await expect(reply(world, id, 'too long')).rejects.toThrow(refusal('invalid_input', { left: 3 }));
      expect(await taskOf(world, id)).toMatchObject({ status: 'cancelled' });
      expect((await reply(world, id, 'yes')).reply.number).toBe(1);
    });

    it('by somebody who may only work, or only answer for their own tasks, is refused', async () => {
      const world = await open();
      const { id } = await submit(world);
      const key = { id: 'k', name: 'bot', scope: 'worker', instanceId: null } as const;
      expect(() => world.runs.reply(id, { key }, { text: 'x', now: false })).toThrow(
        refusal('not_permitted'),
      );
      const other = { actor: 'discord:8', reach: 'own' } as const;
      await expect(world.run(world.runs.reply(id, other, { text: 'x', now: false }))).rejects.toThrow(
        refusal('not_permitted'),
      );
      await expect(reply(world, 99, 'x')).rejects.toThrow(refusal('task_not_found'));
    });
  });

  describe('a reply that races the end of the run', () => {
    it.each(['reply first', 'end first'])('is heard in the end: %s', async (order) => {
      const world = await open();
      const one = await running(world);
      const done = () =>
        world.run(
          world.tasks.complete(one.id, { leaseId: one.leaseId }, { report: report({ lastReply: 0 }) }),
        );
      const replied = () => reply(world, one.id, 'wait!');
      // Both in one group: the store runs them in the order in which they came.
      await Promise.all(order === 'reply first' ? [replied(), done()] : [done(), replied()]);
      expect(await taskOf(world, one.id)).toMatchObject({
        status: 'pending',
        attempt: 0,
        result: { outcome: 'done' },
      });
      const actions = await actionsOf(world, one.id);
      expect(actions.filter((action) => action === 'completed' || action === 'requeued')).toEqual([
        'completed',
        'requeued',
      ]);
      const { run } = await begin(world, one.id);
      expect(run).toMatchObject({ sessionId: 'session-1', replies: [{ number: 1, text: 'wait!' }] });
    });

    it('is over when the run says that it took it in', async () => {
      const world = await open();
      const one = await running(world);
      await reply(world, one.id, 'this too');
      const { task } = await world.run(
        world.tasks.complete(one.id, { leaseId: one.leaseId }, { report: report({ lastReply: 1 }) }),
      );
      expect(task.status).toBe('completed');
    });

    it('to a task that a person holds: it goes on for what they were not told at their claim', async () => {
      const world = await open();
      const { id } = await submit(world);
      await reply(world, id, 'told');
      const claimed = await world.run(world.tasks.claim(id, { instanceId: 'laptop' }));
      expect(claimed.replies.map(({ text }) => text)).toEqual(['told']);
      world.clock.advance(1000);
      await reply(world, id, 'missed');
      const { task } = await world.run(world.tasks.complete(id, { leaseId: claimed.leaseId }));
      expect(task).toMatchObject({ status: 'pending', attempt: 0 });
      expect((await world.store.events(id)).at(-1)).toMatchObject({
        ...{ action: 'requeued', details: { reason: 'follow_up' } },
      });
      const again = await world.run(world.tasks.claim(id, { instanceId: 'laptop' }));
      expect(again.replies.map(({ text }) => text)).toEqual(['missed']);
      const done = await world.run(
        world.tasks.setStatus(id, { instanceId: 'laptop' }, { status: 'completed' }),
      );
      expect(done.status).toBe('completed');
    });

    it('is no reason to go on where somebody else than the holder completes the task', async () => {
      const world = await open();
      const one = await running(world);
      await reply(world, one.id, 'too late');
      const { task } = await world.run(world.tasks.complete(one.id, {}));
      expect(task.status).toBe('completed');
    });

    it('makes one follow-up, however often the end is repeated', async () => {
      const world = await open();
      const one = await running(world);
      await reply(world, one.id, 'more');
      const done = () =>
        world.run(world.tasks.complete(one.id, { leaseId: one.leaseId }, { report: report() }));
      await done();
      expect((await done()).task.status).toBe('pending');
      expect((await actionsOf(world, one.id)).filter((action) => action === 'requeued')).toHaveLength(1);
    });
  });
}
