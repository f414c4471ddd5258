/**
 * Commands, bounded in time. Each runs in a process group of its own, so that a command that takes too long ends
 * together with what it started.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

export interface Options {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  readonly timeoutMs?: number;
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const MINUTE = 60_000;
const running = new Set<number | undefined>();

/** Ends every command that still runs, when the whole check is interrupted. */
export function endAll(): void {
  for (const pid of running) endGroup(pid);
}

export function run(command: readonly string[], options: Options = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const [program, ...args] = command as [string, ...string[]];
    const { cwd, env = process.env, timeoutMs = 2 * MINUTE } = options;
    const child = spawn(program, args, { cwd, env, detached: true });
    running.add(child.pid);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    const timer = setTimeout(() => {
      err.push(Buffer.from(`\nstopped after ${Math.round(timeoutMs / 1000)} s`));
      endGroup(child.pid);
    }, timeoutMs);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code) => {
      running.delete(child.pid);
      clearTimeout(timer);
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

/** Runs it and gives its standard output; another exit code than 0 is an error with what it said last. */
export async function must(command: readonly string[], options: Options = {}): Promise<string> {
  const { code, stdout, stderr } = await run(command, options);
  if (code !== 0) {
    const said = `${stdout}\n${stderr}`.trim().slice(-1500);
    throw new Error(`${command.slice(0, 6).join(' ')} ended with ${String(code)}: ${said}`);
  }
  return stdout;
}

export function has(program: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => isExecutable(path.join(folder, program)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
