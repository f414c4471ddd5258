/** The built server as a process of its own: a temporary folder, a free port, and its log line by line. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const START_MS = 20_000;

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface ServerProcess {
  readonly process: ChildProcess;
  readonly url: string;
  readonly key: string;
  readonly lines: readonly LogLine[];
  /** Resolves with the first line that fits, also one that was logged already. */
  line(fits: (line: LogLine) => boolean, timeoutMs?: number): Promise<LogLine>;
  /** Sends the signal and resolves with the exit code; null after a kill. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
  call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Called<T>>;
}

export interface Called<T> {
  readonly status: number;
  readonly body: T;
  readonly headers: Headers;
}

export interface ServerOptions {
  readonly databasePath: string;
  readonly env?: Readonly<Record<string, string>>;
}

export const TEST_KEY = 'a-key-for-tests-only';

export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'athena-e2e-'));
  return {
    path,
    remove() {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Resolves once it listens; rejects with its log when it ends instead. */
export async function startServer({ databasePath, env = {} }: ServerOptions): Promise<ServerProcess> {
  const started = launch({
    DB_PATH: databasePath,
    API_KEY: TEST_KEY,
    API_HOST: '127.0.0.1',
    API_PORT: '0',
    ...env,
  });
  const listening = await started.line((line) => line.msg === 'listening', START_MS);
  const url = `http://127.0.0.1:${String(listening['port'])}`;
  const key = env['API_KEY'] ?? TEST_KEY;
  return { ...started, url, key, call: (...request) => call(url, key, request) };
}

/** Starts the server without waiting for anything. */
export function launch(env: Readonly<Record<string, string>>) {
  const inherited = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' };
  const child = spawn(process.execPath, [MAIN], {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: LogLine[] = [];
  const errors: string[] = [];
  let changed: (() => void)[] = [];
  const wake = () => {
    const called = changed;
    changed = [];
    for (const call of called) call();
  };
  createInterface({ input: child.stdout }).on('line', (text) => {
    lines.push(JSON.parse(text) as LogLine);
    wake();
  });
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
  child.once('close', wake);
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;

  return {
    process: child,
    lines,
    errors,
    async line(fits: (line: LogLine) => boolean, timeoutMs = 10_000): Promise<LogLine> {
      const deadline = performance.now() + timeoutMs;
      const timer = setTimeout(wake, timeoutMs + 1);
      try {
        for (;;) {
          const found = lines.find(fits);
          if (found !== undefined) return found;
          if (performance.now() >= deadline || hasEnded()) {
            throw new Error(
              `no such log line; the server said:\n${JSON.stringify(lines, null, 1)}\n${errors.join('')}`,
            );
          }
          await new Promise<void>((resolve) => changed.push(resolve));
        }
      } finally {
        clearTimeout(timer);
      }
    },
    end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
      if (hasEnded()) return Promise.resolve(child.exitCode);
      return new Promise((resolve) => {
        child.once('close', (code) => {
          resolve(code);
        });
        child.kill(signal);
      });
    },
  };
}

async function call<T>(
  url: string,
  key: string,
  [method, path, body, headers]: Parameters<ServerProcess['call']>,
): Promise<Called<T>> {
  const response = await fetch(url + path, {
    method,
    headers: {
      'x-api-key': key,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as T, headers: response.headers };
}
