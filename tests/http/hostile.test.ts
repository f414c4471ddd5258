import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ErrorBody } from '../../src/contract/error.ts';
import { startHttpServer, type TestServer } from '../support/http-server.ts';
import { headText, openSocket, requestText } from '../support/http-socket.ts';
import { KEY, type Reply } from '../support/http-world.ts';

const PATIENCE = {
  headersTimeout: 300,
  bodyTimeout: 600,
  requestTimeout: 3000,
  connectionsCheckingInterval: 100,
};

let server: TestServer;
beforeEach(async () => {
  server = await startHttpServer({ patience: PATIENCE });
});
afterEach(async () => {
  // Whatever a test did, the next person is served.
  const health = await fetch(`${server.url}/health`);
  expect(health.status).toBe(200);
  await server.close();
});

function expectRefusal(reply: Reply, status: number, error = 'invalid_input'): void {
  expect([reply.status, reply.error]).toEqual([status, error]);
  expect(reply.as(ErrorBody).message).toMatch(/\.$/);
  expect(reply.headers.get('x-request-id')).not.toBeNull();
  expect(reply.headers.get('content-type')).toContain('application/json');
}

/** Sends these bytes on a connection of their own, and gives the first answer. */
async function ask(bytes: string): Promise<Reply> {
  const socket = await openSocket(server.port);
  socket.write(bytes);
  return socket.answer();
}

const JSON_TYPE = 'Content-Type: application/json';
const post = (headers: readonly string[], body = '') => headText('POST', '/api/tasks', headers) + body;

describe('bodies', () => {
  const send = (body: string, headers: Record<string, string | null> = {}) =>
    server.send('POST', '/api/tasks', { body, headers });

  it.each([
    ['{', 'cut'],
    ['{"description":"x"', 'cut later'],
    ["{'description':'x'}", 'in the wrong quotes'],
    ['description=x', 'a form'],
    ['{"description":"x"} trailing', 'followed by more'],
    ['\u0000', 'a NUL'],
    ['NaN', 'no JSON'],
    ['[]', 'an array'],
    ['[{"description":"x"}]', 'an array of one'],
    ['"text"', 'a text'],
    ['5', 'a number'],
    ['null', 'null'],
    ['true', 'a boolean'],
    ['', 'empty'],
    ['  \n', 'blank'],
    ['{}', 'without fields'],
    ['{"description":"\\ud800"}', 'half of a pair'],
    ['{"description":"\\u0000"}', 'an escaped NUL'],
  ])('%j is refused (%s)', async (body) => {
    expectRefusal(await send(body), 400);
  });

  it('of bytes that are no UTF-8 are refused', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"description":"'),
      Buffer.from([0xff, 0xc3]),
      Buffer.from('"}'),
    ]);
    const socket = await openSocket(server.port);
    socket.write(post([JSON_TYPE, `Content-Length: ${bytes.length}`]));
    socket.write(bytes);
    expectRefusal(await socket.answer(), 400);
  });

  it('nested a hundred thousand deep do no harm', async () => {
    expectRefusal(await send('['.repeat(100_000)), 400);
    expectRefusal(await send(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), 400);
    const deep = `{"description":"x","other":${'[1,'.repeat(50_000)}1${']'.repeat(50_000)}}`;
    expect((await send(deep)).status).toBe(201);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'text/json-ish',
    'json',
  ])('of the type %s are refused', async (type) => {
    expectRefusal(await send('{"description":"x"}', { 'content-type': type }), 415, 'unsupported_media_type');
  });

  it('without a type are refused', async () => {
    const body = '{"description":"x"}';
    expectRefusal(await ask(post([`Content-Length: ${body.length}`], body)), 415, 'unsupported_media_type');
  });

  it.each(['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON', 'application/a+json'])(
    'of the type %s are taken',
    async (type) => {
      expect((await send('{"description":"x"}', { 'content-type': type })).status).toBe(201);
    },
  );

  it('that are absent count as an empty object, whatever the type', async () => {
    const { id } = await server.api.add();
    for (const headers of [{}, { 'content-type': 'text/plain' }]) {
      const reply = await server.send('POST', `/api/tasks/${id}/cancel`, { headers });
      expect([200, 409]).toContain(reply.status);
    }
  });

  it('change nothing but what they name: neither a prototype nor a field through it', async () => {
    const body =
      '{"description":"x","__proto__":{"priority":"high","polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    expect((await send(body)).json).toMatchObject({ task: { description: 'x', priority: 'medium' } });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expectRefusal(await send('{"__proto__":{"description":"x"}}'), 400);
  });

  it('with a byte order mark are read', async () => {
    expect((await send('\ufeff{"description":"x"}')).status).toBe(201);
  });

  it('may be 256 KiB, and not a byte more', async () => {
    const start = '{"description":"x","other":"';
    const fill = (bytes: number) => `${start}${'y'.repeat(bytes - start.length - 2)}"}`;
    expect((await send(fill(256 * 1024))).status).toBe(201);
    expectRefusal(await send(fill(256 * 1024 + 1)), 413, 'payload_too_large');
  });

  it('that are declared too large are refused before they come', async () => {
    expectRefusal(await ask(post([JSON_TYPE, 'Content-Length: 1000000000'])), 413, 'payload_too_large');
  });

  it('that come in chunks without an end are refused as soon as they are too large', async () => {
    const socket = await openSocket(server.port);
    socket.write(post([JSON_TYPE, 'Transfer-Encoding: chunked']));
    const chunk = 'a'.repeat(64 * 1024);
    for (let n = 0; n < 5; n += 1) socket.write(`10000\r\n${chunk}\r\n`);
    const reply = await socket.answer();
    expectRefusal(reply, 413, 'payload_too_large');
    expect(reply.headers.get('connection')).toBe('close');
  });

  it('in small chunks are put together', async () => {
    const socket = await openSocket(server.port);
    socket.write(post([JSON_TYPE, 'Transfer-Encoding: chunked']));
    for (const byte of '{"description":"chunked"}') socket.write(`1\r\n${byte}\r\n`);
    socket.write('0\r\n\r\n');
    expect((await socket.answer()).json).toMatchObject({ task: { description: 'chunked' } });
  });

  it('cut in the middle of a character are put together', async () => {
    const bytes = Buffer.from('{"description":"🚀"}');
    const socket = await openSocket(server.port);
    socket.write(post([JSON_TYPE, `Content-Length: ${bytes.length}`]));
    socket.write(bytes.subarray(0, 18));
    socket.write(bytes.subarray(18));
    expect((await socket.answer()).json).toMatchObject({ task: { description: '🚀' } });
  });

  it('of requests that need none are ignored', async () => {
    const reply = await ask(headText('GET', '/api/tasks', ['Content-Length: 3']) + '{{{');
    expect(reply.status).toBe(200);
  });
});

