import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../src/contract/endpoints.ts';
import { TransientError } from '../../src/core/errors.ts';
import type { Store } from '../../src/core/ports.ts';
import { startHttpServer } from '../support/http-server.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';
import { READS, WRITES } from '../support/http-routes.ts';
import { turns } from '../support/http-until.ts';

let world: HttpWorld;
let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-http-'));
});
afterEach(async () => {
  await world.store.close();
  fs.rmSync(folder, { recursive: true });
});

describe('a bug', () => {
  const secret = 'SELECT * FROM secrets; /home/me/tasks.db at Object.run (file.ts:1:1)';
  const broken = (store: Store): Store => {
    const fail = () => Promise.reject(new Error(secret));
    return {
      ...store,
      decide: fail,
      decideShown: fail,
      decideOnce: fail,
      task: fail,
      tasks: fail,
      nextReady: fail,
      readyLanes: fail,
      counts: fail,
      instances: fail,
    };
  };

  it('is answered with a plain 500 by every call, and logged with its stack and the request id', async () => {
    world = await createHttpWorld({ wrap: broken });
    const calls = [
      ...READS.map((target) => ({ method: 'GET', target, body: undefined })),
      ...WRITES.map(({ method, name }) => ({
        method,
        target: name.startsWith('/') || name === '' ? `/api/tasks/1${name}` : '/api/queue/pause',
        body: {
          description: 'x',
          instance_id: 'mac',
          status: 'failed',
          priority: 'low',
          error: 'x',
          reason: 'x',
        },
      })),
    ];
    for (const [n, { method, target, body }] of calls.entries()) {
      const headers = { 'x-request-id': `request-${n}` };
      const reply = await world.send(method, target, { body, headers });
      expect([reply.status, reply.json]).toEqual([
        500,
        { error: 'internal', message: 'Something went wrong; the server log has the details.' },
      ]);
      expect(JSON.stringify([...reply.headers])).not.toMatch(/SELECT|home|\.ts/);
    }
    const errors = world.logger.lines.filter(({ level }) => level === 'error');
    expect(errors).toHaveLength(calls.length);
    expect(errors[0]?.details).toMatchObject({ request_id: 'request-0', error: { message: secret } });
  });

  it('that throws what is no error is answered likewise, and the server lives on', async () => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- that is the test
    const fail = () => Promise.reject('SELECT');
    const server = await startHttpServer({ wrap: (store) => ({ ...store, counts: fail }) });
    const reply = await server.send('GET', '/api/stats');
    expect([reply.status, reply.error, reply.text.includes('SELECT')]).toEqual([500, 'internal', false]);
    expect((await server.send('GET', '/api/tasks')).status).toBe(200);
    await server.close();
    world = await createHttpWorld();
  });
});

describe('"not now"', () => {
  it('is answered with 503 and how long to wait, at least a second', async () => {
    const error = new TransientError('The disk is full.', { retryAfterMs: 1500 });
    world = await createHttpWorld({
      wrap: (store) => ({ ...store, decideShown: () => Promise.reject(error) }),
    });
    const reply = await world.send('POST', '/api/tasks', { body: { description: 'x' } });
    expect([reply.status, reply.error, reply.headers.get('retry-after')]).toEqual([503, 'unavailable', '2']);
  });
});

describe('a database that another program locks', () => {
  it('keeps writes waiting for five seconds, then 503; reads and health go on; then all is well', async () => {
    const file = path.join(folder, 'tasks.db');
    world = await createHttpWorld({ path: file });
    const { id } = await world.api.held();
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');

    const late = world.send('POST', '/api/tasks', { body: { description: 'x' }, idempotencyKey: 'k1' });
    const done = world.send('POST', `/api/tasks/${id}/complete`);
    let answered = 0;
    for (const reply of [late, done]) void reply.then(() => (answered += 1));
    for (let ms = 0; ms < 4800; ms += 100) await pass(100);
    expect(answered).toBe(0);
    for (const read of READS) expect((await world.send('GET', read)).status).toBe(200);
    const health = (await world.send('GET', '/health')).as(ENDPOINTS.health.answer);
    expect(health).toMatchObject({ status: 'healthy', database: 'ok' });
    for (let ms = 0; ms < 1000; ms += 100) await pass(100);
    for (const reply of [await late, await done]) {
      expect([reply.status, reply.error]).toEqual([503, 'unavailable']);
      expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
    }

    const patient = world.send('POST', '/api/tasks', { body: { description: 'x' }, idempotencyKey: 'k1' });
    await pass(300);
    other.exec('ROLLBACK');
    await pass(300);
    expect((await patient).status).toBe(201);
    expect((await world.send('POST', `/api/tasks/${id}/complete`)).status).toBe(200);
    expect(await world.api.stats()).toMatchObject({ pending: 1, completed: 1, total: 2 });
    other.close();
  });

  async function pass(ms: number) {
    world.clock.advance(ms);
    await turns(3);
  }
});

describe('answers', () => {
  beforeEach(async () => {
    world = await createHttpWorld();
  });

  it.each(['abc', 'A-1_b.c:2', 'x'.repeat(100)])('echo the request id %s', async (given) => {
    for (const target of ['/health', '/api/stats', '/api/tasks/999', '/nothing']) {
      const reply = await world.send('GET', target, { headers: { 'x-request-id': given } });
      expect(reply.headers.get('x-request-id')).toBe(given);
    }
  });

  it.each(['', 'a b', 'x'.repeat(101), '<script>', 'ä'])(
    'replace the unusable request id %j',
    async (given) => {
      const reply = await world.send('GET', '/health', { headers: { 'x-request-id': given } });
      expect(reply.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  it('carry an id of their own each', async () => {
    const ids = [];
    for (let n = 0; n < 5; n += 1)
      ids.push((await world.send('GET', '/api/stats')).headers.get('x-request-id'));
    expect(new Set(ids).size).toBe(5);
  });

  it('are never kept by caches, nor guessed to be of another type', async () => {
    for (const target of ['/health', '/api/stats', '/api/tasks/999', '/nothing']) {
      const { headers } = await world.send('GET', target);
      expect([headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual([
        'no-store',
        'nosniff',
      ]);
      expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    }
  });

  it('leave a line in the log with the request id, without query or key', async () => {
    await world.send('GET', '/api/tasks?limit=1', { headers: { 'x-request-id': 'r1' } });
    await world.send('GET', '/api/tasks', { headers: { 'x-request-id': 'r2', 'x-api-key': 'wrong-key' } });
    const lines = world.logger.lines.filter(({ message }) => message === 'request');
    expect(lines.map(({ details }) => details)).toMatchObject([
      { request_id: 'r1', method: 'GET', path: '/api/tasks', status: 200 },
      { request_id: 'r2', method: 'GET', path: '/api/tasks', status: 401 },
    ]);
    expect(JSON.stringify(world.logger.lines)).not.toMatch(/limit=1|wrong-key/);
  });
});
