import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { ENDPOINTS } from '../../src/contract/endpoints.ts';
import { createHttpWorld } from '../support/http-world.ts';

it('a healthy server says so with version, uptime, Discord, database and notifications', async () => {
  const world = await createHttpWorld();
  world.clock.advance(61_900);
  const reply = await world.send('GET', '/health', { headers: { 'x-api-key': null } });
  expect(reply.status).toBe(200);
  expect(reply.as(ENDPOINTS.health.answer)).toEqual({
    status: 'healthy',
    service: 'athena-bot',
    version: '1.2.3',
    uptime_seconds: 61,
    discord: 'disabled',
    database: 'ok',
    notifications: { undelivered: 0, oldest_seconds: null, blocked: false, blocked_reason: null },
  });
  await world.store.close();
});

it.each(['connected', 'connecting', 'failed'] as const)(
  'Discord may be %s, and that never makes the server unhealthy',
  async (discord) => {
    const delivery = { undelivered: 3, oldestSeconds: 70, blocked: 'no such channel' };
    const world = await createHttpWorld({ frontEndHealth: () => Promise.resolve({ discord, delivery }) });
    const reply = await world.send('GET', '/health');
    expect([reply.status, reply.json]).toMatchObject([
      200,
      {
        status: 'healthy',
        discord,
        notifications: {
          undelivered: 3,
          oldest_seconds: 70,
          blocked: true,
          blocked_reason: 'no such channel',
        },
      },
    ]);
    await world.store.close();
  },
);

it('a database that cannot be read makes the server unhealthy, without saying where it is', async () => {
  const ping = () => Promise.reject(new Error('disk I/O error in /home/me/tasks.db'));
  const world = await createHttpWorld({ wrap: (store) => ({ ...store, ping }) });
  const reply = await world.send('GET', '/health');
  expect([reply.status, reply.as(ENDPOINTS.health.answer).status]).toEqual([503, 'unhealthy']);
  expect(reply.text).not.toContain('/home');
  await world.store.close();
});

it('the client is handed out as it is, without a key', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-client-'));
  const clientFile = path.join(folder, 'client.mjs');
  fs.writeFileSync(clientFile, '#!/usr/bin/env node\nconsole.log("ä");\n');
  const world = await createHttpWorld({ clientFile });
  const headers = { 'x-api-key': null };
  const reply = await world.send('GET', '/client/claude-task-client.mjs', { headers });
  expect([reply.status, reply.text]).toEqual([200, fs.readFileSync(clientFile, 'utf8')]);
  expect(reply.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  fs.rmSync(folder, { recursive: true });
  const missing = await world.send('GET', '/client/claude-task-client.mjs', { headers });
  expect([missing.status, missing.error]).toEqual([404, 'not_found']);
  expect(missing.text).not.toContain(folder);
  await world.store.close();
});

it.each(['/client', '/client/', '/client/../package.json', '/client/%2e%2e/package.json', '/client/x.mjs'])(
  'nothing else is handed out (%s)',
  async (target) => {
    const world = await createHttpWorld();
    expect((await world.send('GET', target)).status).toBe(404);
    await world.store.close();
  },
);

it.each([
  [
    'gone',
    (file: string) => {
      fs.rmSync(file);
    },
  ],
  [
    'another one',
    (file: string) => {
      fs.writeFileSync(`${file}.new`, fs.readFileSync(file));
      fs.renameSync(`${file}.new`, file);
    },
  ],
  [
    'overwritten',
    (file: string) => {
      fs.writeFileSync(file, 'A'.repeat(fs.statSync(file).size));
    },
  ],
])('a database file that is %s makes the server unhealthy', async (_what, harm) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-health-'));
  const file = path.join(folder, 'tasks.db');
  const world = await createHttpWorld({ path: file });
  expect((await world.send('GET', '/health')).status).toBe(200);
  harm(file);
  expect((await world.send('GET', '/health')).status).toBe(503);
  await world.store.close();
  fs.rmSync(folder, { recursive: true, force: true });
});
