/** The servers that some peers need, made for one run in its own folder and reached over a socket file only. */
import { execFile, execFileSync } from 'node:child_process';
import { accessSync, chmodSync, chownSync, constants, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Processes } from './processes.ts';

const START_MS = 20_000;
const POSTGRES_FOLDERS = '/usr/lib/postgresql';

/** Each resolves to its address, or null where the program is not on this machine. */
export async function startRedis(processes: Processes): Promise<string | null> {
  const program = findProgram('redis-server');
  if (program === null) return null;
  const folder = join(processes.folder, 'redis');
  const socket = join(folder, 'redis.sock');
  mkdirSync(folder);
  const settings = {
    port: '0',
    unixsocket: socket,
    dir: folder,
    save: '',
    appendonly: 'yes',
    appendfsync: 'everysec',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  processes.program({ command: program, args });
  await listening(socket);
  return socket;
}

/** With its own settings: each commit is on the disk before it is acknowledged. */
export async function startPostgres(processes: Processes): Promise<string | null> {
  const program = findProgram('postgres', postgresFolders());
  const initdb = findProgram('initdb', postgresFolders());
  if (program === null || initdb === null) return null;
  const folder = join(processes.folder, 'postgres');
  mkdirSync(folder);
  const user = unprivilegedUser();
  if (user !== null) {
    // PostgreSQL refuses to run as root.
    chmodSync(processes.folder, 0o711);
    chownSync(folder, user.uid, user.gid);
  }
  const data = join(folder, 'data');
  const options = { cwd: folder, ...user };
  await promisify(execFile)(initdb, ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8'], options);
  const args = ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'logging_collector=off'];
  processes.program({ command: program, args, ...options });
  await listening(join(folder, '.s.PGSQL.5432'));
  return `postgresql://bench@/postgres?host=${encodeURIComponent(folder)}`;
}

function postgresFolders(): string[] {
  if (!existsSync(POSTGRES_FOLDERS)) return [];
  return readdirSync(POSTGRES_FOLDERS).map((version) => join(POSTGRES_FOLDERS, version, 'bin'));
}

function findProgram(name: string, more: readonly string[] = []): string | null {
  const folders = [...more, ...(process.env.PATH ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, name)).find(isProgram) ?? null;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function unprivilegedUser(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

async function listening(socket: string): Promise<void> {
  const deadline = performance.now() + START_MS;
  for (;;) {
    if (await answers(socket)) return;
    if (performance.now() > deadline) throw new Error(`Nothing listens on ${socket}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socket);
    const done = (is: boolean) => {
      probe.destroy();
      resolve(is);
    };
    probe.once('connect', () => {
      done(true);
    });
    probe.once('error', () => {
      done(false);
    });
  });
}
