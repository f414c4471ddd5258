/** The flags of `npm run bench -- ...`. */
import { parseArgs } from 'node:util';

export interface Options {
  /** Rounds of the throughput part; each runs every contender once at every setting. */
  readonly rounds: number;
  /** Measured seconds of each contender in each round and setting. */
  readonly seconds: number;
  /** Samples of the parts that measure one thing at a time. */
  readonly samples: number;
  readonly large: { readonly pending: number; readonly finished: number };
  /** How many tasks `a million` is, and how many go through the server before it is weighed. */
  readonly scale: number;
  readonly weighed: number;
  readonly parts: readonly Part[];
  /** Another build's `dist/main.js`, measured beside this one. */
  readonly against: string | null;
}

export const PARTS = [
  'cli',
  'waiting',
  'throughput',
  'outage',
  'memory',
  'scale',
  'crew',
  'runs',
  'peers',
] as const;
export type Part = (typeof PARTS)[number];

export const USAGE = `npm run bench -- [--quick] [--only ${PARTS.join(',')}] [--rounds N] [--seconds S] [--against path/to/other/dist/main.js]
Without --only everything but the peers is measured; --only peers installs them into bench/peers first.`;

/** Throws with one sentence when a flag is wrong. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      against: { type: 'string' },
      only: { type: 'string' },
    },
  });
  const { quick } = values;
  return {
    rounds: positive('--rounds', values.rounds, quick ? 2 : 11),
    seconds: positive('--seconds', values.seconds, quick ? 0.25 : 0.5),
    samples: quick ? 30 : 300,
    large: { pending: 100_000, finished: 300_000 },
    scale: quick ? 50_000 : 1_000_000,
    weighed: quick ? 5000 : 100_000,
    parts: values.only === undefined ? PARTS.filter((part) => part !== 'peers') : readParts(values.only),
    against: values.against ?? null,
  };
}

function positive(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (value > 0 && value <= 1000) return value;
  throw new Error(`${name} must be a number from more than 0 to 1000.`);
}

function readParts(text: string): Part[] {
  const wanted = text.split(',').map((word) => word.trim());
  const unknown = wanted.filter((word) => !PARTS.some((part) => part === word));
  if (unknown.length > 0) throw new Error(`--only takes ${PARTS.join(', ')}, not ${unknown.join(', ')}.`);
  return PARTS.filter((part) => wanted.includes(part));
}
