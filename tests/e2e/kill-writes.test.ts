import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { createWorker, newLedger, randomOf, type Ledger } from '../support/http-load.ts';
import { cleanUp, newFolder, startServer, type RunningServer } from '../support/http-process.ts';

const WORKERS = 16;
const KILLS = 5;
/** Answers between a start and its kill, at least and at most. */
const FEWEST = 20;
const MOST = 600;

afterEach(cleanUp);

const seed = Date.now() % 1_000_000_000;

describe(`kill -9 in the middle of writes (seed ${seed})`, () => {
  it('loses nothing that was acknowledged, and doubles nothing that is sent again', async () => {
    const random = randomOf(seed);
    const folder = newFolder();
    const ledger = newLedger();
    const workers = Array.from({ length: WORKERS }, (_, n) => createWorker(`w${n}`, { ledger, random }));

    for (let kill = 0; kill < KILLS; kill += 1) {
      const server = await startServer({ folder });
      await Promise.all(workers.map((worker) => worker.retry(server.send)));
      await check(server, ledger);
      let left = FEWEST + Math.floor(random() * (MOST - FEWEST));
      const counted: typeof server.send = async (...request) => {
        const reply = await server.send(...request);
        if ((left -= 1) === 0) server.signal('SIGKILL');
        return reply;
      };
      await Promise.all(workers.map((worker) => worker.work(counted)));
      expect((await server.exited).signal).toBe('SIGKILL');
      expect(ledger.unanswered.length).toBeGreaterThan(0);
    }

    const server = await startServer({ folder });
    await Promise.all(workers.map((worker) => worker.retry(server.send)));
    await check(server, ledger);
    expect(ledger.unanswered).toEqual([]);
    expect((await server.stop()).code).toBe(0);
    checkFile(path.join(folder, 'tasks.db'));
  });
});

/** Everything that was acknowledged, held against what the server says now. */
async function check(server: RunningServer, ledger: Ledger): Promise<void> {
  const tasks = await allTasks(server);
  const byDescription = new Map(tasks.map((task) => [task.description, task]));
  expect(byDescription.size, 'a description twice').toBe(tasks.length);
  expect(ledger.odd).toEqual([]);
  for (const [description, id] of ledger.added) expect(byDescription.get(description)?.id).toBe(id);
  const byId = new Map(tasks.map((task) => [task.id, task]));
  for (const id of ledger.completed) expect(byId.get(id)?.status).toBe('completed');
  for (const [id, leases] of ledger.claimed) {
    expect(leases, `task ${id} claimed twice`).toHaveLength(1);
    expect(['in_progress', 'completed']).toContain(byId.get(id)?.status);
  }
  const stats = await server.api.stats();
  const count = (status: string) => tasks.filter((task) => task.status === status).length;
  expect(stats).toMatchObject({
    pending: count('pending'),
    in_progress: count('in_progress'),
    completed: count('completed'),
    total: tasks.length,
  });
}

async function allTasks(server: RunningServer) {
  const tasks = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page = await server.api.list(`?status=all&limit=200&cursor=${cursor}`);
    tasks.push(...page.tasks);
    cursor = page.next_cursor;
  }
  return tasks;
}

/** What only the file shows: whole, one event per change, one live lease per task at most. */
function checkFile(file: string): void {
  const database = new Database(file, { readonly: true });
  const rows = (query: string) => database.prepare(query).raw().all();
  expect(rows('PRAGMA integrity_check')).toEqual([['ok']]);
  expect(rows('PRAGMA foreign_key_check')).toEqual([]);
  const twice = (action: string) =>
    rows(`SELECT task_id FROM task_logs WHERE action = '${action}' GROUP BY task_id HAVING count(*) > 1`);
  for (const action of ['created', 'claimed', 'completed']) expect(twice(action), action).toEqual([]);
  const live = 'SELECT task_id FROM leases WHERE ended_at IS NULL GROUP BY task_id HAVING count(*) > 1';
  expect(rows(live)).toEqual([]);
  const unlogged = `SELECT id FROM tasks WHERE
    (SELECT count(*) FROM task_logs WHERE task_id = tasks.id) !=
    CASE status WHEN 'pending' THEN 1 WHEN 'in_progress' THEN 2 ELSE 3 END`;
  expect(rows(unlogged)).toEqual([]);
  database.close();
}
