import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { KEY } from '../support/http-world.ts';
import { openSocket, headText } from '../support/http-socket.ts';
import { cleanUp, newFolder, spawnServer, startServer, type RunningServer } from '../support/http-process.ts';

const CLIENT = fileURLToPath(new URL('../../cli/dist/claude-task-client.mjs', import.meta.url));

afterEach(cleanUp);

async function secondsOf(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return (performance.now() - started) / 1000;
}

/** Looks at the waiting claims from outside: each is a sign of life. */
async function instancesKnown(server: RunningServer, count: number): Promise<void> {
  while ((await server.api.instances()).instances.length < count);
}

const textFile = (file: string) => {
  fs.writeFileSync(file, 'this is a text, not a database');
};
const folderAt = (file: string) => {
  fs.mkdirSync(file);
};

describe('a start', () => {
  it('logs one line of JSON with host and port once it answers', async () => {
    const server = await startServer({ folder: newFolder() });
    expect(await server.line('listening')).toMatchObject({
      level: 'info',
      msg: 'listening',
      host: '127.0.0.1',
      port: server.port,
    });
    expect(server.lines.some(({ msg }) => String(msg).startsWith('Discord is off'))).toBe(true);
    const health = await fetch(`${server.url}/health`);
    expect(await health.json()).toMatchObject({ status: 'healthy', discord: 'disabled' });
    expect(JSON.stringify(server.lines)).not.toContain(KEY);
  });

  it('without API_KEY makes a key beside the database, and uses it again', async () => {
    const folder = newFolder();
    const keys = [];
    for (let n = 0; n < 2; n += 1) {
      const server = await startServer({ folder, env: { API_KEY: null } });
      const key = fs.readFileSync(path.join(folder, 'api-key'), 'utf8').trim();
      const reply = await server.send('GET', '/api/stats', { headers: { 'x-api-key': key } });
      expect(reply.status).toBe(200);
      expect((await server.send('GET', '/api/stats')).status).toBe(401);
      expect(JSON.stringify(server.lines)).not.toContain(key);
      keys.push(key);
      await server.stop();
    }
    expect(keys[1]).toBe(keys[0]);
  });

  it('with bad values ends with exit code 2 and every problem by name, without a value', async () => {
    const folder = newFolder();
    const env = { API_PORT: 'seventy', API_KEY: 'two words', TZ: 'Mars', LEASE_MINUTES: '-1' };
    const server = spawnServer({ folder, env });
    expect((await server.exited).code).toBe(2);
    for (const name of Object.keys(env)) expect(server.stderr()).toContain(name);
    expect(server.stderr() + JSON.stringify(server.lines)).not.toMatch(/seventy|two words|Mars/);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it('on a port that is taken ends with exit code 1, and says what to do', async () => {
    const first = await startServer({ folder: newFolder() });
    const second = spawnServer({ folder: newFolder(), env: { API_PORT: String(first.port) } });
    expect((await second.exited).code).toBe(1);
    expect(second.stderr()).toMatch(/port is taken.*API_PORT/s);
  });

  it.each([
    ['a file that is no database', textFile],
    ['a folder', folderAt],
  ])('on %s ends with exit code 1 naming it, and leaves it as it is', async (_what, make) => {
    const folder = newFolder();
    const file = path.join(folder, 'tasks.db');
    make(file);
    const server = spawnServer({ folder });
    expect((await server.exited).code).toBe(1);
    expect(server.stderr()).toContain(file);
    expect(server.stderr()).not.toMatch(/\n +at /);
  });

  it('with a garbled key file ends with exit code 1 naming it', async () => {
    const folder = newFolder();
    fs.writeFileSync(path.join(folder, 'api-key'), 'no good');
    const server = spawnServer({ folder, env: { API_KEY: null } });
    expect((await server.exited).code).toBe(1);
    expect(server.stderr()).toContain('api-key');
  });

  it('hands out the bundled client, word for word and without a key', async () => {
    const server = await startServer({ folder: newFolder() });
    const answer = await fetch(`${server.url}/client/claude-task-client.mjs`);
    expect([answer.status, await answer.text()]).toEqual([200, fs.readFileSync(CLIENT, 'utf8')]);
  });
});

describe('a stop', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s answers waiting claims with no task, lets requests end, and exits with 0 at once',
    async (signal) => {
      const server = await startServer({ folder: newFolder() });
      const waiting = Array.from({ length: 10 }, (_, n) =>
        server.send('POST', '/api/tasks/claim', { body: { instance_id: `m${n}`, wait_seconds: 60 } }),
      );
      await instancesKnown(server, 10);
      const half = await openSocket(server.port);
      half.write(headText('POST', '/api/tasks', ['Content-Type: application/json', 'Content-Length: 19']));
      half.write('{"descript');
      await server.api.stats();
      server.signal(signal);
      await server.line('stopping');
      for (const reply of waiting) expect((await reply).json).toEqual({ task: null });
      half.write('ion":"x"}');
      expect((await half.answer()).status).toBe(201);
      const seconds = await secondsOf(() => server.exited);
      expect(await server.exited).toEqual({ code: 0, signal: null });
      expect(seconds).toBeLessThan(4);
      expect(server.lines.at(-1)).toMatchObject({ msg: 'stopped' });
    },
  );
});

describe('after a kill', () => {
  it('a killed server leaves nothing in the way of the next', async () => {
    const folder = newFolder();
    const first = await startServer({ folder });
    await first.api.add();
    await first.kill();
    const seconds = await secondsOf(async () => {
      const second = await startServer({ folder });
      expect((await second.api.stats()).pending).toBe(1);
    });
    expect(seconds).toBeLessThan(10);
  });
});
