/** Runs the client in this process, with streams, clock and home folder of its own. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { Host } from '../../cli/deps.ts';
import type { Owners } from '../../cli/owner.ts';
import { run } from '../../cli/run.ts';
import type { Input } from '../../cli/streams.ts';
import { NOW } from './cli-task.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Every pause that was asked for, in ms; none was really made. */
  readonly slept: number[];
}

export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly stdin?: string;
  /** Streams that are terminals, of this many columns. */
  readonly columns?: number;
  readonly signal?: AbortSignal;
  readonly owners?: Owners;
  readonly platform?: NodeJS.Platform;
  readonly elapsed?: number;
  /** Where the command is run; the home folder where nothing is said. */
  readonly cwd?: string;
  /** Called in place of sleeping. */
  readonly onSleep?: () => void;
}

export interface Machine {
  readonly home: string;
  run(argv: readonly string[], options?: RunOptions): Promise<Ran>;
  /** All files below the home folder, as paths relative to it. */
  files(): string[];
  remove(): void;
}

export function createMachine(apiUrl: string): Machine {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-cli-'));
  return {
    home,
    async run(argv, options = {}) {
      const out = sink(options.columns);
      const err = sink(options.columns);
      const slept: number[] = [];
      let now = NOW;
      const host: Host = {
        argv,
        env: { ATHENA_API_URL: apiUrl, ATHENA_API_KEY: 'secret-key', CLAUDE_INSTANCE: 'mac', ...options.env },
        platform: options.platform ?? 'linux',
        home,
        hostname: 'test-host',
        cwd: () => options.cwd ?? home,
        streams: { stdin: input(options), stdout: out, stderr: err },
        signal: options.signal ?? new AbortController().signal,
        takeSignals: () => {},
        worker: () => import('../../cli/worker-program.ts'),
        ...(options.owners && { owners: options.owners }),
        now: () => now,
        elapsed: () => options.elapsed ?? 0,
        random: () => 0.5,
        newKey: () => crypto.randomUUID(),
        sleep: (ms) => {
          slept.push(ms);
          now += ms;
          options.onSleep?.();
          return Promise.resolve();
        },
      };
      const code = await run(host);
      return { code, stdout: out.text(), stderr: err.text(), slept };
    },
    files: () =>
      fs
        .readdirSync(home, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(home, path.join(entry.parentPath, entry.name))),
    remove: () => {
      fs.rmSync(home, { recursive: true, force: true });
    },
  };
}

function sink(columns: number | undefined) {
  const written: string[] = [];
  return {
    write: (text: string) => written.push(text),
    text: () => written.join(''),
    ...(columns !== undefined && { isTTY: true, columns }),
  };
}

function input({ stdin = '', columns }: RunOptions): Input {
  const stream = Readable.from(stdin === '' ? [] : [Buffer.from(stdin)]);
  return columns === undefined ? stream : Object.assign(stream, { isTTY: true, setRawMode: () => stream });
}
