/** Backup and restore as an owner does them: the built program, beside a server that is used meanwhile. */
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, expect, it } from 'vitest';
import { cleanUp, newFolder, spawnServer, startServer, type RunningServer } from '../support/http-process.ts';
import { runCommand, startCommand } from '../support/server-command.ts';

afterEach(cleanUp);

/** In groups that a server takes at once. */
async function fill(server: RunningServer, tasks: number): Promise<void> {
  for (let n = 0; n < tasks; n += 50)
    await Promise.all(Array.from({ length: 50 }, () => server.api.add('n'.repeat(3900))));
}

/** Adds, claims and completes until it is told to stop.  */
function beginLoad(server: RunningServer, connections = 4) {
  const state = { stopped: false, added: [] as number[] };
  const work = async (instance: string) => {
    while (!state.stopped) {
      state.added.push((await server.api.add('x'.repeat(2000))).id);
      const claim = await server.api.claimNext(instance);
      if (claim.task !== null && 'lease' in claim) {
        const body = { lease_id: claim.lease.lease_id };
        await server.send('POST', `/api/tasks/${claim.task.id}/complete`, { body });
      }
    }
  };
  const all = Promise.all(Array.from({ length: connections }, (_, n) => work(`m${n}`)));
  return {
    acknowledged: () => [...state.added],
    async stop() {
      state.stopped = true;
      await all;
    },
  };
}

function rowsOf(file: string, sql: string): unknown[] {
  const client = new Database(file, { readonly: true });
  const rows = client.prepare(sql).all();
  client.close();
  return rows;
}

const TABLES = [
  'tasks',
  'task_logs',
  'leases',
  'instances',
  'task_counts',
  'queue_state',
  'idempotency_keys',
];

it('a backup made under load holds all that was acknowledged before, and comes back elsewhere as it was', async () => {
  const server = await startServer({ folder: newFolder() });
  const load = beginLoad(server);
  while (load.acknowledged().length < 200) await server.api.stats();
  const before = load.acknowledged();
  const [home, shelf] = [newFolder(), newFolder()];
  const file = path.join(shelf, 'copy.db');
  const made = await runCommand({ folder: path.dirname(serverDatabase(server)) }, 'backup', file);
  await load.stop();
  expect([made.code, made.stderr]).toEqual([0, '']);
  expect(made.stdout).toMatch(/^Backup written and verified: .*copy\.db \(.*tasks, .*events\) in .* s\n$/);
  expect(fs.readdirSync(shelf).sort()).toEqual(['copy.db', 'copy.db.sha256']);

  const restored = await runCommand({ folder: home }, 'restore', '--yes', file);
  expect([restored.code, restored.stderr]).toEqual([0, '']);
  const database = path.join(home, 'tasks.db');
  for (const table of TABLES) {
    const sql = `SELECT * FROM ${table} ORDER BY 1`;
    expect(rowsOf(database, sql), table).toEqual(rowsOf(file, sql));
  }
  const ids = (rowsOf(database, 'SELECT id FROM tasks') as { id: number }[]).map(({ id }) => id);
  for (const id of before) expect(ids).toContain(id);

  const second = await startServer({ folder: home });
  expect((await second.api.stats()).total).toBe(ids.length);
  const counts = rowsOf(file, 'SELECT status, count(*) AS n FROM tasks GROUP BY status ORDER BY status');
  const { completed, in_progress } = await second.api.stats();
  expect(counts).toContainEqual({ status: 'completed', n: completed });
  expect(in_progress).toBeLessThanOrEqual(4);
  expect((await second.api.add()).id).toBe(Math.max(...ids) + 1);
});

function serverDatabase(server: RunningServer): string {
  return fs.readlinkSync(`/proc/${server.pid}/cwd`) + '/tasks.db';
}

it('a restore is refused while the server runs, with the next step, and works once it is stopped', async () => {
  const folder = newFolder();
  const server = await startServer({ folder });
  await server.api.add('before');
  const file = path.join(newFolder(), 'copy.db');
  expect((await runCommand({ folder }, 'backup', file)).code).toBe(0);
  await server.api.add('after');
  const refused = await runCommand({ folder }, 'restore', '--yes', file);
  expect([refused.code, refused.stdout]).toEqual([1, '']);
  expect(refused.stderr).toMatch(/Another Athena server uses the database .* Stop it first/);
  expect((await server.api.stats()).total).toBe(2);
  await server.stop();

  const unasked = await runCommand({ folder }, 'restore', file);
  expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('--yes')]);
  const done = await runCommand({ folder }, 'restore', '--yes', file);
  expect(done.code).toBe(0);
  const keptAs = /kept as (.*)\n/.exec(done.stdout)?.[1] ?? '';
  expect(done.stdout).toContain(`athena restore ${keptAs}`);
  const again = await startServer({ folder });
  expect((await again.api.stats()).total).toBe(1);
  // Number 2 was given before the restore, and is not given again.
  expect((await again.api.add()).id).toBe(3);
  await again.stop();

  const back = await runCommand({ folder }, 'restore', '--yes', keptAs);
  expect(back.code).toBe(0);
  expect(back.stderr).toContain('no');
  expect(rowsOf(path.join(folder, 'tasks.db'), 'SELECT description FROM tasks')).toHaveLength(2);
});

