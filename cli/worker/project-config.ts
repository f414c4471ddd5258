/**
 * A project's own settings for Claude Code (`project_settings: true`), as they are in the commit that the task's branch
 * began from: in a folder beside the clone, since what lies in the clone is whatever a run made of it. Plain files only;
 * a link could lead back there.
 */
import path from 'node:path';
import type { Git } from './git.ts';
import { makePrivate } from './places.ts';

const PATHS = ['.claude', '.mcp.json'];

export interface ConfigWanted {
  /** The worker's own repository, which has the commit. */
  readonly gitDir: string;
  readonly commit: string;
  readonly folder: string;
}

export async function checkOutConfig({ gitDir, commit, folder }: ConfigWanted, git: Git): Promise<string> {
  makePrivate(folder);
  const call = { gitDir, workTree: folder, indexFile: path.join(gitDir, 'project-config') };
  const { stdout } = await git.run(['ls-tree', '-r', '-z', commit, '--', ...PATHS], { gitDir });
  const names = stdout
    .toString('utf8')
    .split('\0')
    .flatMap((entry) => /^100\d{3} blob \S+\t(.+)$/s.exec(entry)?.[1] ?? []);
  await git.run(['read-tree', commit], call);
  await git.run(['checkout-index', '-q', '-z', '--stdin'], {
    ...call,
    input: names.map((name) => `${name}\0`).join(''),
  });
  return folder;
}
