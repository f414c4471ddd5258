/** The flags of `npm run torture -- ...`. */
import { parseArgs } from 'node:util';

export interface Options {
  readonly minutes: number;
  readonly seed: number;
  /** Another build's `dist/main.js`; to see whether the oracle notices what is broken in it. */
  readonly server: string | null;
  /** Kinds of faults that are left out. */
  readonly without: readonly string[];
  /** A small file system: the database lies there, and a full disk is one that is really full. */
  readonly disk: string | null;
  /** Keep the folder with journal and database even when nothing was found. */
  readonly keep: boolean;
}

export const USAGE =
  'npm run torture -- [--minutes N] [--seed S] [--disk FOLDER] [--without kill,stop,...] [--server path/to/other/dist/main.js] [--keep]';

/** Throws with one sentence when a flag is wrong. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '2' },
      seed: { type: 'string' },
      server: { type: 'string' },
      disk: { type: 'string' },
      without: { type: 'string', default: '' },
      keep: { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= 10_000)) throw new Error('--minutes must be a number above 0.');
  const seed = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('--seed must be a whole number from 0 up.');
  return {
    minutes,
    seed,
    server: values.server ?? null,
    disk: values.disk ?? null,
    without: values.without.split(',').filter((word) => word !== ''),
    keep: values.keep,
  };
}
