/** The built server as a process of its own, on a folder and a port of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createApi, KEY, toReply, toRequest, type Send } from './http-world.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export type ServerLine = Readonly<Record<string, unknown>>;

export interface ServerOptions {
  /** Where the database lies; see `newFolder`. */
  readonly folder: string;
  /** More variables, or others than usual; `null` leaves one out. */
  readonly env?: Readonly<Record<string, string | null>>;
  /** Largest file that the process may write, in blocks of 512 bytes: a disk that is soon full. */
  readonly fileBlocks?: number;
  /** Another build's `dist/main.js`. */
  readonly main?: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const folders: string[] = [];
const running = new Set<SpawnedServer>();

export function newFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-e2e-'));
  folders.push(folder);
  return folder;
}

/** Ends what a test started, and removes its folders. */
export async function cleanUp(): Promise<void> {
  await Promise.all([...running].map((server) => server.kill()));
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
}

export type SpawnedServer = ReturnType<typeof spawnServer>;

/** Does not wait for it to answer, so that a start that fails can be watched. */
export function spawnServer({ folder, env = {}, fileBlocks, main = MAIN }: ServerOptions) {
  const all: Record<string, string | null> = {
    PATH: '/usr/bin:/bin',
    API_KEY: KEY,
    API_HOST: '127.0.0.1',
    API_PORT: '0',
    DB_PATH: path.join(folder, 'tasks.db'),
    ...env,
  };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
  const limit = fileBlocks === undefined ? '' : `ulimit -f ${fileBlocks}; `;
  const [command = '', ...args] =
    limit === ''
      ? [process.execPath, main]
      : ['/bin/sh', '-c', `${limit}exec "$0" "$1"`, process.execPath, main];
  const child = spawn(command, args, { cwd: folder, env: given as NodeJS.ProcessEnv });

  const lines: ServerLine[] = [];
  let stderr = '';
  let look = () => {};
  readline.createInterface(child.stdout).on('line', (text) => {
    const line = readLine(text);
    if (line !== null) lines.push(line);
    look();
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const exited = once(child, 'close').then(([code, signal]): Exit => {
    running.delete(server);
    look();
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });

  const server = {
    lines,
    exited,
    stderr: () => stderr,
    pid: child.pid ?? 0,
    /** The first line with this message, when it comes. Rejects when the process ends without it. */
    line: (message: string): Promise<ServerLine> =>
      new Promise((resolve, reject) => {
        look = () => {
          const found = lines.find((line) => line['msg'] === message);
          if (found !== undefined) resolve(found);
          else if (child.exitCode !== null || child.signalCode !== null)
            reject(new Error(`no "${message}" before the end: ${stderr}${JSON.stringify(lines)}`));
        };
        look();
      }),
    signal: (signal: NodeJS.Signals) => void child.kill(signal),
    /** As a power cut does it. */
    async kill(): Promise<void> {
      child.kill('SIGKILL');
      await exited;
    },
  };
  running.add(server);
  return server;
}

/** Null for the half of a line that a kill left. */
function readLine(text: string): ServerLine | null {
  try {
    return JSON.parse(text) as ServerLine;
  } catch {
    if (text.endsWith('}')) throw new Error(`The server logged what is no JSON: ${text}`);
    return null;
  }
}

/** A server that answers. */
export async function startServer(options: ServerOptions) {
  const server = spawnServer(options);
  const { port } = await server.line('listening');
  const url = `http://127.0.0.1:${String(port)}`;
  const send: Send = async (method, target, sent = {}) => {
    const { body, headers } = toRequest(sent);
    return toReply(await fetch(`${url}${target}`, { method, headers, ...(body !== undefined && { body }) }));
  };
  return {
    ...server,
    url,
    port: Number(port),
    send,
    api: createApi(send),
    async stop(): Promise<Exit> {
      server.signal('SIGTERM');
      return server.exited;
    },
  };
}

export type RunningServer = Awaited<ReturnType<typeof startServer>>;
