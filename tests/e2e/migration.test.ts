/** The built server is killed while it updates a released database, and finds its disk too small for it. */
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../support/http-until.ts';
import { randomOf } from '../support/http-load.ts';
import { cleanUp, newFolder, spawnServer, startServer } from '../support/http-process.ts';
import { damagesOf, makeReleased, RELEASES, schemaOf } from '../support/releases.ts';

const KILLS = 6;
const seed = Date.now() % 1_000_000_000;

/** Large enough for an update to take a while: some thousand finished tasks with a lease each. */
const GROWN = `
  INSERT INTO tasks (description, status, priority, rank, lane, ready, attempt, max_attempts, created_at, updated_at, completed_at, created_by)
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000)
  SELECT hex(randomblob(1000)), 'completed', 'low', 300, 'any', 1, 1, 3, i, i, i, 'operator' FROM n;
  INSERT INTO leases SELECT hex(randomblob(16)), id, 'mac', 1, 1000, id, id, 'system', 'completed' FROM tasks WHERE created_by = 'operator' AND priority = 'low' AND id > 100;
  INSERT INTO task_logs (task_id, action, actor, details, timestamp) SELECT id, 'created', 'operator', '{}', id FROM tasks;`;

afterEach(cleanUp);

describe.each(RELEASES)(`an update of a database of $version (seed ${seed})`, (release) => {
  let original: string;
  beforeEach(() => {
    original = path.join(newFolder(), 'tasks.db');
    makeReleased(original, release);
    const client = new Database(original);
    client.exec(GROWN);
    client.close();
  });

  function aCopy(): { folder: string; file: string } {
    const folder = newFolder();
    const file = path.join(folder, 'tasks.db');
    fs.copyFileSync(original, file);
    return { folder, file };
  }

  it('that is killed anywhere leaves the old database or the new one, and the next start ends it', async () => {
    const random = randomOf(seed);
    const whole = aCopy();
    const server = spawnServer({ folder: whole.folder });
    await begun(whole.file);
    const begunMs = performance.now();
    await server.line('listening');
    const tookMs = performance.now() - begunMs;
    server.signal('SIGTERM');
    await server.exited;
    const [old, updated] = [schemaOf(original), schemaOf(whole.file)];
    expect(updated).not.toEqual(old);

    for (let kill = 0; kill < KILLS; kill += 1) {
      const { folder, file } = aCopy();
      const victim = spawnServer({ folder });
      await begun(file);
      await passed(tookMs * random());
      await victim.kill();
      expect(lost(original, file)).toEqual([]);
      expect(damagesOf(file)).toEqual([]);
      expect([old, updated]).toContainEqual(schemaOf(file));
      for (const name of copiesIn(folder)) {
        expect(lost(original, path.join(folder, name))).toEqual([]);
        expect(schemaOf(path.join(folder, name))).toEqual(old);
      }
      const next = await startServer({ folder });
      expect((await next.api.stats()).total).toBe(countTasks(original));
      expect((await next.stop()).code).toBe(0);
      expect(lost(original, file)).toEqual([]);
      expect(schemaOf(file)).toEqual(updated);
      expect(fs.readdirSync(folder).filter((name) => name.includes('.part'))).toEqual([]);
    }
  });

  it('for which the disk is too small is refused in one sentence, leaves nothing behind, and works later', async () => {
    const { folder, file } = aCopy();
    const server = spawnServer({ folder, fileBlocks: 8000 });
    expect((await server.exited).code).toBe(1);
    expect(server.stderr()).toMatch(/disk/);
    expect(fs.readdirSync(folder).filter((name) => name.includes('.schema'))).toEqual([]);
    expect(lost(original, file)).toEqual([]);
    expect(schemaOf(file)).toEqual(schemaOf(original));
    const next = await startServer({ folder });
    expect((await next.api.stats()).total).toBe(countTasks(original));
    await next.stop();
  });
});

/** The server has loaded and looks at the file. */
const begun = (file: string) => until(() => fs.existsSync(`${file}-lock`), 'the lock');

/** The moment of a kill is the one thing that only real time can bring. */
const passed = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const copiesIn = (folder: string) => fs.readdirSync(folder).filter((name) => /\.schema-\d+$/.test(name));

function countTasks(file: string): number {
  const client = new Database(file, { readonly: true });
  const count = client.prepare<[], number>('SELECT count(*) FROM tasks').pluck().get()!;
  client.close();
  return count;
}

/** The tables of which a row or a cell is not the same any more. The sweeper may move leases that ran out. */
function lost(original: string, file: string): string[] {
  const client = new Database(original, { readonly: true });
  client.prepare('ATTACH ? AS now').run(file);
  const tables = client
    .prepare<[], string>("SELECT name FROM main.sqlite_schema WHERE type = 'table'")
    .pluck();
  const changed = tables.all().filter((table) => {
    const columns = client
      .prepare<[string], string>('SELECT name FROM pragma_table_info(?)')
      .pluck()
      .all(table);
    const same = columns.filter((name) => name !== 'lease_expires_at').map((name) => `"${name}"`);
    const rows = `SELECT ${same.join(', ')} FROM`;
    return client.prepare(`${rows} main."${table}" EXCEPT ${rows} now."${table}" LIMIT 1`).all().length > 0;
  });
  client.close();
  return changed;
}