it('a disk that fills up ends the backup with a clear sentence, and nothing is left of it', async () => {
  const folder = newFolder();
  const server = await startServer({ folder });
  await fill(server, 300);
  const shelf = newFolder();
  const file = path.join(shelf, 'copy.db');
  const run = await runCommand({ folder, fileBlocks: 1000 }, 'backup', file);
  expect([run.code, run.stdout]).toEqual([1, '']);
  expect(run.stderr).toMatch(/The disk is full or fails: .*copy\.db was not written/);
  expect(run.stderr).not.toMatch(/\n +at /);
  expect(fs.readdirSync(shelf)).toEqual([]);
  await server.stop();

  const whole = await runCommand({ folder }, 'backup', file);
  expect(whole.code).toBe(0);
  const before = fs.readFileSync(path.join(folder, 'tasks.db'));
  const restore = await runCommand({ folder, fileBlocks: 1000 }, 'restore', '--yes', file);
  expect(restore.code).toBe(1);
  expect(restore.stderr).toContain('The disk is full or fails');
  expect(fs.readFileSync(path.join(folder, 'tasks.db')).equals(before)).toBe(true);
  expect(fs.readdirSync(folder).sort()).toEqual(['tasks.db', 'tasks.db-lock']);
});

it.each(['SIGINT', 'SIGKILL'] as const)(
  'a backup ended by %s at any time leaves a whole file or none',
  async (signal) => {
    const folder = newFolder();
    const server = await startServer({ folder });
    await fill(server, 500);
    const shelf = newFolder();
    const outcomes = new Set<number | null>();
    for (let n = 0; n < 4; n += 1) {
      const file = path.join(shelf, `copy-${n}.db`);
      const command = startCommand({ folder }, 'backup', file);
      // Each a little later than the one before, by what can be seen of it.
      const isThere = [() => true, () => fs.existsSync(`${file}.part`), () => sizeOf(`${file}.part`) > 1e6];
      const wait = isThere[Math.min(n, 2)]!;
      const over = { is: false };
      void command.ended.then(() => (over.is = true));
      while (!wait() && !over.is) await new Promise((resolve) => setImmediate(resolve));
      command.kill(signal);
      const { code } = await command.ended;
      outcomes.add(code);
      if (fs.existsSync(file)) expect(rowsOf(file, 'PRAGMA integrity_check')).toHaveLength(1);
      else if (code === 130) expect(fs.existsSync(`${file}.part`)).toBe(false);
      // What a kill has left does not stand in the way.
      if (!fs.existsSync(file)) expect((await runCommand({ folder }, 'backup', file)).code).toBe(0);
    }
    if (signal === 'SIGINT') expect(outcomes).toContain(130);
    expect(fs.readdirSync(shelf).filter((name) => name.includes('.part'))).toEqual([]);
    expect((await server.api.stats()).total).toBe(500);
  },
);

const sizeOf = (file: string) => fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;

it('a server with BACKUP_DIR makes backups, keeps the newest, says so in /health, and stops at once', async () => {
  const folder = newFolder();
  const shelf = path.join(newFolder(), 'backups');
  const env = { BACKUP_DIR: shelf, BACKUP_KEEP: '2', BACKUP_EVERY_HOURS: '0.001' };
  const server = await startServer({ folder, env });
  await server.api.add();
  const made = () => server.lines.filter(({ msg }) => msg === 'backup made').length;
  while (made() < 4) await server.line('backup made').then(() => server.api.stats());
  const backups = fs.readdirSync(shelf).filter((name) => name.endsWith('.db'));
  expect(backups.length).toBeLessThanOrEqual(2);
  const health = (await (await fetch(`${server.url}/health`)).json()) as { backup: unknown };
  expect(health.backup).toEqual({ last_at: expect.any(String) as string, ok: true });
  expect(await server.stop()).toEqual({ code: 0, signal: null });
  for (const name of fs.readdirSync(shelf)) expect(name).toMatch(/\.db(\.sha256)?$/);
});

it('a folder for backups that cannot be used is a warning, and the server goes on', async () => {
  const folder = newFolder();
  const shelf = path.join(newFolder(), 'a file');
  fs.writeFileSync(shelf, '');
  const server = await startServer({ folder, env: { BACKUP_DIR: shelf, BACKUP_EVERY_HOURS: '0.001' } });
  const line = await server.line('the scheduled backup failed');
  expect(line).toMatchObject({ level: 'warn', next: expect.stringContaining('BACKUP_DIR') as string });
  expect((await server.api.add()).id).toBe(1);
  const health = (await (await fetch(`${server.url}/health`)).json()) as { status: string; backup: unknown };
  expect(health).toMatchObject({ status: 'healthy', backup: { last_at: null, ok: false } });
});

it('arguments that make no sense are told on standard error, exit code 2; without any it is the server', async () => {
  const folder = newFolder();
  for (const argv of [['nonsense'], ['backup'], ['backup', 'a', 'b'], ['serve', 'x'], ['--wrong']]) {
    const run = await runCommand({ folder }, ...argv);
    expect([run.code, run.stdout], argv.join(' ')).toEqual([2, '']);
    expect(run.stderr).toMatch(/^error: .*\n.*--help/);
  }
  const help = await runCommand({ folder }, '--help');
  expect([help.code, help.stderr]).toEqual([0, '']);
  expect(help.stdout).toMatch(/backup[\s\S]*restore/);
  expect((await runCommand({ folder }, '--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  const wrong = await runCommand({ folder, env: { API_PORT: 'seventy' } }, 'backup', 'x.db');
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('API_PORT')]);
  expect(fs.readdirSync(folder)).toEqual([]);
  const server = spawnServer({ folder });
  expect(await server.line('listening')).toMatchObject({ level: 'info' });
});
