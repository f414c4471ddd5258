/** Commits and trees in a repository of the worker's own: small questions to git, and commits made from trees. */
import type { Git } from './git.ts';
import type { WorkerSettings } from './settings.ts';

export interface History {
  treeOf(commit: string): Promise<string>;
  /** When it was committed, in seconds. */
  madeAt(commit: string): Promise<number>;
  isAncestor(older: string, newer: string): Promise<boolean>;
  /** Who committed what came first on the way from `older` to `newer`: their address. */
  firstAfter(older: string, newer: string): Promise<string | undefined>;
  mergeBase(one: string, other: string): Promise<string | undefined>;
  commit(tree: string, parents: readonly string[], message: string): Promise<string>;
  /** Two lines of work as one, dated as the newer of them: made once more, it is the same commit. */
  join(tree: string, one: string, other: string): Promise<string>;
  /** Both sides together; undefined where they contradict each other. */
  mergedTree(one: string, other: string): Promise<string | undefined>;
  setRef(name: string, commit: string): Promise<void>;
  ref(name: string): Promise<string | undefined>;
}

export interface HistoryDeps {
  readonly git: Git;
  readonly gitDir: string;
  readonly author: WorkerSettings['git'];
}

export function createHistory({ git, gitDir, author }: HistoryDeps): History {
  const env = {
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_COMMITTER_NAME: author.name,
    GIT_COMMITTER_EMAIL: author.email,
  };
  const ask = async (...args: string[]) => {
    const { code, text } = await git.run(args, { gitDir, env, answers: [1] });
    return code === 0 && text !== '' ? text : undefined;
  };
  const madeAt = async (commit: string) =>
    Number((await git.run(['show', '-s', '--format=%ct', commit], { gitDir })).text);
  const commitTree = async (
    tree: string,
    parents: readonly string[],
    { message, dates = {} }: { message: string; dates?: Record<string, string> },
  ) => {
    const before = [...new Set(parents)].flatMap((parent) => ['-p', parent]);
    const how = { gitDir, env: { ...env, ...dates }, input: message };
    return (await git.run(['commit-tree', tree, ...before], how)).text;
  };
  return {
    treeOf: async (commit) => (await git.run(['rev-parse', '--verify', `${commit}^{tree}`], { gitDir })).text,
    madeAt,
    isAncestor: async (older, newer) => {
      const { code } = await git.run(['merge-base', '--is-ancestor', older, newer], { gitDir, answers: [1] });
      return code === 0;
    },
    firstAfter: async (older, newer) => {
      const made = await ask('log', '--first-parent', '--reverse', '--format=%ce', `${older}..${newer}`);
      return made?.split('\n')[0];
    },
    mergeBase: async (one, other) => (await ask('merge-base', one, other))?.split('\n')[0],
    commit: (tree, parents, message) => commitTree(tree, parents, { message }),
    join: async (tree, one, other) => {
      const date = `@${Math.max(await madeAt(one), await madeAt(other))} +0000`;
      const dates = { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
      return commitTree(tree, [one, other], { message: 'Keep both lines of work\n', dates });
    },
    mergedTree: async (one, other) => {
      // Histories without a common commit, and a git that does not know how (before 2.38), are no reason to fail.
      const merged = await ask('merge-tree', '--write-tree', one, other).catch(() => undefined);
      return merged?.split('\n')[0];
    },
    setRef: async (name, commit) => {
      await git.run(['update-ref', name, commit], { gitDir });
    },
    ref: (name) => ask('rev-parse', '-q', '--verify', name),
  };
}
