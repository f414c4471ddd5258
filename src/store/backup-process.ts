/** Starts the process that makes a backup, and ends it when the server stops. */
import { fork, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  listBackups,
  makeBackupFolder,
  nameBackup,
  removeLeftovers,
  rotateBackups,
} from './backup-folder.ts';

export type ChildWord =
  | { readonly ok: true; readonly bytes: number; readonly tasks: number; readonly events: number }
  | { readonly ok: false; readonly reason: string };

/** From the sources it is run from the sources as well. */
const CHILD = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? 'backup-child.ts' : 'backup-child.js', import.meta.url),
);

export interface BackupShelfOptions {
  /** The database, as DB_PATH names it. */
  readonly path: string;
  readonly folder: string;
  readonly keep: number;
  /** How node is started; the server's own way by default. */
  readonly execArgv?: readonly string[];
}

/** The folder of scheduled backups, with what is done to it. */
export function createBackupShelf({ path, folder, keep, execArgv = process.execArgv }: BackupShelfOptions) {
  let child: ChildProcess | null = null;

  return {
    /** When the newest backup was made. What lies in the future was made by a clock that was wrong. */
    newest: (now: Date): Date | null => listBackups(folder).findLast(({ at }) => at <= now)?.at ?? null,

    /** Rejects with a sentence for people. */
    async make(now: Date): Promise<{ file: string; bytes: number; tasks: number; events: number }> {
      makeBackupFolder(folder);
      removeLeftovers(folder);
      const file = join(resolve(folder), nameBackup(now));
      child = fork(CHILD, [resolve(path), file], { execArgv: [...execArgv], env: {}, stdio: 'ignore' });
      const word = await lastWord(child).finally(() => (child = null));
      if (!word.ok) throw new Error(word.reason);
      const { bytes, tasks, events } = word;
      return { file, bytes, tasks, events };
    },

    rotate: (now: Date) => rotateBackups(folder, keep, now),

    /** Ends a backup that is being made, and leaves nothing of it. */
    async stop(): Promise<void> {
      if (child === null) return;
      const [, file = ''] = child.spawnargs.slice(-2);
      const gone = new Promise((done) => child?.once('exit', done));
      child.kill('SIGKILL');
      await gone;
      for (const end of ['', '-journal']) rmSync(`${file}.part${end}`, { force: true });
    },
  };
}

function lastWord(child: ChildProcess): Promise<ChildWord> {
  return new Promise((tell, fail) => {
    child.once('message', (word) => {
      tell(word as ChildWord);
    });
    child.once('error', fail);
    child.once('exit', (code, signal) => {
      fail(
        new Error(`The process that made the backup ended early (${signal ?? `exit code ${code ?? '?'}`}).`),
      );
    });
  });
}
