/** Gives room on the disk back: mirrors that nobody has used for a month. */
import { discardOldMirrors } from './disk.ts';
import { leftoverWorkspaces } from './run-records.ts';
import type { Worker } from './open-worker.ts';

const DAY_MS = 24 * 3_600_000;
const MIRROR_DAYS = 30;

/** What is called often, and does something once a day. */
export function createTidy({ kit }: Worker): () => void {
  let nextMs = 0;
  return () => {
    if (kit.clock.monotonicMs() < nextMs) return;
    nextMs = kit.clock.monotonicMs() + DAY_MS;
    const { places, trash } = kit.git;
    const inUse = new Set(leftoverWorkspaces(places).map(({ project }) => project));
    const now = kit.clock.now().getTime();
    const gone = discardOldMirrors({ places, trash, now, maxAgeMs: MIRROR_DAYS * DAY_MS, inUse });
    for (const project of gone) kit.log.info('an old mirror was removed', { project });
  };
}
