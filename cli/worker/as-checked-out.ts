/**
 * Some files do not survive a checkout: line ends, encodings and `$Id$` that the repository's own attributes would have
 * otherwise look changed as soon as they lie there. As long as nobody touches them they are no change of a run.
 */
import { split, takeTree, type Index } from './changed-files.ts';
import type { GitCall, Git } from './git.ts';
import type { History } from './history.ts';

/** What the files of `refs/run/files` look like to git right after they were checked out. */
const AS_IS = 'refs/run/as-is';

/** Right after the checkout, before a run gets at the tree. */
export async function noteAsCheckedOut(files: string, index: Index, history: History): Promise<void> {
  const { git, call } = index;
  const { text } = await git.run(['ls-tree', '-r', '-z', '--name-only', files], call);
  // Nothing else asks for a conversion.
  if (!/(^|\/|\0)\.gitattributes(\0|$)/.test(text)) return;
  await takeTree(files, index);
  const { text: tree } = await git.run(['write-tree'], call);
  if (tree === (await history.treeOf(files))) return;
  await history.setRef(AS_IS, await history.commit(tree, [files], 'As checked out\n'));
}

/** After `takeTree` brought the index from `head` to what lies in the tree. */
export async function undoConversions(head: string, index: Index, history: History): Promise<void> {
  const { git, call } = index;
  const asIs = await history.ref(AS_IS);
  if (asIs === undefined) return;
  const converted = await differences(['diff-tree', '-r', '-z', '--no-commit-id', asIs], { git, call });
  const now = await differences(['diff-index', '--cached', '-r', '-z', head], { git, call });
  const untouched = [...converted].filter(([name, { from, to }]) => {
    const one = now.get(name);
    return one?.from === from && one.to === to;
  });
  const lines = untouched.map(([name, { from }]) => Buffer.from(`${from}\t${name}\0`, 'latin1'));
  const input = Buffer.concat(lines);
  if (lines.length > 0) await git.run(['update-index', '-z', '--index-info'], { ...call, input });
}

interface Difference {
  /** Mode and object. */
  readonly from: string;
  readonly to: string;
}

async function differences(
  args: readonly string[],
  { git, call }: { git: Git; call: GitCall },
): Promise<ReadonlyMap<string, Difference>> {
  const { stdout } = await git.run(args, call);
  const parts = split(stdout).map((part) => part.toString('latin1'));
  const found = new Map<string, Difference>();
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [oldMode = '', newMode = '', oldId = '', newId = ''] = (parts[at] ?? '').slice(1).split(' ');
    found.set(parts[at + 1] ?? '', { from: `${oldMode} ${oldId}`, to: `${newMode} ${newId}` });
  }
  return found;
}
