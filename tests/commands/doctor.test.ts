/** The doctor: what it says of settings, files and the database, and that it changes none of them. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { examineClock } from '../../src/commands/checks/server.ts';
import { runCommand } from '../../src/commands/program.ts';
import type { Finding } from '../../src/core/finding.ts';
import { createSqliteStore } from '../../src/store/sqlite-store.ts';
import { manualClock } from '../support/clock.ts';
import { recordingLogger } from '../support/logger.ts';

const KEY = 'planted-key-that-nobody-may-see';

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'athena-doctor-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

async function openStore(folder: string) {
  const options = { path: join(folder, 'tasks.db'), clock: manualClock(), logger: recordingLogger() };
  return createSqliteStore({ ...options, lockWaitMs: 0 });
}

/** A folder as a stopped server leaves it. */
async function aPlace(): Promise<string> {
  const folder = aFolder();
  await (await openStore(folder)).close();
  chmodSync(join(folder, 'tasks.db'), 0o600);
  writeFileSync(join(folder, 'api-key'), `${KEY}\n`, { mode: 0o600 });
  return folder;
}

async function examine(folder: string, environment: Record<string, string> = {}, ...flags: string[]) {
  let [stdout, stderr] = ['', ''];
  const terminal = {
    out: (text: string) => void (stdout += text),
    err: (text: string) => void (stderr += text),
    isWatched: false,
    canAsk: false,
    hasColours: false,
    ask: () => Promise.resolve(''),
    onInterrupt: () => () => undefined,
    environment: { DB_PATH: join(folder, 'tasks.db'), API_HOST: '127.0.0.1', API_PORT: '0', ...environment },
    folder,
    clock: manualClock(),
  };
  const code = await runCommand(['doctor', ...flags], { terminal, version: '1.2.3' });
  return { code, stdout, stderr };
}

async function findings(folder: string, environment: Record<string, string> = {}) {
  const { code, stdout } = await examine(folder, environment, '--json');
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: (Finding & { chapter: string })[] };
  const about = (name: string) => checks.find((check) => check.about === name);
  return { code, ok, about, bad: checks.filter(({ state }) => state !== 'ok').map((check) => check.about) };
}

const everything = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'base64')]));

it('of a sound place says that all is well, changes nothing and shows no secret', async () => {
  const folder = await aPlace();
  const before = everything(folder);
  const { code, stdout, stderr } = await examine(folder, { API_KEY: KEY });
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^Settings\n {2}✓ variables/);
  for (const chapter of ['Files', 'Database', 'Server', 'Discord'])
    expect(stdout).toContain(`\n${chapter}\n`);
  expect(stdout).toMatch(/All is well\.|0 problems, \d+ warning/);
  expect(stdout).not.toContain(KEY);
  expect(everything(folder)).toEqual(before);
});

it('works beside a running server, and knows that it runs', async () => {
  const folder = await aPlace();
  const store = await openStore(folder);
  const { code, about } = await findings(folder);
  expect(code).toBe(0);
  expect(about('in use')?.says).toContain('by a running server');
  await store.ping();
  await store.close();
});

it('names every wrong setting and goes on, without showing a value', async () => {
  const folder = await aPlace();
  const wrong = { API_PORT: 'seventy', TZ: 'Mars' };
  const { code, about, bad } = await findings(folder, wrong);
  expect(code).toBe(1);
  expect(bad).toEqual(expect.arrayContaining(['API_PORT', 'TZ']));
  expect(about('integrity')).toMatchObject({ state: 'ok' });
  expect((await examine(folder, wrong)).stdout).not.toMatch(/seventy|Mars/);
});

it('names what the server takes and its owner may not have meant', async () => {
  const { about } = await findings(await aPlace(), { API_KEY: 'short-one' });
  expect(about('API_KEY')).toMatchObject({ state: 'warning' });
  expect(JSON.stringify(about('API_KEY'))).not.toContain('short-one');
  const discord = { DISCORD_TOKEN: 'fake', DISCORD_API_URL: 'http://127.0.0.1:9/api', SUBMIT_ROLES: 'crew' };
  const alone = await findings(await aPlace(), discord);
  expect(alone.about('SUBMIT_ROLES')).toMatchObject({ state: 'warning' });
  const both = await findings(await aPlace(), { ...discord, MANAGE_ROLES: 'crew' });
  expect(both.about('SUBMIT_ROLES')).toBeUndefined();
});

