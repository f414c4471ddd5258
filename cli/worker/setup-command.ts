/** A project's setup command, run once in a new workspace, as the run would run it: in its tree, with its environment. */
import { spawn } from 'node:child_process';
import { createErrorTail } from './error-tail.ts';
import type { RunFolders } from './executor.ts';

export interface SetupWanted {
  /** For `/bin/sh -c`. */
  readonly command: string;
  readonly folders: RunFolders;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** As soon as it runs: what it leaves behind is swept by this. */
  readonly started?: (pid: number) => void;
}

export type SetupEnd =
  | { readonly kind: 'done' }
  /** `detail` is a sentence with the end of what was said. */
  | { readonly kind: 'failed'; readonly detail: string }
  | { readonly kind: 'stopped' };

const GRACE_MS = 500;

export function runSetup(wanted: SetupWanted): Promise<SetupEnd> {
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', wanted.command], {
      cwd: wanted.folders.tree,
      env: wanted.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const tail = createErrorTail();
    let isLate = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        tail.add(chunk);
      });
    }
    if (child.pid !== undefined) wanted.started?.(child.pid);
    const end = () => {
      endGroup(child.pid);
    };
    const late = setTimeout(() => {
      isLate = true;
      end();
    }, wanted.timeoutMs);
    wanted.signal?.addEventListener('abort', end);
    if (wanted.signal?.aborted === true) end();
    const settle = (result: SetupEnd) => {
      clearTimeout(late);
      wanted.signal?.removeEventListener('abort', end);
      // A command that it left in the background holds the pipes: what it says is of no interest any more.
      child.stdout.destroy();
      child.stderr.destroy();
      resolve(wanted.signal?.aborted === true ? { kind: 'stopped' } : result);
    };
    child.once('error', (error) => {
      settle({ kind: 'failed', detail: `The setup command cannot be started: ${error.message}` });
    });
    child.once('exit', (code, signal) => {
      // What was said last may still be in the pipe.
      setImmediate(() => {
        if (code === 0 && !isLate) settle({ kind: 'done' });
        else
          settle({ kind: 'failed', detail: sentence({ code, signal, isLate, said: tail.text() }, wanted) });
      });
    });
  });
}

interface Failure {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly isLate: boolean;
  readonly said: string;
}

function sentence({ code, signal, isLate, said }: Failure, { timeoutMs }: SetupWanted): string {
  const seconds = Math.round(timeoutMs / 1000);
  const how = isLate
    ? `took longer than ${seconds} s`
    : signal === null
      ? `ended with exit code ${code ?? '?'}`
      : `was ended by ${signal}`;
  return `The setup command ${how}${said === '' ? '.' : `:\n${said}`}`;
}

function endGroup(pid: number | undefined): void {
  const tell = (signal: NodeJS.Signals) => {
    try {
      if (pid !== undefined) process.kill(-pid, signal);
    } catch {
      // It is gone.
    }
  };
  tell('SIGTERM');
  setTimeout(() => {
    tell('SIGKILL');
  }, GRACE_MS).unref();
}
