/** Pushes kept work later, when the repository takes it again. */
import fs from 'node:fs';
import path from 'node:path';
import { removeTree } from './disk.ts';
import { GitError } from './git-fault.ts';
import type { Git } from './git.ts';
import { removeKept, unbundle, type KeptWork } from './kept-files.ts';
import { settleRepository } from './own-repository.ts';
import type { Places } from './places.ts';
import type { Remotes, Target } from './remotes.ts';

export { listKept, type KeptWork } from './kept-files.ts';

export interface PushKeptDeps {
  readonly git: Git;
  readonly remotes: Remotes;
  readonly places: Places;
}

const PUSH_MS = 30 * 60_000;

/** By fast-forward only. The bundle goes when the branch has arrived; else `GitError` and everything stays. */
export async function pushKept(work: KeptWork, project: Target, deps: PushKeptDeps): Promise<void> {
  const { git, remotes, places } = deps;
  const gitDir = fs.mkdtempSync(path.join(places.kept, '.push-'));
  try {
    const mirror = path.join(places.mirror(project.name), 'objects');
    settleRepository(gitDir, { isBare: true, alternates: fs.existsSync(mirror) ? [mirror] : [] });
    const call = { gitDir, timeoutMs: PUSH_MS };
    // What the bundle builds upon.
    const heads = '+refs/heads/*:refs/remote/*';
    const how = ['fetch', '-q', '--no-tags', '--no-write-fetch-head'];
    await remotes.use(project, null, ({ url, env }) => git.run([...how, url, heads], { ...call, env }));
    if (!(await unbundle(work, { git, gitDir }))) {
      throw new GitError('other', `The bundle ${work.bundle} does not fit the repository any more.`);
    }
    const ref = `refs/heads/${work.branch}`;
    await remotes.use(project, { [ref]: work.commit }, ({ url, env }) =>
      git.run(['push', '-q', url, `${work.commit}:${ref}`], { ...call, env }),
    );
    removeKept(work);
  } finally {
    await removeTree(gitDir);
  }
}