it('names what is set and does nothing, and what looks like a slip', async () => {
  const { code, bad } = await findings(await aPlace(), {
    BACKUP_KEEP: '3',
    BACKUP_EVERY_HOURS: '24',
    ALLOWED_ROLES: 'crew',
    API_PROT: '5052',
    DISCORD_TOKENS: 'x',
    HOME: '/root',
  });
  expect(bad.sort()).toEqual(['ALLOWED_ROLES', 'API_PROT', 'BACKUP_KEEP', 'DISCORD_TOKENS']);
  expect(code).toBe(0);
});

it('notices settings in a file that nobody has loaded', async () => {
  const folder = await aPlace();
  writeFileSync(join(folder, '.env'), 'BACKUP_DIR=/mnt/backup\n', { mode: 0o600 });
  expect((await findings(folder)).about('.env')).toMatchObject({
    state: 'warning',
    todo: expect.stringContaining('set -a; . ./.env') as string,
  });
});

it('names files that others can read', async () => {
  const folder = await aPlace();
  writeFileSync(join(folder, '.env'), 'BACKUP_DIR=/mnt/backup\n');
  for (const file of ['.env', 'api-key', 'tasks.db']) chmodSync(join(folder, file), 0o644);
  const { code, about } = await findings(folder, { BACKUP_DIR: join(folder, 'backups') });
  expect(code).toBe(1);
  expect(about('API key')).toMatchObject({ state: 'problem', todo: `chmod 600 ${join(folder, 'api-key')}` });
  expect(about('.env')).toMatchObject({ state: 'problem' });
  expect(about('database file')).toMatchObject({
    state: 'problem',
    todo: `chmod 600 ${join(folder, 'tasks.db')}*`,
  });
});

it.each<[string, string, (file: string) => void]>([
  [
    'a text in the place of the database',
    'database',
    (file) => {
      writeFileSync(file, 'Dear diary, '.repeat(1000));
    },
  ],
  [
    'a folder in the place of the database',
    'database',
    (file) => {
      rmSync(file);
      mkdirSync(file);
    },
  ],
  [
    'a newer schema',
    'schema',
    (file) => {
      new Database(file)
        .exec("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 9999999999999)")
        .close();
    },
  ],
  [
    'counters that are wrong',
    'counters',
    (file) => {
      new Database(file).exec("UPDATE task_counts SET n = 7 WHERE status = 'failed'").close();
    },
  ],
  [
    'rows that belong to no task',
    'references',
    (file) => {
      const sql =
        "INSERT INTO task_logs (task_id, action, actor, details, timestamp) VALUES (9, 'x', 'x', '{}', 1)";
      new Database(file).exec(`PRAGMA foreign_keys = OFF; ${sql}`).close();
    },
  ],
])('%s is a problem with a next step', async (_what, name, harm) => {
  const folder = await aPlace();
  harm(join(folder, 'tasks.db'));
  const { code, ok, about } = await findings(folder);
  expect([code, ok]).toEqual([1, false]);
  expect(about(name)).toMatchObject({ state: 'problem', todo: expect.any(String) as string });
});

it('a port that another program has is a problem', async () => {
  const other = createServer((socket) => socket.end('what?\n'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void other.close());
  const { port } = other.address() as { port: number };
  const { about } = await findings(await aPlace(), { API_PORT: String(port) });
  expect(about('port')).toMatchObject({
    state: 'problem',
    todo: expect.stringContaining('API_PORT') as string,
  });
});

it('a clock is judged by the year, and by what another machine says', () => {
  const at = (time: string) => new Date(time);
  expect(examineClock(at('1970-01-02'), null).state).toBe('problem');
  expect(examineClock(at('2027-01-02'), null).state).toBe('ok');
  expect(examineClock(at('2027-01-02T00:00:30Z'), at('2027-01-02T00:00:00Z')).state).toBe('ok');
  expect(examineClock(at('2027-01-02T00:05:00Z'), at('2027-01-02T00:00:00Z')).state).toBe('warning');
});
