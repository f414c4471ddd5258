/** Where a task's work begins when its branch is not on the remote: at the base, or where an earlier branch went. */
import { GitError } from './git-fault.ts';
import { createHistory, type HistoryDeps } from './history.ts';
import type { Mirror } from './mirror.ts';
import type { Wanted } from './workspace-shape.ts';

export interface FirstPoints {
  /** Where the branch begins, as far as that is known. */
  readonly known: string | undefined;
  /** The base branch as it is now. */
  readonly newest: string;
  /** Where the work begins where there is no branch and nothing that was saved. */
  readonly start: string;
  readonly notices: readonly string[];
}

export async function firstPoints(
  { project, branch, base, delivered }: Wanted,
  mirror: Mirror,
  deps: HistoryDeps,
): Promise<FirstPoints> {
  const newest = mirror.refs.get(`refs/heads/${project.base}`);
  if (newest === undefined) {
    throw new GitError('other', `The repository has no branch "${project.base}": correct "base".`);
  }
  const history = createHistory(deps);
  const known = base === null ? undefined : await history.ref(`${base}^{commit}`);
  const plain = { known, newest, start: known ?? newest, notices: [] };
  if (delivered === null || mirror.refs.has(`refs/heads/${branch}`)) return plain;
  const earlier = await history.ref(`${delivered}^{commit}`);
  if (earlier === undefined) {
    const text = `The branch ${branch} of the earlier runs is gone, and its commits with it: this run begins without them.`;
    return { ...plain, notices: [text] };
  }
  // Merged: a new branch begins there.
  if (await history.isAncestor(earlier, newest)) return { ...plain, known: newest, start: newest };
  const text = `The branch ${branch} is gone from the repository: this run begins where it was, at ${earlier.slice(0, 10)}.`;
  return { ...plain, start: earlier, notices: [text] };
}
