/** The built server's own commands as processes: `athena backup`, `restore`, `doctor`. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface CommandRun {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Where the database lies. */
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Largest file that the process may write, in blocks of 512 bytes: a disk that is soon full. */
  readonly fileBlocks?: number;
}

export function startCommand({ folder, env = {}, fileBlocks }: CommandOptions, ...argv: string[]) {
  const limit = fileBlocks === undefined ? '' : `ulimit -f ${fileBlocks}; `;
  const child = spawn('/bin/sh', ['-c', `${limit}exec "$0" "$@"`, process.execPath, MAIN, ...argv], {
    cwd: folder,
    env: { PATH: '/usr/bin:/bin', DB_PATH: path.join(folder, 'tasks.db'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  const ended = new Promise<CommandRun>((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ code, signal, ...said });
    });
  });
  return { ended, kill: (signal: NodeJS.Signals) => void child.kill(signal) };
}

export function runCommand(options: CommandOptions, ...argv: string[]): Promise<CommandRun> {
  return startCommand(options, ...argv).ended;
}
