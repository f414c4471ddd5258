/**
 * Writes whose answer was not read yet, each a file of its own, saved before the request leaves. A run that died
 * in between leaves its file behind; the next run of the same command adopts key and body, so that the server
 * recognises the repeat and answers as it did the first time instead of doing it twice.
 *
 * A file belongs to the process in its name for as long as that process lives: two runs of `add "x"` side by side
 * are two tasks. Adoption is a rename, which only one process can win and which changes the owner with it.
 */
import fs from 'node:fs';
import path from 'node:path';
import { ClientError, codeOf } from './errors.ts';
import { readIfThere, writePrivate } from './files.ts';
import type { Owners } from './owner.ts';

export interface Write {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  /** Stands for the body where other bodies mean the same request (a claim with another wait). */
  readonly sameAs?: string | undefined;
}

export interface PendingWrite {
  readonly key: string;
  /** To be sent as it is: with another body the key would be refused. */
  readonly body: string;
  /** An answer was read, whatever it says. */
  done(): void;
}

export interface PendingWrites {
  open(write: Write): PendingWrite;
}

export interface PendingWritesDeps {
  readonly folder: string;
  readonly apiUrl: string;
  readonly instanceId: string;
  readonly owners: Owners;
  readonly newKey: () => string;
  readonly now: () => number;
}

interface Saved {
  readonly key: string;
  /** Server, instance, method, path and what stands for the body: the same for the same command. */
  readonly request: string;
  readonly body: string;
  readonly saved_at: number;
}

/** The server keeps keys for 24 h; an hour less leaves room for clocks that differ. */
const KEPT_MS = 23 * 3_600_000;

export function createPendingWrites(deps: PendingWritesDeps): PendingWrites {
  const folder = path.join(deps.folder, 'pending-writes');

  return {
    open(write) {
      const what = [deps.apiUrl, deps.instanceId, write.method, write.path, write.sameAs ?? write.body];
      const request = JSON.stringify(what);
      try {
        const { key, body, file } =
          adoptOrphan(folder, request, deps) ?? save(folder, request, { write, deps });
        return {
          key,
          body,
          done: () => {
            fs.rmSync(file, { force: true });
          },
        };
      } catch (error) {
        throw cannotSave(folder, error);
      }
    },
  };
}

type SavedInFile = Saved & { readonly file: string };

function save(
  folder: string,
  request: string,
  { write, deps }: { write: Write; deps: PendingWritesDeps },
): SavedInFile {
  const saved = { key: deps.newKey(), request, body: write.body, saved_at: deps.now() };
  const file = path.join(folder, fileName(deps.owners.self, saved.key));
  writePrivate(file, JSON.stringify(saved));
  return { ...saved, file };
}

function fileName(owner: string, key: string): string {
  return `${owner}.${key}.json`;
}

/** Drops what is too old on the way. */
function adoptOrphan(folder: string, request: string, deps: PendingWritesDeps): SavedInFile | undefined {
  for (const entry of listFolder(folder)) {
    const file = path.join(folder, entry);
    const saved = parse(file);
    if (saved === undefined) continue;
    const [owner = ''] = entry.split('.');
    if (deps.now() - saved.saved_at > KEPT_MS) {
      fs.rmSync(file, { force: true });
    } else if (saved.request === request && !deps.owners.isAlive(owner)) {
      const mine = path.join(folder, fileName(deps.owners.self, saved.key));
      if (wonRename(file, mine)) return { ...saved, file: mine };
    }
  }
  return undefined;
}

function listFolder(folder: string): string[] {
  try {
    return fs.readdirSync(folder).filter((entry) => entry.endsWith('.json'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function wonRename(from: string, to: string): boolean {
  try {
    fs.renameSync(from, to);
    return true;
  } catch {
    return false;
  }
}

/** Undefined for a file that went away meanwhile and for one that nobody here wrote. */
function parse(file: string): Saved | undefined {
  try {
    const saved = JSON.parse(readIfThere(file) ?? 'null') as Partial<Saved> | null;
    const { key, request, body, saved_at } = saved ?? {};
    if (typeof key !== 'string' || typeof request !== 'string') return undefined;
    if (typeof body !== 'string' || typeof saved_at !== 'number') return undefined;
    return { key, request, body, saved_at };
  } catch {
    return undefined;
  }
}

function cannotSave(folder: string, error: unknown): ClientError {
  const message = `The request was not sent: it cannot be saved in ${folder} first (${codeOf(error) || 'unknown'}).`;
  const hint = 'Make that folder writable, or point XDG_STATE_HOME (LOCALAPPDATA on Windows) to one that is.';
  return new ClientError('state_folder', message, { hint });
}
