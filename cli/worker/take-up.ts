/**
 * A save of an earlier run as the beginning of the next. Where the branch has gone on since, that was either a run
 * (then the save is of the past) or a person: their commits and the save are put together.
 */
import type { History } from './history.ts';

export interface TakenUp {
  /** What the branch points to. */
  readonly start: string;
  /** What lies in the folder. */
  readonly files: string;
}

/** `past`: a run went on without it. `apart`: it does not go together with what people did on the branch. */
export type Fit = TakenUp | 'past' | 'apart';

export async function takeUp(
  { start, files }: TakenUp,
  tip: string | null,
  { history, email }: { history: History; email: string },
): Promise<Fit> {
  if (tip === null || (await history.isAncestor(tip, start))) return { start, files };
  if (await isOurs(start, tip, { history, email })) return 'past';
  const both = await withTip(start, tip, history);
  const tree = await history.mergedTree(tip, files);
  if (both === undefined || tree === undefined) return 'apart';
  return { start: both, files: await history.commit(tree, [both], 'Saved while running\n') };
}

/** Whoever came first after the save: a delivery, or a person. */
async function isOurs(
  start: string,
  tip: string,
  { history, email }: { history: History; email: string },
): Promise<boolean> {
  const base = await history.mergeBase(start, tip);
  if (base === undefined) return false;
  const first = await history.firstAfter(base, tip);
  return first === undefined || first === email;
}

async function withTip(start: string, tip: string, history: History): Promise<string | undefined> {
  if (await history.isAncestor(start, tip)) return tip;
  const tree = await history.mergedTree(tip, start);
  return tree === undefined ? undefined : history.join(tree, tip, start);
}
