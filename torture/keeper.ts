/**
 * Keeps a server running on one port: whatever ends it, the next one is started at once. Whoever kills it says
 * so; an end that nobody asked for is a finding, and so is a line in its log that speaks of a bug.
 */
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ServerLine } from '../tests/support/http-process.ts';
import { spawnServer, type SpawnedServer } from '../tests/support/http-process.ts';
import type { Journal } from './journal.ts';
import { pause } from './pause.ts';

const CLOCK = pathToFileURL(path.join(import.meta.dirname, 'shifted-clock.mjs')).href;

export interface Use {
  readonly residentMb: number;
  readonly files: number;
}

export interface Keeper {
  readonly port: number;
  readonly pid: number;
  readonly isUp: boolean;
  /** Servers started so far, and how long each took until it listened. */
  readonly starts: readonly number[];
  start(): void;
  /** Resolves when a server listens; at once if one does. */
  up(): Promise<void>;
  /** Resolves when the process is gone. */
  kill(): Promise<void>;
  /** Asks it to stop, and resolves to how it ended. */
  ask(): Promise<number | null>;
  signal(signal: NodeJS.Signals): void;
  /** No further start; the one that runs is asked to stop. Resolves to its exit code. */
  close(): Promise<number | null>;
  setClock(offsetMs: number): void;
  /** An end or an error before this time is the doing of a fault. */
  excuse(why: string, forMs: number): void;
  /** Null when the system does not tell. */
  use(): Use | null;
}

export interface KeeperDeps {
  readonly folder: string;
  readonly port: number;
  readonly main: string | null;
  readonly env: Readonly<Record<string, string>>;
  readonly journal: Journal;
  readonly findings: string[];
}

const PAUSE_AFTER_FAILURE_MS = 300;

export function createKeeper({ folder, port, main, env, journal, findings }: KeeperDeps): Keeper {
  const clockFile = path.join(folder, 'clock');
  writeFileSync(clockFile, '0');
  const starts: number[] = [];
  const excuse = { until: 0, why: '' };
  let server: SpawnedServer | null = null;
  let isUp = false;
  let isWanted = true;
  let isAsked = false;
  let tellUp: (() => void)[] = [];
  let running = Promise.resolve();

  async function runOne(): Promise<void> {
    const began = performance.now();
    isAsked = false;
    server = spawnServer({
      folder,
      ...(main !== null && { main }),
      env: {
        API_PORT: String(port),
        NODE_OPTIONS: `--import ${CLOCK}`,
        TORTURE_CLOCK_FILE: clockFile,
        ...env,
      },
    });
    const { exited } = server;
    const listening = await server.line('listening').catch(() => null);
    if (listening !== null) {
      starts.push(performance.now() - began);
      isUp = true;
      for (const tell of tellUp.splice(0)) tell();
    }
    const { code, signal } = await exited;
    isUp = false;
    judge(server, { code, signal });
    if (isWanted && listening === null) await pause(PAUSE_AFTER_FAILURE_MS);
  }

  function judge(
    ended: SpawnedServer,
    { code, signal }: { code: number | null; signal: string | null },
  ): void {
    journal.note('server ended', { code, signal, asked: isAsked });
    const isExcused = journal.now() < excuse.until;
    if (!isAsked && !isExcused) {
      findings.push(`the server ended by itself (${code ?? signal ?? '?'}): ${ended.stderr().slice(0, 500)}`);
    }
    for (const line of ended.lines.filter(isAboutABug)) {
      journal.note('server error', { line });
      if (!(isExcused && line['msg'] === 'the server could not start'))
        findings.push(`log: ${tellLine(line)}`);
    }
  }

  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    const ending = server;
    if (ending === null) return null;
    isAsked = true;
    // A stopped process hears nothing but a kill.
    ending.signal('SIGCONT');
    ending.signal(signal);
    return (await ending.exited).code;
  };

  return {
    port,
    starts,
    get pid() {
      return server?.pid ?? 0;
    },
    get isUp() {
      return isUp;
    },
    start() {
      running = (async () => {
        while (isWanted) await runOne();
      })();
    },
    up: () => (isUp ? Promise.resolve() : new Promise((resolve) => tellUp.push(resolve))),
    async kill() {
      await end('SIGKILL');
    },
    ask: () => end('SIGTERM'),
    signal(signal) {
      server?.signal(signal);
    },
    async close() {
      isWanted = false;
      const code = await end('SIGTERM');
      await running;
      tellUp = [];
      return code;
    },
    setClock(offsetMs) {
      writeFileSync(clockFile, String(offsetMs));
    },
    excuse(why, forMs) {
      excuse.why = why;
      excuse.until = Math.max(excuse.until, journal.now() + forMs);
    },
    use: () => (server === null ? null : readUse(server.pid)),
  };
}

function isAboutABug({ level }: ServerLine): boolean {
  return level === 'error' || level === 'fatal';
}

function tellLine(line: ServerLine): string {
  return JSON.stringify(line).slice(0, 1500);
}

function readUse(pid: number): Use | null {
  try {
    const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return { residentMb: Number(kb) / 1024, files: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return null;
  }
}

/**
 * Below the range from which the system takes ports for outgoing connections: one of those could otherwise be
 * given the server's port while it is down, and even be connected to itself.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(12_000, 30_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', () => {
      resolve(false);
    });
    probe.listen(port, '127.0.0.1', () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
}
