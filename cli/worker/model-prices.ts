/**
 * What answers of a model cost, in US dollars for a million tokens, as the public price list says. It serves to hold
 * a budget while a run goes on and to count runs that were killed; an unknown model is counted as the dearest.
 */
interface Price {
  readonly input: number;
  readonly output: number;
}

export interface Usage {
  /** Without what came from or went to the cache. */
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  /** Kept for five minutes, and for an hour. */
  readonly cacheWrite: number;
  readonly cacheWriteLong: number;
}

export const NO_USAGE: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, cacheWriteLong: 0 };

/** The first that fits; longer names before shorter ones. */
const PRICES: readonly (readonly [RegExp, Price])[] = [
  [/^claude-opus-4(-0|-1)?(-\d{8})?$/, { input: 15, output: 75 }],
  [/^claude-opus-(4|5)-\d/, { input: 5, output: 25 }],
  [/^claude-sonnet-\d/, { input: 3, output: 15 }],
  [/^claude-3-(5|7)-sonnet/, { input: 3, output: 15 }],
  [/^claude-haiku-\d/, { input: 1, output: 5 }],
  [/^claude-3-5-haiku/, { input: 0.8, output: 4 }],
];
const DEAREST: Price = { input: 15, output: 75 };

const CACHE_READ = 0.1;
const CACHE_WRITE = 1.25;
const CACHE_WRITE_LONG = 2;

export interface Cost {
  readonly usd: number;
  readonly isGuess: boolean;
}

export function costOf(model: string, usage: Usage): Cost {
  const known = PRICES.find(([name]) => name.test(model))?.[1];
  const { input, output } = known ?? DEAREST;
  const weighted =
    usage.input +
    usage.cacheRead * CACHE_READ +
    usage.cacheWrite * CACHE_WRITE +
    usage.cacheWriteLong * CACHE_WRITE_LONG;
  return { usd: (weighted * input + usage.output * output) / 1_000_000, isGuess: known === undefined };
}
