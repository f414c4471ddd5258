/** How much memory and how many files the server used at most. */
import type { Keeper, Use } from './keeper.ts';
import { pause } from './pause.ts';

const EVERY_MS = 1000;

export interface MostUsed extends Use {
  /** The last look, after the longest time without a restart. */
  readonly last: Use;
}

export function watchUse(keeper: Keeper, over: AbortSignal): () => MostUsed {
  let most: Use = { residentMb: 0, files: 0 };
  let last = most;
  void (async () => {
    while (!over.aborted) {
      await pause(EVERY_MS, over);
      const now = keeper.use();
      if (now === null || Number.isNaN(now.residentMb)) continue;
      last = now;
      most = {
        residentMb: Math.max(most.residentMb, now.residentMb),
        files: Math.max(most.files, now.files),
      };
    }
  })();
  return () => ({ ...most, last });
}
