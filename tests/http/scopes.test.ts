/** Every call of the API with every scope: what the table promises is what happens. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../src/contract/endpoints.ts';
import { SCOPE_NEEDED, type EndpointName } from '../../src/contract/scopes.ts';
import { allows } from '../../src/core/key.ts';
import { KEY_SCOPES, type KeyScope } from '../../src/core/vocabulary.ts';
import { makeKey, type MadeKey } from '../support/http-keys.ts';
import { createHttpWorld, type HttpWorld, type Reply } from '../support/http-world.ts';

let world: HttpWorld;
let keys: Record<KeyScope, MadeKey>;
beforeAll(async () => {
  world = await createHttpWorld();
  const made = await Promise.all(KEY_SCOPES.map((scope) => makeKey(world.send, scope)));
  keys = Object.fromEntries(KEY_SCOPES.map((scope, n) => [scope, made[n]])) as typeof keys;
});
afterAll(() => world.store.close());

/** A body that suits every call which takes one: unknown fields are ignored. */
const BODY = {
  instance_id: 'mac',
  description: 'x',
  priority: 'low',
  notes: 'x',
  error: 'x',
  name: 'y',
  scope: 'read',
};
const NAMES = Object.keys(ENDPOINTS) as EndpointName[];

/** Of a task that is not there: what is let through is answered by 2xx, 404 or a refusal of the core. */
async function call(key: MadeKey, name: EndpointName): Promise<Reply> {
  const { method, path } = ENDPOINTS[name];
  const target = path.replace(':id', '999');
  return key.send(method, target, method === 'GET' ? {} : { body: BODY });
}

describe.each(NAMES.map((name) => [name, SCOPE_NEEDED[name]] as const))(
  '%s, which needs %s,',
  (name, needed) => {
    it.each(KEY_SCOPES.map((scope) => [scope, needed === 'open' || allows(scope, needed)] as const))(
      'with the scope %s is let through: %s',
      async (scope, isAllowed) => {
        const reply = await call(keys[scope], name);
        if (isAllowed) {
          expect(reply.error).not.toBe('not_permitted');
          expect(reply.status).not.toBe(401);
          return;
        }
        expect([reply.status, reply.error]).toEqual([403, 'not_permitted']);
        expect(reply.json).toMatchObject({ details: { scope_needed: needed, scope } });
        expect((reply.json as { message: string }).message).toContain(`the scope ${needed}`);
      },
    );
  },
);

describe('the table of scopes', () => {
  it('leaves nothing open but health, and no write to a key that may only read', () => {
    for (const name of NAMES) {
      const isWrite = ENDPOINTS[name].method !== 'GET';
      expect([name, SCOPE_NEEDED[name] === 'open']).toEqual([name, name === 'health']);
      if (isWrite) expect([name, SCOPE_NEEDED[name]]).not.toEqual([name, 'read']);
    }
  });

  it('holds for what a body is refused for as well: the scope is judged first', async () => {
    const reply = await keys.read.send('POST', '/api/tasks', { body: 'no json' });
    expect(reply.error).toBe('not_permitted');
  });

  it.each(['HEAD', 'GET'])('holds for %s of the list of keys', async (method) => {
    expect((await keys.worker.send(method, '/api/keys')).status).toBe(403);
    expect((await keys.worker.send(method, '/api/keys?instance_id=mac')).status).toBe(403);
  });

  it.each(['/api/%6beys', '/api/keys/', '/api//keys'])('is not got around by %s', async (path) => {
    const reply = await keys.worker.send('GET', path);
    expect([403, 404]).toContain(reply.status);
    expect(reply.text).not.toContain('created_at');
  });

  it('asks nothing of what is not there, or takes no such method', async () => {
    expect((await keys.read.send('GET', '/api/nothing')).status).toBe(404);
    expect((await keys.read.send('PATCH', '/api/tasks', { body: {} })).status).toBe(405);
    expect((await keys.read.send('OPTIONS', '/api/keys')).status).toBe(204);
  });
});

describe('a key that is for no instance', () => {
  it('is none by saying so: neither the trail nor the list of instances tells of one', async () => {
    const body = { instance_id: 'ghost' };
    const asked = { ...body, description: 'x', target: 'nobody' };
    const created = await keys.submit.send('POST', '/api/tasks', { body: asked });
    const { task_id: id } = created.json as { task_id: number };
    await keys.submit.send('PUT', `/api/tasks/${id}`, { body: { ...body, description: 'y' } });
    await keys.submit.send('PUT', `/api/tasks/${id}/priority`, { body: { ...body, priority: 'high' } });
    await keys.submit.send('POST', `/api/tasks/${id}/cancel`, { body });
    await keys.submit.send('POST', `/api/tasks/${id}/requeue`, { body });
    for (const key of [keys.read, keys.submit]) await key.send('GET', '/api/tasks?instance_id=ghost');
    const events = await world.store.events(id);
    expect(events.map(({ action, actor }) => [action, actor])).toEqual(
      ['created', 'edited', 'priority_changed', 'cancelled', 'requeued'].map((did) => [did, 'operator']),
    );
    expect((await world.store.instances()).map((instance) => instance.id)).not.toContain('ghost');
  });
});
