/** Whoever follows a run waits for what it says; a worker waits for what people say. Both are told at once. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSweepService } from '../../src/core/sweep-service.ts';
import { makeKey } from '../support/http-keys.ts';
import { startHttpServer } from '../support/http-server.ts';
import { createHttpWorld, type HttpWorld, type Reply } from '../support/http-world.ts';
import { turns, until } from '../support/http-until.ts';

let world: HttpWorld;
let id: number;
let lease_id: string;
beforeEach(async () => {
  world = await createHttpWorld();
  ({ id } = await world.api.add());
  ({
    lease: { lease_id },
  } = await world.api.claim(id, 'w-1', { session: 's' }));
});
afterEach(async () => {
  world.room.close();
  await world.store.close();
});

/** An answer that is waited for; `reply` is there once it has come. */
async function waiting(answer: Promise<Reply>) {
  const waiter: { reply: Reply | null; done: Promise<Reply> } = {
    reply: null,
    done: answer.then((reply) => (waiter.reply = reply)),
  };
  await until(() => world.room.count() === 1 || waiter.reply !== null);
  await turns();
  return waiter;
}

const follow = (query = 'wait_seconds=60', task = id) =>
  waiting(world.send('GET', `/api/tasks/${task}/messages?${query}`));

const say = (first: number, ...texts: string[]) =>
  world.send('POST', `/api/tasks/${id}/messages`, {
    body: { lease_id, first, messages: texts.map((text) => ({ kind: 'text', text })) },
  });

describe('following the messages of a task', () => {
  it('is answered at once with what is there', async () => {
    await say(1, 'one', 'two', 'three');
    const { reply } = await follow('after=1&limit=1&wait_seconds=60');
    expect(reply?.json).toEqual({
      messages: [{ seq: 2, run: 1, kind: 'text', text: 'two', at: '2026-01-15T12:00:00.000Z' }],
      truncated: false,
    });
  });

  it('is answered as soon as there is something, without the clock moving', async () => {
    await say(1, 'one');
    const waiter = await follow('after=1&wait_seconds=60');
    expect(waiter.reply).toBeNull();
    await say(2, 'two');
    expect((await waiter.done).json).toMatchObject({ messages: [{ seq: 2, text: 'two' }] });
    expect(world.room.count()).toBe(0);
  });

  it.each([
    ['is asked', () => ask()],
    ['ends', () => world.send('POST', `/api/tasks/${id}/complete`, { body: { lease_id } })],
    ['is cancelled', () => world.send('POST', `/api/tasks/${id}/cancel`)],
  ])('is told when something %s', async (_what, happen) => {
    const waiter = await follow();
    await happen();
    expect((await waiter.done).json).toMatchObject({ messages: [{ seq: 1 }] });
  });

  it('goes on waiting when something else happens to the task, or to another one', async () => {
    const waiter = await follow();
    await world.send('PUT', `/api/tasks/${id}/priority`, { body: { priority: 'high' } });
    const other = await world.api.add();
    const claim = await world.api.claim(other.id, 'w-2', { session: 's' });
    const message = { kind: 'text', text: 'elsewhere' };
    const body = { lease_id: claim.lease.lease_id, first: 1, messages: [message] };
    await world.send('POST', `/api/tasks/${other.id}/messages`, { body });
    await turns();
    expect(waiter.reply).toBeNull();
    await say(1, 'here');
    expect((await waiter.done).json).toMatchObject({ messages: [{ text: 'here' }] });
  });

  it('is answered with nothing when the time is up, and not before', async () => {
    const waiter = await follow('wait_seconds=30');
    world.clock.advance(29_999);
    await turns();
    expect(waiter.reply).toBeNull();
    world.clock.advance(1);
    expect((await waiter.done).json).toEqual({ messages: [], truncated: false });
  });

  it('is answered at once when the server stops', async () => {
    const waiter = await follow();
    world.room.close();
    expect((await waiter.done).json).toEqual({ messages: [], truncated: false });
    expect((await follow()).reply?.json).toEqual({ messages: [], truncated: false });
  });

  it('says that older ones are gone', async () => {
    await say(1, 'one', 'two');
    await world.send('POST', `/api/tasks/${id}/complete`, { body: { lease_id } });
    world.clock.advance(1000);
    const endedBefore = world.clock.now();
    for (let after: number | null = 0; after !== null;)
      after = await world.store.dropMessages({ endedBefore, after });
    expect((await follow('after=0')).reply?.json).toEqual({ messages: [], truncated: true });
    expect((await follow('after=3')).reply?.json).toEqual({ messages: [], truncated: false });
  });

  it.each(['after=-1', 'after=x', 'after=1.5', 'limit=0', 'limit=501', 'wait_seconds=61', 'wait_seconds=-1'])(
    'with %s is refused',
    async (query) => {
      const { reply } = await follow(query);
      expect([reply?.status, reply?.error]).toEqual([400, 'invalid_input']);
    },
  );

  it('of a task that is not there is refused', async () => {
    expect((await follow('wait_seconds=60', 999)).reply?.status).toBe(404);
  });

  it('ends with the key that it came by', async () => {
    const key = await makeKey(world.send, 'read');
    const waiter = await waiting(key.send('GET', `/api/tasks/${id}/messages?wait_seconds=60`));
    await world.send('DELETE', `/api/keys/${key.id}`);
    expect((await waiter.done).status).toBe(401);
    expect(world.room.count()).toBe(0);
  });
});

