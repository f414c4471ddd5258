/**
 * One worker for a workspace. The lock is a socket that its holder listens on: the system closes it with the process,
 * whatever killed that, and no number that is given out again can be taken for its owner. A note beside it says who
 * that is.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { ClientError } from '../errors.ts';
import { readIfThere, updateFile, type Sleep } from '../files.ts';
import { createOwners } from '../owner.ts';

export interface WorkspaceLock {
  release(): Promise<void>;
}

export interface LockDeps {
  /** Of the note; its folder exists. */
  readonly file: string;
  readonly hostname: string;
  readonly sleep: Sleep;
}

interface Holder {
  readonly pid: number;
  /** Number, start and machine, where there is no socket. */
  readonly owner: string;
  /** Name of the socket beside the note; null where this disk has none. */
  readonly socket: string | null;
}

/** A `ClientError` that names the process where another one has it. */
export async function lockWorkspace(deps: LockDeps): Promise<WorkspaceLock> {
  for (;;) {
    const seen = readIfThere(deps.file);
    const holder = parse(seen);
    if (holder !== undefined && (await isAlive(holder, deps))) throw inUse(holder, deps.file);
    const lock = await takeOver(seen, deps);
    if (lock !== undefined) {
      if (holder?.socket != null) fs.rmSync(beside(deps.file, holder.socket), { force: true });
      return lock;
    }
  }
}

/** Undefined: somebody else was faster. */
async function takeOver(seen: string | undefined, deps: LockDeps): Promise<WorkspaceLock | undefined> {
  const { file, hostname, sleep } = deps;
  const server = await listen(file);
  const owner = createOwners(hostname).self;
  const mine = `${JSON.stringify({ pid: process.pid, owner, socket: server?.name ?? null })}\n`;
  await updateFile(file, (text) => (text === seen ? mine : undefined), sleep);
  const release = async () => {
    // Where the note cannot be changed, on a full disk, say, the socket tells that nobody works here any more.
    await updateFile(file, (text) => (text === mine ? '' : undefined), sleep).catch(() => {});
    await server?.close();
  };
  if (readIfThere(file) === mine) return { release };
  await server?.close();
  return undefined;
}

interface Listening {
  readonly name: string;
  close(): Promise<void>;
}

/** Undefined where the path is too long for a socket, or the disk knows none. */
async function listen(file: string): Promise<Listening | undefined> {
  const name = `lock-${randomBytes(4).toString('hex')}`;
  const server = net.createServer((connection) => connection.destroy());
  try {
    server.listen(beside(file, name));
    await once(server, 'listening');
  } catch {
    return undefined;
  }
  server.unref();
  return {
    name,
    close: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function isAlive({ socket, owner }: Holder, { file, hostname }: LockDeps): Promise<boolean> {
  if (socket === null) return createOwners(hostname).isAlive(owner);
  const connection = net.connect(beside(file, socket));
  try {
    await once(connection, 'connect');
    return true;
  } catch {
    // Nobody listens, or it is not there any more.
    return false;
  } finally {
    connection.destroy();
  }
}

function beside(file: string, name: string): string {
  return path.join(path.dirname(file), path.basename(name));
}

function parse(text: string | undefined): Holder | undefined {
  try {
    const { pid, owner, socket } = JSON.parse(text ?? '') as Partial<Holder>;
    if (typeof pid !== 'number' || typeof owner !== 'string') return undefined;
    return { pid, owner, socket: typeof socket === 'string' ? socket : null };
  } catch {
    return undefined;
  }
}

function inUse({ pid }: Holder, file: string): ClientError {
  const hint = 'Stop that one first, or give this one a workspace of its own.';
  return new ClientError(
    'bad_config',
    `The workspace ${path.dirname(file)} is in use: process ${pid} works in it.`,
    { hint },
  );
}
