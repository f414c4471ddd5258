import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLIENT_PATH, ENDPOINTS } from '../../src/contract/endpoints.ts';
import { startHttpServer, type TestServer } from '../support/http-server.ts';
import { headText, openSocket } from '../support/http-socket.ts';
import type { Reply, Sent } from '../support/http-world.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-headers-'));
let server: TestServer;
let breaks = false;
beforeAll(async () => {
  const clientFile = path.join(folder, 'client.mjs');
  fs.writeFileSync(clientFile, 'export {};\n');
  const patience = {
    headersTimeout: 300,
    bodyTimeout: 600,
    requestTimeout: 3000,
    connectionsCheckingInterval: 100,
  };
  server = await startHttpServer({
    patience,
    clientFile,
    wrap: (store) => ({
      ...store,
      counts: () => (breaks ? Promise.reject(new Error('planted')) : store.counts()),
      ping: () => (breaks ? Promise.reject(new Error('planted')) : store.ping()),
    }),
  });
});
afterAll(async () => {
  await server.close();
  fs.rmSync(folder, { recursive: true });
});

const EXPECTED = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

function expectSafe({ headers }: Reply): void {
  const found = Object.fromEntries(Object.keys(EXPECTED).map((name) => [name, headers.get(name)]));
  expect(found).toEqual(EXPECTED);
  expect(headers.get('x-request-id')).toMatch(/^[\w-]+$/);
  const names = [...headers.keys()];
  expect(names).not.toContain('server');
  expect(names).not.toContain('x-powered-by');
  expect(names.filter((name) => name.startsWith('access-control-'))).toEqual([]);
  expect(names).not.toContain('set-cookie');
}

const everyCall = Object.values(ENDPOINTS).map(({ method, path: target }) => [method, target] as const);
const origin = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };

describe('the headers that keep browsers out are on', () => {
  it.each(everyCall)(
    '%s %s, whether it is refused, without a key, or a preflight',
    async (method, target) => {
      const at = target.replace(':id', '1');
      const cases: [string, Sent][] = [
        [method, { headers: origin }],
        [method, { headers: { ...origin, 'x-api-key': null } }],
        ['OPTIONS', { headers: origin }],
        ['PATCH', {}],
      ];
      for (const [how, sent] of cases) expectSafe(await server.send(how, at, sent));
    },
  );

  it('answers that succeed', async () => {
    const { id } = await server.api.add();
    for (const target of ['/api/tasks', `/api/tasks/${id}`, '/api/stats', '/health', CLIENT_PATH]) {
      const reply = await server.send('GET', target);
      expect(reply.status).toBe(200);
      expectSafe(reply);
    }
    expectSafe(await server.send('POST', '/api/tasks', { body: { description: 'x' } }));
  });

  it.each(['/', '/api', '/api/nothing', '/client', '/favicon.ico', '/%zz'])(
    'what is not at %s',
    async (target) => {
      const reply = await server.send('GET', target);
      expect(reply.status).toBe(404);
      expectSafe(reply);
    },
  );

  it('a fault of the server', async () => {
    breaks = true;
    const [fault, unhealthy] = [await server.send('GET', '/api/stats'), await server.send('GET', '/health')];
    breaks = false;
    expect([fault.status, unhealthy.status]).toEqual([500, 503]);
    for (const reply of [fault, unhealthy]) expectSafe(reply);
  });

  const json = 'Content-Type: application/json';
  it.each([
    [400, 'no HTTP', 'garbage\r\n\r\n'],
    [400, 'two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
    [400, 'a host that is none', 'GET /health HTTP/1.1\r\nHost: a b\r\n\r\n'],
    [400, 'no host', 'GET /health HTTP/1.1\r\n\r\n'],
    [408, 'half of the headers', 'GET /health HTTP/1.1\r\nHost'],
    [408, 'half of a body', headText('POST', '/api/tasks', [json, 'Content-Length: 100']) + '{'],
    [413, 'a body too large', headText('POST', '/api/tasks', [json, 'Content-Length: 1000000'])],
    [415, 'a body of another type', headText('POST', '/api/tasks', ['Content-Length: 1']) + '{'],
    [417, 'an unknown expectation', headText('GET', '/api/tasks', ['Expect: wonders'])],
    [431, 'large headers', headText('GET', '/api/tasks', [`X-Long: ${'x'.repeat(20_000)}`])],
  ])('the %i for %s', async (status, _what, bytes) => {
    const socket = await openSocket(server.port);
    socket.write(bytes);
    const reply = await socket.answer();
    expect([reply.status, reply.error]).toEqual([
      status,
      { 413: 'payload_too_large', 415: 'unsupported_media_type' }[status] ?? 'invalid_input',
    ]);
    expectSafe(reply);
  });

  it('the refusal of a flood of wrong keys', async () => {
    const replies = [];
    for (let n = 0; n < 12; n += 1)
      replies.push(await server.send('GET', '/api/stats', { headers: { 'x-api-key': `wrong-${n}` } }));
    expect(replies.at(-1)?.status).toBe(429);
    for (const reply of replies) expectSafe(reply);
  });
});