const ask = () =>
  world.send('POST', `/api/tasks/${id}/questions`, {
    body: { lease_id, key: 'k', kind: 'permission', title: 'Run it?', detail: 'rm -rf' },
  });

interface Known {
  readonly replies_after?: number;
  readonly questions?: readonly number[];
  readonly heard?: readonly number[];
  readonly left?: readonly number[];
}

const listen = (known: Known = {}, more: object = {}) =>
  waiting(
    world.send('POST', '/api/instance/signals', {
      body: {
        instance_id: 'w-1',
        wait_seconds: 60,
        runs: [{ lease_id, replies_after: 0, questions: [], ...known }],
        ...more,
      },
    }),
  );

const replyText = (text: string, now = false) =>
  world.send('POST', `/api/tasks/${id}/reply`, { body: { text, now } });

describe('what a worker waits for', () => {
  it('is a reply, told at once and once', async () => {
    const waiter = await listen();
    await replyText('Use tabs.', true);
    const one = { number: 1, text: 'Use tabs.', author: 'owner', now: true };
    expect((await waiter.done).json).toMatchObject({
      runs: [{ lease_id, task_id: id, ended: false, reason: null, replies: [one], answers: [] }],
    });
    expect((await listen()).reply?.json).toMatchObject({ runs: [{ replies: [one] }] });
    const next = await listen({ replies_after: 1 });
    expect(next.reply).toBeNull();
    await replyText('And spaces.');
    expect((await next.done).json).toMatchObject({ runs: [{ replies: [{ number: 2 }] }] });
  });

  it('is an answer to what it asked, and to nothing else', async () => {
    await ask();
    const [waiter] = [await listen({ questions: [1] })];
    await world.send('POST', '/api/questions/1/answer', { body: { option: 'allow_once' } });
    expect((await waiter.done).json).toMatchObject({
      runs: [{ ended: false, replies: [], answers: [{ question: { id: 1, status: 'answered' }, key: 'k' }] }],
    });
    expect((await listen({ questions: [2, 99] })).reply).toBeNull();
  });

  it('is told once more to the next run, unless this one says that it has gone on with the answer', async () => {
    await ask();
    await world.send('POST', '/api/questions/1/answer', { body: { option: 'allow_once' } });
    await listen({ questions: [1] });
    await listen({ questions: [] });
    expect(await world.store.question(1)).toMatchObject({ isTold: false });
    await listen({ heard: [1, 99] });
    expect(await world.store.question(1)).toMatchObject({ isTold: true });
  });

  it('is no answer to a question that it has left behind: that one is closed', async () => {
    await ask();
    await listen({ left: [1, 99] }, { instance_id: 'w-2' });
    expect(await world.store.question(1)).toMatchObject({ status: 'open' });
    await listen({ left: [1, 99] });
    expect(await world.store.question(1)).toMatchObject({ status: 'closed' });
    const late = await world.send('POST', '/api/questions/1/answer', { body: { option: 'allow_once' } });
    expect([late.status, late.error]).toEqual([409, 'invalid_transition']);
  });

  it.each([
    ['cancelled', () => world.send('POST', `/api/tasks/${id}/cancel`)],
    ['completed', () => world.send('POST', `/api/tasks/${id}/complete`)],
    [
      'expired',
      async () => {
        world.clock.advance(50_000);
        await world.store.shiftLeases(-240 * 60_000, 0);
        world.clock.advance(5000);
        await world.store.decide(createSweepService({ clock: world.clock }).expireLeases());
      },
    ],
  ])('is the end of its lease: %s', async (reason, end) => {
    const waiter = await listen();
    await end();
    expect((await waiter.done).json).toMatchObject({ runs: [{ lease_id, ended: true, reason }] });
    expect((await listen()).reply?.json).toMatchObject({ runs: [{ lease_id, ended: true, reason }] });
  });

  it('is told only of the run that it is about', async () => {
    const other = await world.api.add();
    const second = (await world.api.claim(other.id, 'w-1', { session: 's' })).lease.lease_id;
    const runs = [lease_id, second].map((lease) => ({ lease_id: lease, replies_after: 0, questions: [] }));
    const waiter = await listen({}, { runs });
    await world.send('POST', `/api/tasks/${other.id}/cancel`);
    await waiter.done;
    expect(waiter.reply?.json).toMatchObject({ runs: [{ lease_id: second, reason: 'cancelled' }] });
    expect((waiter.reply?.json as { runs: unknown[] }).runs).toHaveLength(1);
  });

  it('says of a strange lease only that it is none of this worker', async () => {
    for (const [instance_id, lease] of [
      ['w-2', lease_id],
      ['w-1', 'never-was'],
    ] as const) {
      const runs = [{ lease_id: lease, replies_after: 0, questions: [] }];
      const { reply } = await listen({}, { instance_id, runs });
      expect(reply?.json).toMatchObject({
        runs: [{ lease_id: lease, task_id: null, ended: true, reason: 'unknown', replies: [] }],
      });
    }
  });

  it('is nothing when the time is up', async () => {
    const waiter = await listen({}, { wait_seconds: 5 });
    world.clock.advance(5000);
    expect((await waiter.done).json).toEqual({ runs: [] });
    expect((await listen({}, { wait_seconds: 0 })).reply?.json).toEqual({ runs: [] });
    expect((await listen({}, { runs: [], wait_seconds: 0 })).reply?.json).toEqual({ runs: [] });
  });

  it('is a sign of life', async () => {
    world.clock.advance(121_000);
    await listen();
    const seen = (await world.api.instances()).instances.find((one) => one.id === 'w-1');
    expect(seen?.last_seen).toBe('2026-01-15T12:02:01.000Z');
  });

  it('is not for a key that reads, or speaks for another instance', async () => {
    for (const key of [
      await makeKey(world.send, 'read'),
      await makeKey(world.send, 'submit'),
      await makeKey(world.send, 'worker', { instance_id: 'w-2' }),
    ]) {
      const body = { instance_id: 'w-1', runs: [{ lease_id, replies_after: 0, questions: [] }] };
      const reply = await key.send('POST', '/api/instance/signals', { body });
      expect([reply.status, reply.error]).toEqual([403, 'not_permitted']);
    }
  });
});

it('nobody is waited for once their connection has gone', async () => {
  const server = await startHttpServer();
  const task = await server.api.add();
  const leave = new AbortController();
  const headers = { 'x-api-key': 'the-key-of-this-test', 'content-type': 'application/json' };
  const get = fetch(`${server.url}/api/tasks/${task.id}/messages?wait_seconds=60`, {
    headers,
    signal: leave.signal,
  });
  const body = JSON.stringify({ instance_id: 'w-1', wait_seconds: 60, runs: [] });
  const post = fetch(`${server.url}/api/instance/signals`, {
    method: 'POST',
    headers,
    body,
    signal: leave.signal,
  });
  await until(() => server.room.count() === 2, 'two waits');
  leave.abort();
  await Promise.allSettled([get, post]);
  await until(() => server.room.count() === 0, 'the end of both waits');
  await server.close();
});
