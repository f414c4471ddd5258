/**
 * Brings a task's branch into the clone around a folder and switches to it. Nothing of the person's is lost: changes
 * that are not committed, and commits that are theirs, stop it before anything is changed.
 */
import { ClientError, usageError } from './errors.ts';
import type { PersonGit } from './person-git.ts';
import { safeLine } from './text.ts';

export interface WantedBranch {
  readonly branch: string;
  /** What the task says it ends with, where it says so. */
  readonly commit: string | null;
  /** The only one to look at. */
  readonly remote: string | undefined;
}

export interface CheckedOut {
  readonly folder: string;
  readonly remote: string;
  /** Worth telling, but no failure. */
  readonly remarks: readonly string[];
}

export async function checkOutBranch(git: PersonGit, wanted: WantedBranch): Promise<CheckedOut> {
  const { branch } = wanted;
  const folder = await git.attempt('rev-parse', '--show-toplevel');
  if (folder === undefined || folder === '') {
    throw usageError(
      'This folder is no clone of a repository.',
      "Run it in a clone of the task's repository.",
    );
  }
  const dirty = await git.run('status', '--porcelain', '--untracked-files=no');
  if (dirty !== '') {
    const files = dirty.split('\n').length;
    const count = files === 1 ? 'One file has changes' : `${files} files have changes`;
    throw new ClientError('dirty_tree', `${count} that are not committed.`, {
      hint: 'Commit them, or put them aside with "git stash", and run it again.',
    });
  }
  const remote = await remoteWith(git, wanted);
  const tracking = `refs/remotes/${remote}/${branch}`;
  await git.run('fetch', '--quiet', '--no-tags', remote, `+refs/heads/${branch}:${tracking}`);
  await switchTo(git, branch, remote);
  const moved = await remarkOnCommit(git, wanted);
  return { folder, remote, remarks: moved === undefined ? [] : [moved] };
}

/** `origin` first. A branch of this name is the task's: the number of the task is in it. */
async function remoteWith(git: PersonGit, { branch, remote: named }: WantedBranch): Promise<string> {
  const remotes = await remotesOf(git, named);
  const failures: ClientError[] = [];
  for (const remote of remotes) {
    try {
      if ((await git.run('ls-remote', '--heads', remote, `refs/heads/${branch}`)) !== '') return remote;
    } catch (error) {
      if (!(error instanceof ClientError) || error.code !== 'git_failed') throw error;
      failures.push(error);
    }
  }
  if (failures[0] !== undefined)
    throw failures[0].withHint('Check that you can reach that remote, and may read it.');
  const where =
    remotes.length === 0
      ? 'This clone has no remote'
      : `No remote here (${safeLine(remotes.join(', '))}) has it`;
  throw new ClientError('no_branch', `The task's branch is ${branch}. ${where}.`, {
    hint: `Run it in a clone of the task's repository. ${NOT_PUSHED}`,
  });
}

const NOT_PUSHED = 'What was not pushed is listed by "claude-task-client work kept" on its worker.';

async function remotesOf(git: PersonGit, named: string | undefined): Promise<string[]> {
  const all = (await git.run('remote')).split('\n').filter((name) => name !== '' && !name.startsWith('-'));
  if (named === undefined)
    return all.sort((one, other) => Number(other === 'origin') - Number(one === 'origin'));
  if (all.includes(named)) return [named];
  throw usageError(`There is no remote "${safeLine(named)}" here.`, 'See "git remote".');
}

async function switchTo(git: PersonGit, branch: string, remote: string): Promise<void> {
  const [local, theirs] = [`refs/heads/${branch}`, `refs/remotes/${remote}/${branch}`];
  if ((await git.attempt('rev-parse', '--quiet', '--verify', local)) === undefined) {
    await git.run('switch', '--quiet', '--create', branch, '--no-track', theirs);
    // By hand, because git refuses to track what the clone does not fetch by itself, as one of a single branch.
    await git.run('config', `branch.${branch}.remote`, remote);
    await git.run('config', `branch.${branch}.merge`, local);
    return;
  }
  const isBehind = (await git.attempt('merge-base', '--is-ancestor', local, theirs)) !== undefined;
  const isAhead = (await git.attempt('merge-base', '--is-ancestor', theirs, local)) !== undefined;
  if (!isBehind && !isAhead) {
    throw new ClientError(
      'diverged',
      `Your branch ${branch} and the one of ${safeLine(remote)} have gone different ways.`,
      {
        hint: `Rename yours with "git branch -m ${branch} mine", and run it again.`,
      },
    );
  }
  await git.run('switch', '--quiet', branch);
  if (isBehind) await git.run('merge', '--quiet', '--ff-only', theirs);
}

async function remarkOnCommit(git: PersonGit, { commit }: WantedBranch): Promise<string | undefined> {
  if (commit === null || !/^[0-9a-f]{40,64}$/.test(commit)) return undefined;
  if ((await git.run('rev-parse', 'HEAD')) === commit) return undefined;
  return 'The branch has other commits than the task ended with: somebody went on with it.';
}
