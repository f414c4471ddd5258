/**
 * A call without the folder that it was made in. Each run works somewhere else, so a call that people have answered is
 * kept, and found again, as any run of its task would make it.
 */
import path from 'node:path';
import type { RunFolders } from './executor.ts';

/** No path and no command holds a NUL. */
const HERE = '\u0000run';

/** As it comes back from the server: without what JSON does not know. */
export function placeless(input: unknown, { tree }: Pick<RunFolders, 'tree'>): unknown {
  const root = path.dirname(tree).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const here = new RegExp(`${root}(?![\\w.-])`, 'g');
  const text = JSON.stringify(input, (_key, value: unknown) =>
    typeof value === 'string' ? value.replace(here, HERE) : value,
  );
  return JSON.parse(text) as unknown;
}
