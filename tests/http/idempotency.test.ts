import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../src/contract/endpoints.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';
import { WRITES } from '../support/http-routes.ts';
import { until } from '../support/http-until.ts';

let world: HttpWorld;
beforeEach(async () => {
  world = await createHttpWorld();
});
afterEach(() => world.store.close());

const allEvents = async () => (await world.store.eventsAfter('0', 1000)).length;

describe.each(WRITES.map((one) => [one.name, one] as const))('a keyed write (%s)', (_name, write) => {
  it('gives its first answer again, word for word, and changes nothing', async () => {
    const { path, body } = await write.prepare(world);
    const send = () => world.send(write.method, path, { body, idempotencyKey: 'k1' });
    const first = await send();
    expect(first.status).toBeLessThan(300);
    const before = [await world.api.list('?status=all'), await allEvents()];
    world.clock.advance(1000);
    const again = await send();
    expect([again.status, again.text]).toEqual([first.status, first.text]);
    expect([await world.api.list('?status=all'), await allEvents()]).toEqual(before);
  });

  it('is a conflict with another body under the same key', async () => {
    const { path, body } = await write.prepare(world);
    await world.send(write.method, path, { body, idempotencyKey: 'k1' });
    const before = await allEvents();
    const other = { ...body, unknown_field: 1 };
    const reply = await world.send(write.method, path, { body: other, idempotencyKey: 'k1' });
    expect([reply.status, reply.error]).toEqual([409, 'idempotency_conflict']);
    expect(await allEvents()).toBe(before);
  });

  it('that is sent twice at once happens once, and both get the same answer', async () => {
    const { path, body } = await write.prepare(world);
    const send = () => world.send(write.method, path, { body, idempotencyKey: 'k1' });
    const before = await allEvents();
    const [first, second] = await Promise.all([send(), send()]);
    expect(first.status).toBeLessThan(300);
    expect([second.status, second.text]).toEqual([first.status, first.text]);
    expect((await allEvents()) - before).toBeLessThanOrEqual(1);
  });
});

describe('the key', () => {
  const add = (idempotencyKey: string, body: object = { description: 'x' }) =>
    world.send('POST', '/api/tasks', { body, idempotencyKey });

  it.each(['', 'a b', 'a\tb', 'x'.repeat(201), 'schlüssel'])('%j is refused', async (key) => {
    const reply = await add(key);
    expect([reply.status, reply.error]).toEqual([400, 'invalid_input']);
    expect((await world.api.stats()).total).toBe(0);
  });

  it('may be 1 to 200 visible characters', async () => {
    for (const key of ['!', '~'.repeat(200)]) expect((await add(key)).status).toBe(201);
  });

  it('stands for method and path too', async () => {
    const { id } = await world.api.add();
    const other = await world.api.add();
    const cancel = (task: number) =>
      world.send('POST', `/api/tasks/${task}/cancel`, { body: {}, idempotencyKey: 'k1' });
    expect((await cancel(id)).status).toBe(200);
    expect((await cancel(other.id)).error).toBe('idempotency_conflict');
    expect((await world.api.get(other.id)).status).toBe('pending');
  });

  it('is remembered for 24 hours and then free again', async () => {
    await add('k1');
    world.clock.advance(24 * 60 * 60_000);
    expect((await add('k1')).as(ENDPOINTS.createTask.answer).task_id).toBe(1);
    world.clock.advance(1);
    expect((await add('k1')).as(ENDPOINTS.createTask.answer).task_id).toBe(2);
  });

  it('of a different request that still runs is a conflict', async () => {
    const [first, second] = await Promise.all([add('k1'), add('k1', { description: 'y' })]);
    expect([first.status, second.error]).toEqual([201, 'idempotency_conflict']);
    expect((await world.api.stats()).total).toBe(1);
  });

  it('gives the first answer even when the task has moved on', async () => {
    const { id } = await world.api.add();
    const raise = () =>
      world.send('PUT', `/api/tasks/${id}/priority`, { body: { priority: 'low' }, idempotencyKey: 'k1' });
    const first = await raise();
    await world.send('POST', `/api/tasks/${id}/cancel`);
    expect((await raise()).text).toBe(first.text);
  });
});

describe('what is not kept', () => {
  it('refusals are computed again', async () => {
    const edit = () =>
      world.send('PUT', '/api/tasks/1', { body: { description: 'y' }, idempotencyKey: 'k1' });
    expect((await edit()).status).toBe(404);
    await world.api.add();
    expect((await edit()).status).toBe(200);
  });

  it('nothing to claim is computed again', async () => {
    const claim = () =>
      world.send('POST', '/api/tasks/claim', { body: { instance_id: 'mac' }, idempotencyKey: 'k1' });
    expect((await claim()).json).toEqual({ task: null });
    await world.api.add();
    expect((await claim()).json).toMatchObject({ status: 'in_progress' });
  });

  it('an answer that changed nothing is computed again', async () => {
    const { id } = await world.api.add();
    const same = () =>
      world.send('PUT', `/api/tasks/${id}/priority`, { body: { priority: 'medium' }, idempotencyKey: 'k1' });
    expect((await same()).status).toBe(200);
    await world.send('PUT', `/api/tasks/${id}/priority`, { body: { priority: 'high' } });
    const again = await same();
    expect(again.as(ENDPOINTS.setPriority.answer).task.priority).toBe('medium');
    expect(await world.api.actions(id)).toEqual(['created', 'priority_changed', 'priority_changed']);
  });

  it('a refused body does not use up its key', async () => {
    const bad = { body: { description: '' }, idempotencyKey: 'k1' };
    expect((await world.send('POST', '/api/tasks', bad)).status).toBe(400);
    const good = { body: { description: 'x' }, idempotencyKey: 'k1' };
    expect((await world.send('POST', '/api/tasks', good)).status).toBe(201);
  });
});

describe('keyed claims', () => {
  const claim = (body: object = {}) =>
    world.send('POST', '/api/tasks/claim', { body: { instance_id: 'mac', ...body }, idempotencyKey: 'k1' });

  it('are replayed while their lease lives, and lost once it has ended', async () => {
    const { id } = await world.api.add();
    const first = await claim();
    expect((await claim()).text).toBe(first.text);
    await world.send('POST', `/api/tasks/${id}/release`);
    const reply = await claim();
    expect([reply.status, reply.error]).toEqual([409, 'lease_lost']);
    expect((await world.api.get(id)).status).toBe('pending');
  });

  it('by id are lost likewise', async () => {
    const { id } = await world.api.add();
    const byId = () =>
      world.send('POST', `/api/tasks/${id}/claim`, { body: { instance_id: 'mac' }, idempotencyKey: 'k1' });
    const first = await byId();
    expect((await byId()).text).toBe(first.text);
    await world.send('POST', `/api/tasks/${id}/complete`);
    expect((await byId()).error).toBe('lease_lost');
  });

  it('that wait are joined by a second request, and both get the one task', async () => {
    const waiting = [claim({ wait_seconds: 60 }), claim({ wait_seconds: 60 })];
    await until(() => world.waitingClaims.count() === 1);
    await world.api.add();
    await world.api.add();
    const [first, second] = await Promise.all(waiting);
    expect(second?.text).toBe(first?.text);
    expect(await world.api.stats()).toMatchObject({ pending: 1, in_progress: 1 });
  });
});
