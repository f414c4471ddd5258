import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../src/contract/endpoints.ts';
import { OWNER_KEY } from '../../src/core/key.ts';
import { makeKey, withSecret } from '../support/http-keys.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';

let world: HttpWorld;
beforeEach(async () => {
  world = await createHttpWorld();
});
afterEach(() => world.store.close());

const add = (body: object, idempotencyKey?: string) =>
  world.send('POST', '/api/keys', { body, ...(idempotencyKey !== undefined && { idempotencyKey }) });
const list = async (query = '') =>
  (await world.send('GET', `/api/keys${query}`)).as(ENDPOINTS.listKeys.answer).keys;
const revoke = (named: string) => world.send('DELETE', `/api/keys/${encodeURIComponent(named)}`);
const trail = async () => (await world.store.adminEvents({ limit: 50 })).events;

describe('a new key', () => {
  it('is shown once, with its secret, and works at once', async () => {
    const reply = await add({ name: 'build server', scope: 'worker', instance_id: 'mac' });
    expect(reply.status).toBe(201);
    const { key, secret } = reply.as(ENDPOINTS.addKey.answer);
    expect(secret).toMatch(new RegExp(`^athena_${key.id}_[\\w-]{43}$`));
    expect(key).toEqual({
      id: key.id,
      name: 'build server',
      scope: 'worker',
      instance_id: 'mac',
      created_at: world.clock.now().toISOString(),
      last_used_at: null,
      revoked_at: null,
    });
    expect((await withSecret(world.send, secret ?? '')('GET', '/api/stats')).status).toBe(200);
    const bearer = { headers: { 'x-api-key': null, authorization: `Bearer ${secret ?? ''}` } };
    expect((await world.send('GET', '/api/stats', bearer)).status).toBe(200);
  });

  it('is kept as a hash only: neither the list nor the database has its secret', async () => {
    const { secret } = await makeKey(world.send, 'read');
    const random = secret.split('_').slice(2).join('_');
    expect(JSON.stringify(await list('?all=true'))).not.toMatch(/hash|secret/);
    expect(JSON.stringify(await world.store.keys())).not.toContain(random);
    expect(JSON.stringify(await trail())).not.toContain(random);
    expect(JSON.stringify(world.logger.lines)).not.toContain(random);
  });

  it('repeated under its Idempotency-Key is the same key, without the secret', async () => {
    const first = (await add({ name: 'a', scope: 'read' }, 'k1')).as(ENDPOINTS.addKey.answer);
    const again = await add({ name: 'a', scope: 'read' }, 'k1');
    expect(again.status).toBe(201);
    expect(again.json).toEqual({ key: first.key, secret: null });
    expect(await list()).toHaveLength(1);
  });

  it('asked for twice at once is made once, and one of both gets the secret', async () => {
    const both = await Promise.all([1, 2].map(() => add({ name: 'a', scope: 'read' }, 'k1')));
    const secrets = both.map((reply) => reply.as(ENDPOINTS.addKey.answer).secret);
    expect(secrets.filter((secret) => secret !== null)).toHaveLength(1);
    expect(await list()).toHaveLength(1);
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['no name', { scope: 'read' }, /name is required/],
    ['an empty name', { name: ' ', scope: 'read' }, /empty/],
    ['a long name', { name: 'x'.repeat(101), scope: 'read' }, /100/],
    ['a name with a line break', { name: 'a\nb', scope: 'read' }, /control/],
    ['a name with blanks around', { name: ' a', scope: 'read' }, /visible/],
    ['a name with something invisible', { name: 'a\u200bb', scope: 'read' }, /visible/],
    ['a name of a letter that is not seen', { name: 'a\u3164', scope: 'read' }, /visible/],
    ['a name of an empty sign', { name: '\u2800', scope: 'read' }, /visible/],
    ['a name that a path loses', { name: '..', scope: 'read' }, /dots/],
    ['the name of the owner', { name: 'Owner', scope: 'read' }, /API_KEY/],
    ['no scope', { name: 'a' }, /scope must be one of read, submit, worker, admin/],
    ['an unknown scope', { name: 'a', scope: 'root' }, /scope must be one of/],
    ['a reader bound to an instance', { name: 'a', scope: 'read', instance_id: 'mac' }, /worker/],
    ['an instance that is no name', { name: 'a', scope: 'worker', instance_id: '' }, /empty/],
  ])('with %s is refused', async (_what, body, message) => {
    const reply = await add(body);
    expect([reply.status, reply.error]).toEqual([400, 'invalid_input']);
    expect(reply.text).toMatch(message);
    expect(await list('?all=true')).toEqual([]);
  });

  it('needs a name of its own among the live ones', async () => {
    await makeKey(world.send, 'read', { name: 'a' });
    expect((await add({ name: 'a', scope: 'worker' })).text).toMatch(/is called \\"a\\" already/);
    await revoke('a');
    expect((await add({ name: 'a', scope: 'worker' })).status).toBe(201);
  });
});

