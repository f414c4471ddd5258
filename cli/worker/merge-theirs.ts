/** People may push to the branch of a task, too. What they did there stays, and the work of a run is put beside it. */
import { createHistory, type HistoryDeps } from './history.ts';
import type { Git } from './git.ts';
import type { Remotes, Target } from './remotes.ts';

export interface Merging {
  readonly git: Git;
  readonly remotes: Remotes;
  readonly author: HistoryDeps['author'];
  /** The worker's own repository that holds the commit. */
  readonly gitDir: string;
  readonly project: Target;
}

const FETCH_MS = 10 * 60_000;

/**
 * `commit` with what is on the remote's branch by now; null where both changed the same lines; undefined where the
 * branch has nothing that `commit` has not.
 */
export async function mergeTheirs(
  commit: string,
  branch: string,
  { git, remotes, author, gitDir, project }: Merging,
): Promise<string | null | undefined> {
  const checked = ['-c', 'fetch.fsckObjects=true', 'fetch', '-q', '--no-tags', '--no-write-fetch-head'];
  await remotes.use(project, null, ({ url, env, signal }) =>
    git.run([...checked, url, `+refs/heads/${branch}:refs/run/theirs`], {
      ...{ gitDir, env, signal },
      timeoutMs: FETCH_MS,
    }),
  );
  const history = createHistory({ git, gitDir, author });
  const theirs = await history.ref('refs/run/theirs');
  if (theirs === undefined || (await history.isAncestor(theirs, commit))) return undefined;
  const tree = await history.mergedTree(theirs, commit);
  return tree === undefined ? null : history.join(tree, theirs, commit);
}
