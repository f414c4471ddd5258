/**
 * Rounds of claim-and-complete. In each round every contender has its turn at every setting, one right
 * after the other, and ratios are taken inside the round: the machine may change its speed between
 * rounds, hardly between two neighbours.
 */
import type { ContenderName, Contender } from './contenders.ts';
import { KEY } from './contenders.ts';
import type { Load } from './load/client.ts';
import type { CycleReport } from './load/cycles.ts';
import { median } from './numbers.ts';
import { cpuMsOf } from './processes.ts';

export const CONNECTIONS = [1, 16, 64] as const;
export type Connections = (typeof CONNECTIONS)[number];

/** How many claims a slice may take at most: the backlog is filled this far above its size. */
export const MAX_CLAIMS = 4000;
/** The refill came over another connection, so each slice begins with an empty page cache. */
const WARM_MS = 250;
/** A server's code is compiled as it is used, and the one with more code needs longer for it. */
const FIRST_WARM_SLICES = 4;

export interface Sample extends CycleReport {
  readonly contender: ContenderName;
  readonly size: string;
  readonly connections: Connections;
  readonly round: number;
  /** Microseconds of the server's processor time for each cycle; null where the system does not tell. */
  readonly serverUs: number | null;
}

/** Tasks that went wrong, which must be none. */
export interface Faults {
  lost: number;
  doubled: number;
  left: number;
}

export interface Sizes {
  readonly [label: string]: readonly Contender[];
}

export async function runRounds(
  load: Load,
  sizes: Sizes,
  { rounds, seconds, progress }: { rounds: number; seconds: number; progress: (text: string) => void },
): Promise<{ samples: Sample[]; faults: Faults }> {
  const samples: Sample[] = [];
  const faults: Faults = { lost: 0, doubled: 0, left: 0 };
  progress('warming up');
  for (const turn of turnsOf(sizes, 0))
    await runSlice(
      load,
      { ...turn, connections: 64, round: 0, ms: seconds * FIRST_WARM_SLICES * 1000 },
      faults,
    );
  for (let round = 1; round <= rounds; round += 1) {
    progress(`round ${round} of ${rounds}`);
    for (const connections of CONNECTIONS)
      for (const turn of turnsOf(sizes, round))
        samples.push(await runSlice(load, { ...turn, connections, round, ms: seconds * 1000 }, faults));
  }
  return { samples, faults };
}

interface Turn {
  readonly size: string;
  readonly contender: Contender;
}

/** Each contender's two sizes are neighbours, and who begins changes with the round. */
function turnsOf(sizes: Sizes, round: number): Turn[] {
  const labels = Object.keys(sizes);
  const count = sizes[labels[0]!]!.length;
  return Array.from({ length: count }, (_, i) => (i + round) % count).flatMap((i) =>
    (round % 2 === 0 ? labels : labels.toReversed()).map((size) => ({ size, contender: sizes[size]![i]! })),
  );
}

interface SliceOrder extends Turn {
  readonly connections: Connections;
  readonly round: number;
  readonly ms: number;
}

async function runSlice(load: Load, order: SliceOrder, faults: Faults): Promise<Sample> {
  const { contender, connections, size, round, ms } = order;
  const { child, backlog } = contender;
  const cpuBefore = cpuMsOf(child.pid);
  const report = await load.cycles({
    port: child.port,
    key: KEY,
    connections,
    ms,
    warmMs: WARM_MS,
    maxClaims: MAX_CLAIMS - connections,
  });
  const cpuAfter = cpuMsOf(child.pid);

  const found = backlog.look();
  faults.lost += Math.abs(report.claims - found.claims) + Math.abs(report.completions - found.completions);
  faults.doubled += report.doubled + found.doubled;
  faults.left += found.left;
  backlog.putBack();

  const cpuMs = cpuBefore === null || cpuAfter === null ? null : cpuAfter - cpuBefore;
  const serverUs = cpuMs === null ? null : (cpuMs * 1000) / report.completions;
  return { ...report, contender: contender.name, size, connections, round, serverUs };
}

export interface Setting {
  readonly size: string;
  readonly connections: Connections;
}

export function select(samples: readonly Sample[], contender: ContenderName, at: Setting): Sample[] {
  return samples.filter(
    (sample) =>
      sample.contender === contender && sample.size === at.size && sample.connections === at.connections,
  );
}

/** The median over the rounds of a ratio taken inside each, to the two digits that are shown and judged. */
export function medianRatio(
  over: readonly Sample[],
  under: readonly Sample[],
  of: (sample: Sample) => number | null = (sample) => sample.rate,
): number {
  const ratio = median(
    over.map((sample) => {
      const other = under.find(({ round }) => round === sample.round);
      return (of(sample) ?? Number.NaN) / ((other && of(other)) ?? Number.NaN);
    }),
  );
  return Math.round(ratio * 100) / 100;
}
