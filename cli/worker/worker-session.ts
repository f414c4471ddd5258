/**
 * The word by which the server tells this process from another one of the same name. The one before it in this
 * workspace is known to be gone, since this one has the lock: the server is told that it is replaced.
 */
import path from 'node:path';
import { readIfThere, writePrivate } from '../files.ts';

export interface WorkerSession {
  readonly id: string;
  readonly replaces: string | null;
  /** The server knows of this one: from now on the next process replaces it, and not the one before. */
  readonly settle: () => void;
}

const SESSION = /^[A-Za-z0-9-]{1,100}$/;

export function beginSession(workspace: string, id: string): WorkerSession {
  const file = path.join(workspace, 'session');
  const before = readIfThere(file)?.trim() ?? '';
  return {
    id,
    replaces: SESSION.test(before) ? before : null,
    settle: () => {
      writePrivate(file, `${id}\n`);
    },
  };
}
