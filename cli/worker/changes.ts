/** What a task has changed, in numbers: files, and lines of those that are text. */
import type { Git } from './git.ts';

export interface Changes {
  readonly filesChanged: number;
  readonly insertions: number;
  readonly deletions: number;
}

export async function countChanges(
  base: string,
  commit: string,
  { git, gitDir }: { git: Git; gitDir: string },
): Promise<Changes> {
  const how = ['diff-tree', '-r', '-z', '--numstat', '--no-renames', '--no-ext-diff', '--no-textconv'];
  const { text } = await git.run([...how, base, commit], { gitDir });
  // A file that is no text has dashes for numbers.
  const lines = [...text.matchAll(/(?:^|\0)(\d+|-)\t(\d+|-)\t/g)];
  const sum = (at: number) => lines.reduce((total, line) => total + (Number(line[at]) || 0), 0);
  return { filesChanged: lines.length, insertions: sum(1), deletions: sum(2) };
}
