import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, expect, it } from 'vitest';
import { cleanUp, newFolder, startServer, type RunningServer } from '../support/http-process.ts';
import type { Reply } from '../support/http-world.ts';

/** Two megabytes: the server starts, and is soon at its end. */
const BLOCKS = 4000;
const NOTES = 'n'.repeat(3900);

afterEach(cleanUp);

/** Adds until the disk is full: the ids that were acknowledged, and the first refusal. */
async function fill(server: RunningServer) {
  const added: number[] = [];
  while (added.length < 2000) {
    const group = await Promise.all(Array.from({ length: 10 }, () => add(server)));
    added.push(...idsOf(group));
    const refused = group.find(({ status }) => status !== 201);
    if (refused !== undefined) return { added, refused };
  }
  throw new Error('the disk never filled up');
}

const add = (server: RunningServer) => server.send('POST', '/api/tasks', { body: { description: NOTES } });
const idsOf = (replies: readonly Reply[]) =>
  replies.flatMap(({ status, json }) => (status === 201 ? (json as { task_id: number }).task_id : []));

it('a disk that is full refuses writes with 503, loses nothing that was acknowledged, and recovers', async () => {
  const folder = newFolder();
  const server = await startServer({ folder, fileBlocks: BLOCKS });
  const { added, refused } = await fill(server);
  expect([refused.status, refused.error]).toEqual([503, 'unavailable']);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(refused.text).not.toMatch(/SQLITE|tasks\.db/);

  const again = await add(server);
  expect([201, 503]).toContain(again.status);
  added.push(...idsOf([again]));
  expect((await server.send('GET', '/health')).status).toBe(200);
  expect((await server.api.stats()).total).toBe(added.length);
  await server.stop();

  const after = await startServer({ folder });
  expect((await after.api.stats()).total).toBe(added.length);
  for (const id of [added[0] ?? 0, added.at(-1) ?? 0])
    expect((await after.api.get(id)).description).toBe(NOTES);
  expect((await after.api.add()).id).toBeGreaterThan(added.length);
  await after.stop();
  const database = new Database(path.join(folder, 'tasks.db'), { readonly: true });
  expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
  database.close();
});
