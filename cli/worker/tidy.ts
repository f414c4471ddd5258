/** Gives room on the disk back: mirrors that nobody has used for a month. */
import { discardOldMirrors } from './disk.ts';
import { leftoverWorkspaces } from './run-records.ts';
import type { Worker } from './open-worker.ts';
import type { Kit } from './worker-kit.ts';
import { errorText } from './worker-log.ts';

const DAY_MS = 24 * 3_600_000;
const MIRROR_DAYS = 30;

/** What is called often, and does something once a day. */
export function createTidy({ kit }: Worker): () => void {
  let nextMs = 0;
  return () => {
    if (kit.clock.monotonicMs() < nextMs) return;
    nextMs = kit.clock.monotonicMs() + DAY_MS;
    try {
      tidy(kit);
    } catch (error) {
      kit.log.warn('old mirrors were not removed', { error: errorText(error) });
    }
  };
}

function tidy({ git: { places, trash }, clock, log }: Kit): void {
  const inUse = new Set(leftoverWorkspaces(places).map(({ project }) => project));
  const now = clock.now().getTime();
  const gone = discardOldMirrors({ places, trash, now, maxAgeMs: MIRROR_DAYS * DAY_MS, inUse });
  for (const project of gone) log.info('an old mirror was removed', { project });
}
