import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, describe, it } from 'vitest';
import { headText, openSocket } from '../support/http-socket.ts';
import { KEY } from '../support/http-world.ts';
import { cleanUp, newFolder, spawnServer, startServer } from '../support/http-process.ts';

// What takes its time, all at once: each of these mostly waits.
afterAll(cleanUp);

async function secondsOf(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return (performance.now() - started) / 1000;
}

describe.concurrent('a stop', () => {
  it('is not held up by a request that never ends, nor by a second signal', async ({ expect }) => {
    const server = await startServer({ folder: newFolder() });
    const half = await openSocket(server.port);
    half.write(headText('POST', '/api/tasks', ['Content-Type: application/json', 'Content-Length: 19']));
    await server.api.stats();
    const seconds = await secondsOf(async () => {
      server.signal('SIGTERM');
      await server.line('stopping');
      server.signal('SIGTERM');
      expect((await server.exited).code).toBe(0);
    });
    expect(seconds).toBeLessThan(10);
  });

  it('ends within ten seconds, with 0, although another program locks the database', async ({ expect }) => {
    const folder = newFolder();
    const server = await startServer({ folder });
    const other = new Database(path.join(folder, 'tasks.db'));
    other.exec('BEGIN IMMEDIATE');
    const write = server.send('POST', '/api/tasks', { body: { description: 'x' } });
    await server.api.stats();
    const seconds = await secondsOf(async () => {
      expect((await server.stop()).code).toBe(0);
    });
    expect((await write).status).toBe(503);
    expect(seconds).toBeLessThan(10);
    other.close();
  });
});

describe.concurrent('two servers on one database', () => {
  it('the second waits for the first to go, and takes over with all that was there', async ({ expect }) => {
    const folder = newFolder();
    const first = await startServer({ folder });
    await first.api.add('from the first');
    const second = spawnServer({ folder });
    // The rest of this time it waits: a start takes far less.
    const answers = [];
    for (const started = performance.now(); performance.now() - started < 2000;)
      answers.push(await first.send('GET', '/health'));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(second.lines.some(({ msg }) => msg === 'listening')).toBe(false);
    expect((await first.stop()).code).toBe(0);
    const { port } = await second.line('listening');
    const answer = await fetch(`http://127.0.0.1:${String(port)}/api/tasks`, {
      headers: { 'x-api-key': KEY },
    });
    expect(await answer.json()).toMatchObject({ tasks: [{ description: 'from the first' }] });
  });

  it('the second gives up after fifteen seconds, naming the file, and the first goes on', async ({
    expect,
  }) => {
    const folder = newFolder();
    const first = await startServer({ folder });
    let code: number | null = null;
    const seconds = await secondsOf(async () => {
      const second = spawnServer({ folder });
      ({ code } = await second.exited);
      expect(second.stderr()).toContain(path.join(folder, 'tasks.db'));
    });
    expect(code).toBe(1);
    expect(seconds).toBeGreaterThan(14);
    expect(seconds).toBeLessThan(25);
    expect((await first.api.add()).id).toBe(1);
  });
});
