/** Why a task waits, as every answer that shows it tells. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';

let world: HttpWorld;
beforeEach(async () => {
  world = await createHttpWorld();
});
afterEach(() => world.store.close());

const post = async (path: string, body: object = {}, idempotencyKey?: string) =>
  (await world.send('POST', path, { body, ...(idempotencyKey && { idempotencyKey }) })).json as Shown;

interface Shown {
  readonly task: { readonly id: number; readonly waiting_for: unknown };
}

const add = (facts: object = {}, key?: string) =>
  post('/api/tasks', { description: 'Deploy it', ...facts }, key);
const read = async (id: number) =>
  ((await world.send('GET', `/api/tasks/${id}`)).json as Shown).task.waiting_for;

const announce = (said: object = {}) =>
  world.api.beat('w-1', {
    worker: { session: 's-1', projects: ['notes'], capabilities: ['gpu'], concurrency: 1, ...said },
  });

const NO_WORKER = { kind: 'no_worker', detail: 'Nobody online serves the project notes.' };
const BUSY = { kind: 'busy', detail: 'w-1 is busy.' };

it('follows the workers: nobody serves it, somebody does, that one is busy, is gone', async () => {
  const { task } = await add({ project: 'notes' });
  expect(task.waiting_for).toEqual(NO_WORKER);
  await announce();
  expect(await read(task.id)).toBeNull();
  await post('/api/tasks/claim', { instance_id: 'w-1', projects: ['notes'] });
  const more = await add({ project: 'notes' });
  expect(more.task.waiting_for).toEqual(BUSY);
  await announce({ concurrency: 2 });
  expect(await read(more.task.id)).toBeNull();
  await post(`/api/tasks/${task.id}/complete`, { instance_id: 'w-1' });
  world.clock.advance(120_001);
  expect(await read(more.task.id)).toEqual(NO_WORKER);
});

it('a worker that takes nothing of it now is none, and its problem is told', async () => {
  await announce({ held: ['notes'], problem: 'The disk is full.' });
  const { task } = await add({ project: 'notes' });
  expect(task.waiting_for).toEqual({
    kind: 'no_worker',
    detail: 'w-1 would take it, but: The disk is full.',
  });
  await announce();
  expect(await read(task.id)).toBeNull();
});

describe('the reason', () => {
  it('is told by every answer that shows the task, and by lists', async () => {
    await post('/api/queue/pause', { reason: 'Maintenance' });
    const paused = { waiting_for: { kind: 'paused', detail: 'Maintenance' } };
    const { task } = await add();
    expect(task).toMatchObject(paused);
    const path = `/api/tasks/${task.id}`;
    const shown = [
      await world.send('GET', path),
      await world.send('GET', '/api/tasks/next'),
      await world.send('PUT', path, { body: { description: 'Deploy it twice' } }),
      await world.send('PUT', `${path}/priority`, { body: { priority: 'high' } }),
    ];
    for (const { json } of shown) expect(json).toMatchObject({ task: paused });
    expect((await world.send('GET', '/api/tasks?status=all')).json).toMatchObject({ tasks: [paused] });
    await post(`${path}/cancel`);
    expect(await read(task.id)).toBeNull();
    expect(await post(`${path}/requeue`)).toMatchObject({ task: paused });
  });

  it('is that of the moment in which the answer was made, also when it is kept', async () => {
    const first = await add({ project: 'notes' }, 'k-1');
    await announce();
    expect(first.task.waiting_for).toEqual(NO_WORKER);
    expect(await add({ project: 'notes' }, 'k-1')).toEqual(first);
    expect((await add({ project: 'notes' }, 'k-2')).task.waiting_for).toBeNull();
  });

  it('knows whoever makes the call to be there, with a key and without', async () => {
    for (const key of [undefined, 'k-3']) {
      const { task } = await add({ target: `nas-${key}`, instance_id: `nas-${key}` }, key);
      expect(task.waiting_for).toBeNull();
    }
  });

  it('of a retry is its time, and says what went wrong', async () => {
    const held = await world.api.held('mac');
    const failed = await post(`/api/tasks/${held.id}/fail`, { error: 'no route', retry_in_seconds: 60 });
    const until = '2026-01-15T12:01:00.000Z';
    expect(failed.task.waiting_for).toEqual({ kind: 'not_before', until, detail: 'no route' });
  });

  it('is told of the next task in the answer to a completion', async () => {
    const held = await world.api.held('mac');
    await add();
    expect(await read(2)).toEqual({ kind: 'busy', detail: 'mac is busy.' });
    const done = await world.send('POST', `/api/tasks/${held.id}/complete`, { body: {} });
    expect(done.json).toMatchObject({ task: { waiting_for: null }, next_task: { id: 2, waiting_for: null } });
  });
});
