/** What a worker's key may do and what a stolen one cannot. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeKey, type MadeKey } from '../support/http-keys.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';

let world: HttpWorld;
/** Bound to the instance `mac`; and one that is bound to none. */
let mac: MadeKey;
let any: MadeKey;
beforeEach(async () => {
  world = await createHttpWorld();
  mac = await makeKey(world.send, 'worker', { name: 'for mac', instance_id: 'mac' });
  any = await makeKey(world.send, 'worker', { name: 'for any' });
});
afterEach(() => world.store.close());

const ENDS = [
  ['complete', 'POST', {}],
  ['fail', 'POST', { error: 'it broke' }],
  ['release', 'POST', {}],
  ['status', 'PUT', { status: 'completed' }],
  ['status', 'PUT', { notes: 'half done' }],
] as const;

describe.each(ENDS)('%s (%s %j)', (call, method, body) => {
  const end = (key: MadeKey, id: number, more: object = {}) =>
    key.send(method, `/api/tasks/${id}/${call}`, { body: { ...body, ...more } });

  it('by a bound key is meant by its instance, named or not', async () => {
    for (const more of [{}, { instance_id: 'mac' }, { instance_id: null }]) {
      const { id } = await mac.api.held('mac').catch(() => world.api.held('mac'));
      expect((await end(mac, id, more)).status).toBe(200);
      expect((await world.api.logs(id)).at(-1)).toMatchObject({ actor: 'instance:mac', key: { id: mac.id } });
    }
  });

  it('by a bound key is refused for another instance, its task and its lease', async () => {
    const { id, lease } = await world.api.held('nas');
    const before = await world.api.get(id);
    expect((await end(mac, id, { instance_id: 'nas' })).error).toBe('not_permitted');
    for (const more of [{}, { lease_id: lease.lease_id }, { instance_id: 'mac', lease_id: lease.lease_id }]) {
      const reply = await end(mac, id, more);
      expect([reply.status, reply.error]).toEqual([409, 'lease_lost']);
      expect(reply.text).not.toContain(lease.lease_id);
    }
    expect(await world.api.get(id)).toEqual(before);
  });

  it('by an unbound key needs an instance or a lease: it is no operator', async () => {
    const { id, lease } = await world.api.held('nas');
    const reply = await end(any, id);
    expect([reply.status, reply.error]).toEqual([403, 'not_permitted']);
    expect((await world.api.get(id)).status).toBe('in_progress');
    expect((await end(any, id, { lease_id: lease.lease_id })).status).toBe(200);
  });
});

describe('PUT status by a worker', () => {
  const put = (key: MadeKey, id: number, status: string) =>
    key.send('PUT', `/api/tasks/${id}/status`, { body: { status } });

  it('ends its own attempt, and cancels nothing', async () => {
    const { id } = await world.api.held('mac');
    expect((await put(mac, id, 'cancelled')).error).toBe('not_permitted');
    expect((await put(mac, id, 'pending')).status).toBe(200);
  });

  it.each(['cancelled', 'failed'])('gives no other chance to a task that is %s', async (status) => {
    const { id } = await world.api.held('mac');
    await world.send('PUT', `/api/tasks/${id}/status`, { body: { status } });
    const reply = await put(mac, id, 'pending');
    expect([reply.status, reply.error]).toEqual([403, 'not_permitted']);
    expect(reply.json).toMatchObject({ details: { scope_needed: 'submit' } });
    expect((await put(mac, id, status)).status).toBe(200);
  });
});

describe('a bound key', () => {
  it('claims for its instance alone, named or not', async () => {
    await world.api.add();
    await world.api.add();
    expect((await mac.send('POST', '/api/tasks/1/claim', { body: { instance_id: 'nas' } })).status).toBe(403);
    expect((await mac.send('POST', '/api/tasks/claim', { body: { instance_id: 'nas' } })).status).toBe(403);
    expect((await mac.send('POST', '/api/tasks/1/claim', { body: {} })).status).toBe(200);
    expect((await mac.send('POST', '/api/tasks/claim', { body: {} })).status).toBe(200);
    expect((await world.api.get(2)).instance_id).toBe('mac');
    expect((await world.api.instances()).instances.map(({ id }) => id)).toEqual(['mac']);
  });

  it('learns no lease of another instance from a heartbeat', async () => {
    const { lease } = await world.api.held('nas');
    const foreign = await mac.send('POST', '/api/instance/heartbeat', { body: { instance_id: 'nas' } });
    expect([foreign.status, foreign.error]).toEqual([403, 'not_permitted']);
    expect(foreign.json).toMatchObject({ details: { instance_id: 'mac' } });
    const named = await mac.api.beat('mac', { lease_ids: [lease.lease_id] });
    expect(named).toMatchObject({ leases: [], lost: [{ task_id: null, reason: 'unknown' }] });
    expect(named.instance.id).toBe('mac');
  });

  it('gives no sign of life of another, by reading either', async () => {
    for (const path of ['/api/tasks/next', '/api/tasks', '/api/stats']) {
      expect((await mac.send('GET', `${path}?instance_id=nas`)).status).toBe(403);
      expect((await mac.send('GET', `${path}?instance%5Fid=nas`)).status).toBeOneOf([200, 403]);
      expect((await mac.send('GET', `${path}?instance_id=mac&instance_id=nas`)).status).toBeOneOf([200, 403]);
    }
    expect((await world.api.instances()).instances.map(({ id }) => id)).not.toContain('nas');
  });

  it('with an instance that is no text is told so, and nothing else', async () => {
    const reply = await mac.send('POST', '/api/instance/heartbeat', { body: { instance_id: 7 } });
    expect([reply.status, reply.error]).toEqual([400, 'invalid_input']);
  });
});

describe('a key that may only read', () => {
  it('leaves no trace: it is no sign of life', async () => {
    const reader = await makeKey(world.send, 'read');
    expect((await reader.send('GET', '/api/tasks/next?instance_id=mac')).status).toBe(200);
    await world.api.add();
    expect((await world.api.instances()).instances).toEqual([]);
  });
});

describe('an Idempotency-Key', () => {
  const claim = (key: Pick<MadeKey, 'send'>) =>
    key.send('POST', '/api/tasks/claim', { body: { instance_id: 'mac' }, idempotencyKey: 'k1' });

  it('belongs to the key it came with: another gets no kept answer, and no lease with it', async () => {
    await world.api.add();
    const first = await claim(world);
    expect(first.json).toMatchObject({ status: 'in_progress' });
    for (const key of [mac, any]) expect((await claim(key)).json).toEqual({ task: null });
    expect((await claim(world)).text).toBe(first.text);
  });

  it('used by one key is no conflict for another', async () => {
    const submit = await makeKey(world.send, 'submit');
    const add = (key: Pick<MadeKey, 'send'>, description: string) =>
      key.send('POST', '/api/tasks', { body: { description }, idempotencyKey: 'k1' });
    const made = [await add(submit, 'x'), await add(world, 'y')];
    expect(made.map(({ status }) => status)).toEqual([201, 201]);
    const [first, second] = await Promise.all([add(submit, 'x'), add(world, 'y')]);
    expect([first.text, second.text]).toEqual(made.map(({ text }) => text));
  });

  it('of two keys that run at once is not joined', async () => {
    await world.api.add();
    const [one, other] = await Promise.all([claim(mac), claim(any)]);
    expect([one, other].filter(({ text }) => text.includes('lease_id'))).toHaveLength(1);
  });
});
