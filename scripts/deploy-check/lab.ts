/** A scratch world: a temporary folder, and everything that has to be undone at the end, newest first. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { must } from './run.ts';

export const root = path.resolve(import.meta.dirname, '../..');
export const isRoot = process.getuid?.() === 0;

export interface Lab {
  readonly folder: string;
  /** A new folder inside, readable for other users of this machine (the server runs as one of them). */
  room(name: string, mode?: number): string;
  /** Runs at the end, also after a failure or a signal. */
  undo(step: () => unknown): void;
  close(): Promise<void>;
}

export function createLab(): Lab {
  const folder = mkdtempSync(path.join(tmpdir(), 'athena-deploy-'));
  chmodSync(folder, 0o755);
  const steps: (() => unknown)[] = [];
  return {
    folder,
    room: (name, mode = 0o755) => {
      const made = path.join(folder, name);
      mkdirSync(made, { recursive: true, mode });
      chmodSync(made, mode);
      return made;
    },
    undo: (step) => {
      steps.push(step);
    },
    close: async () => {
      for (let step = steps.pop(); step; step = steps.pop()) await Promise.resolve(step()).catch(() => {});
      try {
        rmSync(folder, { recursive: true, force: true });
      } catch (error) {
        // What was found out is worth more than a tidy machine.
        process.stderr.write(`${folder} stays behind: ${String(error)}\n`);
      }
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A repository of its own with this checkout's HEAD, for what wants to clone, pull and go back. */
export async function cloneInto(folder: string): Promise<string> {
  await must(['git', 'clone', '--quiet', '--no-hardlinks', root, folder]);
  // A checkout may stand on no branch, and then neither would its clones, which pull.
  await must(['git', 'checkout', '--quiet', '-B', 'main'], { cwd: folder });
  return folder;
}

/** A newer commit in that clone, which changes nothing that runs. */
export async function commitIn(folder: string): Promise<string> {
  writeFileSync(path.join(folder, 'NEWER'), 'a later commit\n');
  await must(['git', 'add', 'NEWER'], { cwd: folder });
  const author = ['-c', 'user.name=check', '-c', 'user.email=check@localhost'];
  await must(['git', ...author, 'commit', '--quiet', '-m', 'chore: newer'], { cwd: folder });
  return (await must(['git', 'rev-parse', 'HEAD'], { cwd: folder })).trim();
}

/** A bare one for a worker to work on, with one empty commit on main. */
export async function makeRepository(folder: string): Promise<void> {
  await must(['git', 'init', '--quiet', '--bare', '--initial-branch', 'main', folder]);
  const git = ['git', '-C', folder, '-c', 'user.name=check', '-c', 'user.email=check@localhost'];
  const tree = (await must([...git, 'hash-object', '-t', 'tree', '-w', '/dev/null'])).trim();
  const commit = (await must([...git, 'commit-tree', '-m', 'first', tree])).trim();
  await must([...git, 'update-ref', 'refs/heads/main', commit]);
}
