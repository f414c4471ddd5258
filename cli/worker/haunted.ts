/** Processes of earlier runs that did not end when they were told to: nothing new begins beside them. */
import type { Problems } from './problems.ts';
import type { Sweeper } from './process-sweep.ts';

export interface Haunted {
  /** `living` null: they cannot be listed, and may live. */
  add(sweeper: Sweeper, living: readonly number[] | null): void;
  /** Ends what can be ended by now; who is gone is forgotten. */
  sweep(): Promise<void>;
}

const PATIENCE_MS = 500;

export function createHaunted(problems: Pick<Problems, 'set'>): Haunted {
  const left = new Map<Sweeper, readonly number[] | null>();
  const tell = () => {
    problems.set('left', textOf([...left.values()]));
  };
  return {
    add(sweeper, living) {
      left.set(sweeper, living);
      tell();
    },
    async sweep() {
      for (const [sweeper, seen] of [...left]) {
        // Processes that cannot be listed may still live.
        const { living } = await sweeper
          .sweep({ graceMs: 0, patienceMs: PATIENCE_MS })
          .catch(() => ({ living: seen }));
        if (living?.length === 0) left.delete(sweeper);
        else left.set(sweeper, living);
      }
      tell();
    },
  };
}

function textOf(left: readonly (readonly number[] | null)[]): string | null {
  const pids = left.flatMap((living) => living ?? []);
  if (pids.length > 0) return `Processes of an earlier run do not end: ${pids.join(', ')}.`;
  return left.length === 0 ? null : 'Processes cannot be listed: some of an earlier run may still live.';
}