describe('half-sent requests', () => {
  it.each([
    ['nothing but a method', 'POST'],
    ['half of the headers', 'POST /api/tasks HTTP/1.1\r\nHost: athena\r\nX-API'],
  ])('%s is answered with 408 and closed', async (_what, bytes) => {
    expectRefusal(await ask(bytes), 408);
  });

  it('a body that never comes whole is answered with 408, and changes nothing', async () => {
    const reply = await ask(post([JSON_TYPE, 'Content-Length: 100'], '{"description":"x"'));
    expectRefusal(reply, 408);
    expect((await server.api.stats()).total).toBe(0);
  });

  it('a connection that says nothing at all is closed', async () => {
    const socket = await openSocket(server.port);
    expect(await socket.rest()).toMatch(/^$|^HTTP\/1.1 408/);
  });

  it('an upload that is cut off changes nothing and is no fault of the server', async () => {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => openSocket(server.port)));
    for (const socket of sockets) socket.write(post([JSON_TYPE, 'Content-Length: 100'], '{"descr'));
    await server.unanswered(20);
    for (const socket of sockets) socket.cut();
    await server.unanswered(0);
    expect((await server.api.stats()).total).toBe(0);
    expect(server.logger.lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
  });

  it('a slow request is served while its bytes keep coming', async () => {
    const socket = await openSocket(server.port);
    for (const byte of requestText('GET', '/api/stats')) socket.write(byte);
    expect((await socket.answer()).status).toBe(200);
  });
});