describe('the list of keys', () => {
  it('shows the live ones, oldest first, and all of them on request', async () => {
    for (const name of ['first', 'second', 'third']) {
      await makeKey(world.send, 'read', { name });
      world.clock.advance(1000);
    }
    await revoke('second');
    expect((await list()).map(({ name }) => name)).toEqual(['first', 'third']);
    expect((await list('?all=true')).map(({ name, revoked_at }) => [name, revoked_at])).toEqual([
      ['first', null],
      ['second', world.clock.now().toISOString()],
      ['third', null],
    ]);
  });

  it('says when a key was last used, to the minute and at no cost to the request', async () => {
    const key = await makeKey(world.send, 'read');
    expect((await list())[0]?.last_used_at).toBeNull();
    const used = async () => (await list())[0]?.last_used_at;
    const first = world.clock.now().toISOString();
    await key.api.stats();
    await world.api.add();
    expect(await used()).toBe(first);
    world.clock.advance(59_000);
    await key.api.stats();
    await world.api.add();
    expect(await used()).toBe(first);
    world.clock.advance(1000);
    await key.api.stats();
    await world.api.add();
    expect(await used()).toBe(world.clock.now().toISOString());
  });
});

describe('a revoked key', () => {
  it('stops working at once, by id or by name, and saying it again changes nothing', async () => {
    for (const by of ['id', 'name'] as const) {
      const key = await makeKey(world.send, 'read', { name: `the ${by}/key` });
      const named = by === 'id' ? key.id : `the ${by}/key`;
      const first = await revoke(named);
      expect(first.status).toBe(200);
      expect((await key.send('GET', '/api/stats')).status).toBe(401);
      world.clock.advance(1000);
      expect((await revoke(named)).text).toBe(first.text);
    }
    expect((await trail()).map(({ action }) => action)).toEqual([
      'key_revoked',
      'key_added',
      'key_revoked',
      'key_added',
    ]);
  });

  it('that never was is not found', async () => {
    const reply = await revoke('nobody');
    expect([reply.status, reply.error]).toEqual([404, 'not_found']);
    expect((await revoke('owner')).status).toBe(404);
  });

  it('does not take another one of the same name with it', async () => {
    const old = await makeKey(world.send, 'read', { name: 'a' });
    await revoke('a');
    const fresh = await makeKey(world.send, 'read', { name: 'a' });
    await revoke(old.id);
    expect((await fresh.send('GET', '/api/stats')).status).toBe(200);
  });

  it('may be the one that asks for it', async () => {
    const admin = await makeKey(world.send, 'admin');
    expect((await admin.send('DELETE', `/api/keys/${admin.id}`)).status).toBe(200);
    expect((await admin.send('GET', '/api/keys')).status).toBe(401);
  });
});

describe('the trail', () => {
  it('names the key by which each event was caused', async () => {
    const submit = await makeKey(world.send, 'submit', { name: 'phone' });
    const worker = await makeKey(world.send, 'worker', { name: 'mac', instance_id: 'mac' });
    const { id } = await submit.api.add();
    const { lease } = await worker.api.claim(id);
    await world.send('POST', `/api/tasks/${id}/complete`, { body: { lease_id: lease.lease_id } });
    const logs = await world.api.logs(id);
    expect(logs.map(({ action, actor, key }) => [action, actor, key?.name])).toEqual([
      ['created', 'operator', 'phone'],
      ['claimed', 'instance:mac', 'mac'],
      ['completed', 'instance:mac', 'owner'],
    ]);
    expect(logs[1]?.key).toEqual({ id: worker.id, name: 'mac' });
    await revoke('mac');
    expect((await world.api.logs(id))[1]?.key?.name).toBe('mac');
  });

  it('names no key for what time does, or a front end', async () => {
    const { id } = await world.api.held('mac', { lease_seconds: 10 });
    await world.store.decide(world.tasks.cancel(id, { actor: 'discord:7' }));
    expect((await world.api.logs(id)).map(({ key }) => key?.name ?? null)).toEqual(['owner', 'owner', null]);
  });

  it('of the queue tells who made and revoked a key, and by which', async () => {
    const admin = await makeKey(world.send, 'admin', { name: 'boss' });
    const worker = await makeKey(admin.send, 'worker', { name: 'mac', instance_id: 'mac' });
    await admin.send('POST', '/api/queue/pause', { body: {} });
    await admin.send('DELETE', `/api/keys/${worker.id}`);
    const details = { id: worker.id, name: 'mac', scope: 'worker', instance_id: 'mac' };
    expect(await trail()).toMatchObject([
      { action: 'key_revoked', actor: 'operator', keyId: admin.id, details },
      { action: 'queue_paused', actor: 'operator', keyId: admin.id },
      { action: 'key_added', actor: 'operator', keyId: admin.id, details },
      { action: 'key_added', actor: 'operator', keyId: OWNER_KEY.id },
    ]);
  });
});
