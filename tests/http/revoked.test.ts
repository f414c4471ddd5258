/** What a key that is revoked meanwhile can still do: nothing. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeKey, type MadeKey } from '../support/http-keys.ts';
import { KEY } from '../support/http-world.ts';
import { aFolder } from '../store/world.ts';
import { startHttpServer, type TestServer } from '../support/http-server.ts';
import { headText, openSocket } from '../support/http-socket.ts';
import { until } from '../support/http-until.ts';

let server: TestServer;
let worker: MadeKey;
beforeEach(async () => {
  server = await startHttpServer();
  worker = await makeKey(server.send, 'worker', { name: 'mac' });
});
afterEach(() => server.close());

const revoke = () => server.send('DELETE', `/api/keys/${worker.id}`);
const parked = (key: Pick<MadeKey, 'send'>, instance_id: string) =>
  key.send('POST', '/api/tasks/claim', { body: { instance_id, wait_seconds: 60 } });

describe('a key that is revoked', () => {
  it('ends its waiting claims at once, and the next task goes to another', async () => {
    const claims = [parked(worker, 'mac'), parked(worker, 'nas')];
    const other = parked(server, 'pc');
    await until(() => server.waitingClaims.count() === 3, 'three waiting claims');
    expect((await revoke()).status).toBe(200);
    for (const claim of claims) expect((await claim).error).toBe('unauthenticated');
    await server.api.add();
    expect((await other).json).toMatchObject({ task: { instance_id: 'pc' } });
  });

  it('takes no task that comes in the same breath', async () => {
    const claim = parked(worker, 'mac');
    await until(() => server.waitingClaims.count() === 1, 'a waiting claim');
    const [, task] = await Promise.all([revoke(), server.api.add()]);
    const reply = await claim;
    const { status } = await server.api.get(task.id);
    // Whichever came first: handed out and told, or neither.
    expect([reply.status, status]).toBeOneOf([
      [200, 'in_progress'],
      [401, 'pending'],
    ]);
  });

  it.each([
    ['/api/tasks', '{"description":"x"}', 'submit'],
    ['/api/tasks/claim', '{"instance_id":"mac"}', 'worker'],
    ['/api/tasks/1/claim', '{"instance_id":"mac"}', 'worker'],
  ] as const)('finishes no request to %s whose body was still on its way', async (path, body, scope) => {
    await server.api.add();
    const key = await makeKey(server.send, scope, { name: 'slow' });
    const socket = await openSocket(server.port);
    const headers = ['Content-Type: application/json', `Content-Length: ${body.length}`];
    const requests = server.requests();
    socket.write(headText('POST', path, headers).replace(KEY, key.secret));
    socket.write(body.slice(0, 5));
    await until(() => server.requests() === requests + 1, 'the request');
    expect((await server.send('DELETE', `/api/keys/${key.id}`)).status).toBe(200);
    socket.write(body.slice(5));
    const reply = await socket.answer();
    expect([reply.error, reply.text]).toEqual([
      'unauthenticated',
      expect.stringContaining('This API key was revoked'),
    ]);
    expect(await server.api.stats()).toMatchObject({ pending: 1, total: 1 });
    socket.cut();
  });
});

describe('a new server on the same database', () => {
  it('knows live and revoked keys as the one before left them', async () => {
    const folder = aFolder();
    const first = await startHttpServer({ path: `${folder}/tasks.db` });
    const live = await makeKey(first.send, 'read', { name: 'live' });
    const gone = await makeKey(first.send, 'read', { name: 'gone' });
    await first.send('DELETE', `/api/keys/${gone.id}`);
    await first.close();
    const second = await startHttpServer({ path: `${folder}/tasks.db` });
    const ask = async (secret: string) =>
      (await second.send('GET', '/api/stats', { headers: { 'x-api-key': secret } })).status;
    expect([await ask(live.secret), await ask(gone.secret)]).toEqual([200, 401]);
    await second.close();
  });
});
