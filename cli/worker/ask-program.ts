/** Starts a program only to see whether it can be started, and what it says of itself. */
import { execFile } from 'node:child_process';
import { codeOf } from '../errors.ts';

export type Said =
  | { readonly kind: 'said'; readonly text: string }
  /** There is no such program. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly detail: string };

const TIMEOUT_MS = 30_000;
const LONGEST_DETAIL = 300;

export interface Asking {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function askProgram(program: string, { args, env }: Asking): Promise<Said> {
  return new Promise((resolve) => {
    const options = { env: { ...env }, timeout: TIMEOUT_MS, killSignal: 'SIGKILL', cwd: '/' } as const;
    execFile(program, [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve({ kind: 'said', text: stdout.trim() });
      else if (codeOf(error) === 'ENOENT') resolve({ kind: 'absent' });
      else resolve({ kind: 'failed', detail: lastLine(stderr) || lastLine(error.message) });
    });
  });
}

function lastLine(text: string): string {
  return (text.trim().split('\n').at(-1) ?? '').slice(-LONGEST_DETAIL);
}
