import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { runClient } from '../support/client-process.ts';
import { cleanUp, newFolder, startServer, type RunningServer } from '../support/http-process.ts';
import { KEY } from '../support/http-world.ts';
import { hasCaddy, hasNginx, startCaddy, startNginx, type Proxy } from '../support/proxy-process.ts';

const PROXIES = [
  { name: 'Caddy', isHere: hasCaddy, start: startCaddy },
  { name: 'nginx', isHere: hasNginx, start: startNginx },
];
for (const { name, isHere } of PROXIES)
  if (!isHere) console.warn(`SKIPPED: Athena behind ${name} (${name} is not installed here)`);

let proxy: Proxy | undefined;
afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
  await cleanUp();
});

const BEHIND = { API_BEHIND_TLS: 'yes', TRUSTED_PROXIES: '127.0.0.1' };

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function ask(at: Proxy, target: string, { method = 'GET', headers = {}, body }: Asked = {}) {
  return new Promise<{ status: number; headers: https.RequestOptions['headers']; body: string }>(
    (resolve, reject) => {
      const all = { 'x-api-key': KEY, 'content-type': 'application/json', ...headers };
      const options = { method, headers: all, ca: fs.readFileSync(at.ca), agent: false };
      const request = https.request(`${at.url}${target}`, options, (incoming) => {
        text(incoming).then((received) => {
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: received });
        }, reject);
      });
      request.once('error', reject).end(body);
    },
  );
}

describe.each(PROXIES)('behind $name with TLS, as its example says,', ({ isHere, start }) => {
  const open = async (prefix?: string): Promise<[RunningServer, Proxy]> => {
    const server = await startServer({ folder: newFolder(), env: BEHIND });
    const options = { folder: newFolder(), upstreamPort: server.port };
    proxy = await start(prefix === undefined ? options : { ...options, prefix });
    return [server, proxy];
  };

  it.skipIf(!isHere).each([undefined, '/athena'])('the client works (path prefix: %s)', async (prefix) => {
    const [, at] = await open(prefix);
    const home = newFolder();
    const machine = { url: at.url, key: KEY, home, instance: 'mac', env: { NODE_EXTRA_CA_CERTS: at.ca } };
    expect(await runClient(machine, 'add', 'through TLS')).toMatchObject({ code: 0, stderr: '' });
    expect((await runClient(machine, 'claim')).stdout).toContain('✅ Task #1 claimed');
    expect((await runClient(machine, 'heartbeat')).code).toBe(0);
    expect((await runClient(machine, 'complete', '1', '--notes', 'done')).code).toBe(0);
    const stranger = { ...machine, env: {} };
    const refused = await runClient(stranger, 'list');
    expect(refused).toMatchObject({ code: 6, stdout: '' });
    expect(refused.stderr).toContain('no secure connection');
  });

  it.skipIf(!isHere)('a claim waits for its task, and is woken at once', async () => {
    const [server, at] = await open();
    const body = JSON.stringify({ instance_id: 'mac', wait_seconds: 50 });
    const claim = ask(at, '/api/tasks/claim', { method: 'POST', body });
    while ((await server.api.instances()).instances.length === 0);
    await server.api.add('arrives while waiting');
    expect(JSON.parse((await claim).body)).toMatchObject({ task: { id: 1 } });
  });

  it.skipIf(!isHere)('the address of the client arrives, whatever the client wrote itself', async () => {
    const echo = http.createServer(({ headers }, outgoing) => outgoing.end(headers['x-forwarded-for']));
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    proxy = await start({ folder: newFolder(), upstreamPort: (echo.address() as AddressInfo).port });
    const { body } = await ask(proxy, '/api/stats', { headers: { 'x-forwarded-for': '203.0.113.9' } });
    expect(body).toBe('127.0.0.1');
    echo.close();
    echo.closeAllConnections();
  });

  it.skipIf(!isHere)('the safety headers arrive, and a body too large is refused', async () => {
    const [, at] = await open();
    const { status, headers } = await ask(at, '/api/stats');
    expect([status, headers]).toMatchObject([
      200,
      { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' },
    ]);
    const large = await ask(at, '/api/tasks', { method: 'POST', body: 'x'.repeat(300 * 1024) });
    expect(large.status).toBe(413);
  });

  it.skipIf(!isHere)(
    'nothing is said about the exposure, and the connections of the proxy are not counted',
    async () => {
      const [server, at] = await open();
      const all = await Promise.all(Array.from({ length: 30 }, () => ask(at, '/api/stats')));
      expect(all.every(({ status }) => status === 200)).toBe(true);
      expect(server.lines.filter(({ level }) => level === 'warn')).toEqual([]);
    },
  );
});