describe('what is no HTTP', () => {
  it.each([
    'garbage\r\n\r\n',
    '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
    'GET /health HTTP/9.9\r\n\r\n',
    'GET /health HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n',
    'GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n',
    'POST /api/tasks HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
    'POST /api/tasks HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    'FOO /api/tasks HTTP/1.1\r\nHost: a\r\n\r\n',
  ])('%j is answered with 400', async (bytes) => {
    expectRefusal(await ask(bytes), 400);
  });

  it('a chunk without a length is answered with 400', async () => {
    const head = post([JSON_TYPE, 'Transfer-Encoding: chunked']);
    expectRefusal(await ask(`${head}zz\r\nabc\r\n`), 400);
  });

  it('headers that are too large are answered with 431', async () => {
    expectRefusal(await ask(headText('GET', '/api/tasks', [`X-Long: ${'x'.repeat(70_000)}`])), 431);
    expectRefusal(await ask(headText('GET', `/api/tasks?${'x'.repeat(70_000)}`)), 431);
  });

  it.each(['a b', '[', 'a/b', '\u00ff'])('the host %j is answered with 400', async (host) => {
    expectRefusal(await ask(`GET /health HTTP/1.1\r\nHost: ${host}\r\n\r\n`), 400);
  });

  it.each(['*', 'health', 'http://', '/\\evil'])('the target %j is refused', async (target) => {
    const reply = await ask(`OPTIONS ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect([400, 404]).toContain(reply.status);
    expect(reply.error).toBeDefined();
  });

  it('a request for a whole URL is answered like one for its path', async () => {
    const reply = await ask('GET http://other.example/health HTTP/1.1\r\nHost: athena\r\n\r\n');
    expect(reply.json).toMatchObject({ status: 'healthy' });
    const closed = await ask('GET http://other.example/api/tasks HTTP/1.1\r\nHost: athena\r\n\r\n');
    expect(closed.status).toBe(401);
  });

  it('HTTP/1.0 without a host is served', async () => {
    expect((await ask('GET /health HTTP/1.0\r\n\r\n')).json).toMatchObject({ status: 'healthy' });
  });

  it('an expectation that nobody knows is answered with 417', async () => {
    expect((await ask(headText('GET', '/api/tasks', ['Expect: wonders']))).status).toBe(417);
  });

  it('a tunnel or another protocol is not opened', async () => {
    const socket = await openSocket(server.port);
    socket.write('CONNECT evil.example:80 HTTP/1.1\r\nHost: evil.example\r\n\r\n');
    expect(await socket.rest()).not.toMatch(/^HTTP\/1.1 2/);
    const upgrade = headText('GET', '/api/stats', ['Upgrade: websocket', 'Connection: Upgrade']);
    expect((await ask(upgrade)).status).toBe(200);
  });
});

describe('one connection', () => {
  it('answers requests that were sent at once in their order', async () => {
    const socket = await openSocket(server.port);
    const add = (text: string) => requestText('POST', '/api/tasks', { body: { description: text } });
    socket.write(
      `${add('one')}${requestText('GET', '/api/nothing')}${add('two')}${requestText('GET', '/health')}`,
    );
    const replies = [];
    for (let n = 0; n < 4; n += 1) replies.push(await socket.answer());
    expect(replies.map(({ status }) => status)).toEqual([201, 404, 201, 200]);
    expect(replies[2]?.json).toMatchObject({ task: { description: 'two' } });
  });

  it('goes on after a refused request', async () => {
    const socket = await openSocket(server.port);
    for (const body of ['{', '[]', '{"description":"x"}']) socket.send('POST', '/api/tasks', { body });
    const statuses = [];
    for (let n = 0; n < 3; n += 1) statuses.push((await socket.answer()).status);
    expect(statuses).toEqual([400, 400, 201]);
  });

  it('that sends a body nobody reads goes on, too', async () => {
    const socket = await openSocket(server.port);
    socket.send('POST', '/api/tasks', { body: 'x'.repeat(100_000), headers: { 'x-api-key': 'wrong' } });
    socket.send('GET', '/api/stats');
    expect((await socket.answer()).status).toBe(401);
    expect((await socket.answer()).status).toBe(200);
  });

  it('is asked for the key in every request', async () => {
    const socket = await openSocket(server.port);
    socket.send('GET', '/api/stats');
    socket.send('GET', '/api/stats', { headers: { 'x-api-key': null } });
    expect([(await socket.answer()).status, (await socket.answer()).status]).toEqual([200, 401]);
  });

  it('with two keys in one header is refused', async () => {
    const headers = [`X-API-Key: ${KEY}`];
    expect((await ask(headText('GET', '/api/stats', headers))).status).toBe(401);
  });
});

describe('stopping', () => {
  it('lets a running request end, answers it, and closes the connection at once', async () => {
    const other = await startHttpServer();
    const socket = await openSocket(other.port);
    socket.send('POST', '/api/tasks/claim', { body: { instance_id: 'mac', wait_seconds: 60 } });
    await other.unanswered(1);
    const idle = await openSocket(other.port);
    idle.send('GET', '/health');
    await idle.answer();
    const started = performance.now();
    other.waitingClaims.stop();
    const stopped = other.server.stop(30_000);
    expect((await socket.answer()).json).toEqual({ task: null });
    await stopped;
    expect(performance.now() - started).toBeLessThan(5000);
    await other.store.close();
  });

  it('cuts what does not end in time', async () => {
    const other = await startHttpServer();
    const socket = await openSocket(other.port);
    socket.write(post([JSON_TYPE, 'Content-Length: 100'], '{'));
    await other.unanswered(1);
    await other.server.stop(50);
    expect(await socket.rest()).toBe('');
    await other.store.close();
  });
});
