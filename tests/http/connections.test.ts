import net from 'node:net';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { CLIENT_PATH } from '../../src/contract/endpoints.ts';
import { ownerOf } from '../../src/http/connections.ts';
import { startHttpServer, type ServerOptions, type TestServer } from '../support/http-server.ts';
import { headText, openSocket, requestText } from '../support/http-socket.ts';
import { KEY } from '../support/http-world.ts';

let server: TestServer;
const sockets: net.Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.close();
});

const start = async (options: ServerOptions) => {
  server = await startHttpServer(options);
};

/** A connection from one of this machine's many own addresses. */
async function connectFrom(localAddress: string): Promise<net.Socket> {
  const socket = net.connect({ port: server.port, host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined);
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** Whether the server answers on it; false when it closes the connection instead. */
async function isServed(socket: net.Socket): Promise<boolean> {
  socket.write('GET /health HTTP/1.1\r\nHost: a\r\n\r\n');
  return new Promise((resolve) => {
    socket.once('data', () => {
      resolve(true);
    });
    socket.once('close', () => {
      resolve(false);
    });
  });
}

const limits = { perAddress: 5, readMs: 60_000 };

describe('connections of one address', () => {
  it('end at its share, while other addresses are served and the log says so once', async () => {
    await start({ limits });
    for (let n = 0; n < 5; n += 1) expect(await isServed(await connectFrom('127.0.0.2'))).toBe(true);
    for (let n = 0; n < 5; n += 1) expect(await isServed(await connectFrom('127.0.0.2'))).toBe(false);
    expect(await isServed(await connectFrom('127.0.0.3'))).toBe(true);
    const warnings = server.logger.lines.filter(({ level }) => level === 'warn');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({ details: { address: '127.0.0.2' } });
    expect(warnings[0]?.message).toContain('TRUSTED_PROXIES');
  });

  it('are counted again when one has gone', async () => {
    await start({ limits });
    const first = await connectFrom('127.0.0.2');
    for (let n = 0; n < 4; n += 1) await isServed(await connectFrom('127.0.0.2'));
    first.destroy();
    await once(first, 'close');
    const deadline = performance.now() + 5000;
    while (!(await isServed(await connectFrom('127.0.0.2'))))
      expect(performance.now()).toBeLessThan(deadline);
  });

  it('are not limited when it is a trusted proxy, which speaks for many', async () => {
    await start({ limits, trustedProxies: ['127.0.0.2', '10.0.0.0/8'] });
    for (let n = 0; n < 20; n += 1) expect(await isServed(await connectFrom('127.0.0.2'))).toBe(true);
  });

  it('leave room for two thousand waiting claims of one house, and for more beside them', async () => {
    await start({});
    const open = await Promise.all(Array.from({ length: 2500 }, () => connectFrom('127.0.0.2')));
    expect(await isServed(open.at(-1)!)).toBe(true);
  });

  it('of one IPv6 network count together, for one machine has them all', () => {
    expect(ownerOf('2001:db8:1:2:aaaa::1')).toBe(ownerOf('2001:db8:1:2::ffff'));
    expect(ownerOf('2001:db8:1:2::1')).not.toBe(ownerOf('2001:db8:1:3::1'));
    expect(ownerOf('::1')).toBe('0:0:0:0');
    expect(ownerOf('2001:db8::1')).toBe('2001:db8:0:0');
    expect(ownerOf('10.0.0.1')).toBe('10.0.0.1');
  });
});

const LARGE = 'x'.repeat(4000);

describe('a client that does not read', () => {
  it('loses its connection, and nobody else does', async () => {
    await start({ limits: { perAddress: 5, readMs: 500 } });
    for (let n = 0; n < 200; n += 1) await server.api.add(LARGE);
    const deaf = await connectFrom('127.0.0.2');
    deaf.pause();
    const list = headText('GET', '/api/tasks?limit=200');
    const patient = await openSocket(server.port);
    patient.send('POST', '/api/tasks/claim', { body: { instance_id: 'mac', wait_seconds: 0 } });
    expect((await patient.answer()).status).toBe(200);
    deaf.write(list.repeat(50));
    const closed = once(deaf, 'close');
    // Whatever came before is still to be read; only the end of the connection is asked for.
    await server.unanswered(1);
    await server.unanswered(0);
    deaf.resume();
    await closed;
    patient.send('GET', '/api/stats');
    expect((await patient.answer()).status).toBe(200);
  });

  it('makes the server hold one answer, however many requests it sent at once', async () => {
    await start({});
    for (let n = 0; n < 200; n += 1) await server.api.add(LARGE);
    const before = server.requests();
    const deaf = await connectFrom('127.0.0.2');
    deaf.pause();
    deaf.write(headText('GET', '/api/tasks?limit=200').repeat(90));
    await server.unanswered(1);
    await Promise.all(Array.from({ length: 50 }, () => server.api.stats()));
    // What the system's buffers took was answered; the rest has not even been begun.
    expect(server.requests() - before - 50).toBeLessThan(40);
  });

  it('shares one copy of the client with all others who ask for it', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-client-'));
    const clientFile = path.join(folder, 'client.mjs');
    fs.writeFileSync(clientFile, 'x'.repeat(8 * 1024 * 1024));
    await start({ clientFile });
    const deaf = await Promise.all(Array.from({ length: 60 }, () => connectFrom('127.0.0.2')));
    for (const socket of deaf) {
      socket.pause();
      socket.write(`GET ${CLIENT_PATH} HTTP/1.1\r\nHost: a\r\n\r\n`);
    }
    await server.unanswered(60);
    await server.api.stats();
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(200 * 1024 * 1024);
    fs.rmSync(folder, { recursive: true });
  });
});

describe('a client that sends far ahead', () => {
  it('is served in turn, and cut when it sends more than anybody would', async () => {
    await start({});
    const socket = await openSocket(server.port);
    socket.write(requestText('GET', '/api/stats').repeat(60));
    for (let n = 0; n < 60; n += 1) expect((await socket.answer()).status).toBe(200);
    const greedy = await openSocket(server.port);
    greedy.write(requestText('GET', '/api/stats').repeat(5000));
    await greedy.rest();
    expect(server.requests()).toBeLessThan(300);
    expect((await server.send('GET', '/api/stats')).status).toBe(200);
  });
});

describe('a request that cannot be read, behind others', () => {
  const add = () => requestText('POST', '/api/tasks', { body: { description: 'x' } });
  const wait = () =>
    requestText('POST', '/api/tasks/claim', { body: { instance_id: 'mac', wait_seconds: 30 } });

  it.each([
    ['what is no HTTP', 'garbage\r\n\r\n'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
    ['a broken body', `${headText('POST', '/api/tasks', ['Transfer-Encoding: chunked'])}zz\r\n`],
  ])('is refused in its turn, when those were answered: %s', async (_what, bytes) => {
    await start({});
    const socket = await openSocket(server.port);
    socket.write(add() + add() + bytes);
    for (const status of [201, 201, 400]) expect((await socket.answer()).status).toBe(status);
    expect(await socket.rest()).toBe('');
    expect((await server.api.stats()).total).toBe(2);
  });

  it('leaves a waiting claim its answer', async () => {
    await start({});
    const socket = await openSocket(server.port);
    socket.write(`${wait()}garbage\r\n\r\n`);
    await server.unanswered(1);
    const { id } = await server.api.add();
    expect((await socket.answer()).json).toMatchObject({ task: { id, instance_id: 'mac' } });
    expect((await socket.answer()).status).toBe(400);
    expect((await server.api.get(id)).status).toBe('in_progress');
  });

  it('ends a waiting claim when its client hangs up in the middle of the next', async () => {
    await start({});
    const socket = await openSocket(server.port);
    socket.write(`${wait()}POST /api/tasks HTTP/1.1\r\nHost`);
    await server.unanswered(1);
    socket.end();
    await server.unanswered(0);
    const { id } = await server.api.add();
    expect((await server.api.get(id)).status).toBe('pending');
  });
});

describe('who has no key', () => {
  it('is refused before the body comes, and what comes all the same is cut off', async () => {
    await start({});
    const socket = await openSocket(server.port);
    socket.write(headText('POST', '/api/tasks', ['Content-Length: 200000']).replace(KEY, 'wrong'));
    expect((await socket.answer()).status).toBe(401);
    expect(await socket.rest()).toBe('');
    expect((await server.api.stats()).total).toBe(0);
  });
});

describe('ways to smuggle a second request', () => {
  it.each([
    ['length and chunks', 'Content-Length: 4\r\nTransfer-Encoding: chunked'],
    ['chunks twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked'],
    ['an unknown encoding', 'Transfer-Encoding: xchunked'],
    ['chunked not last', 'Transfer-Encoding: chunked, identity'],
    ['a blank before the colon', 'Transfer-Encoding : chunked'],
    ['a folded header', 'X-A: b\r\n\tTransfer-Encoding: chunked\r\nContent-Length: 4'],
    ['a signed length', 'Content-Length: +4'],
    ['a length with a comma', 'Content-Length: 4, 4'],
    ['a bare carriage return', 'X-A: b\rContent-Length: 4'],
    ['a NUL', 'X-A: \u0000b'],
    ['two hosts', 'Host: other\r\nContent-Length: 4'],
  ])('%s: at most one request is seen, and the connection ends', async (what, header) => {
    await start({});
    const socket = await openSocket(server.port);
    socket.write(`POST /api/tasks HTTP/1.1\r\nHost: a\r\nX-API-Key: ${KEY}\r\n${header}\r\n\r\n`);
    socket.write(`0\r\n\r\nGET /api/smuggled HTTP/1.1\r\nHost: a\r\n\r\n`);
    const first = await socket.answer();
    expect([400, 415], what).toContain(first.status);
    expect(await socket.rest()).not.toContain('smuggled');
  });
});
