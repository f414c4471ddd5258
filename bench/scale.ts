/**
 * What may not depend on how much there is: starting, looking and claiming, with a million tasks beside a
 * thousand. Both servers run at the same time and are asked in turns.
 */
import { join } from 'node:path';
import { fill } from './backlog.ts';
import { KEY, launchServer } from './contenders.ts';
import type { Load } from './load/client.ts';
import { median, spread } from './numbers.ts';
import type { Child, Processes } from './processes.ts';

export interface Scale {
  /** Milliseconds from spawning to listening; medians. */
  readonly start: { readonly small: number; readonly large: number };
  /** Median milliseconds at a million over median at a thousand. */
  readonly reads: Readonly<Record<string, { readonly largeMs: number; readonly ratio: number }>>;
  /** The same for a claim, with that many pending. */
  readonly claim: { readonly largeMs: number; readonly ratio: number };
  readonly faults: number;
}

const SMALL = 1000;
/** How many claims a slice may take. */
const SPARE = 2000;
const STARTS = 5;
const CLAIM_ROUNDS = 7;

const READS = [
  '/api/stats',
  '/api/instances',
  '/api/tasks?status=pending&limit=50',
  '/api/tasks?status=completed&limit=50',
  '/api/tasks?status=all&limit=50',
  '/api/tasks?status=failed,cancelled&limit=50',
  '/api/tasks/500',
  '/api/tasks/500/logs',
];

export async function measureScale(
  processes: Processes,
  load: Load,
  { tasks, samples, progress }: { tasks: number; samples: number; progress: (text: string) => void },
): Promise<Scale> {
  progress(`filling: ${tasks} finished`);
  const finished = await filled(processes, 'finished', { pending: 50, finished: tasks });
  const few = await filled(processes, 'few', { pending: 50, finished: SMALL });
  progress('starts and reads');
  const start = await measureStarts(processes, { small: few, large: finished });
  const reads = await measureReads(processes, load, { small: few, large: finished, samples });
  progress(`filling: ${tasks} pending`);
  const pending = await filled(processes, 'pending', { pending: tasks + SPARE, finished: 0 });
  const short = await filled(processes, 'short', { pending: SMALL + SPARE, finished: 0 });
  progress('claims');
  return { start, reads, ...(await measureClaims(processes, load, { small: short, large: pending })) };
}

async function filled(
  processes: Processes,
  name: string,
  size: { pending: number; finished: number },
): Promise<string> {
  const path = join(processes.folder, `scale-${name}.db`);
  await fill(path, size);
  return path;
}

interface Pair {
  readonly small: string;
  readonly large: string;
}

async function measureStarts(processes: Processes, pair: Pair): Promise<Scale['start']> {
  const times = { small: [] as number[], large: [] as number[] };
  for (let i = 0; i < STARTS; i += 1) {
    for (const size of ['small', 'large'] as const) {
      const begin = performance.now();
      const child = await processes.serve(launchServer(pair[size]));
      times[size].push(performance.now() - begin);
      await child.stop();
    }
  }
  return { small: median(times.small), large: median(times.large) };
}

async function measureReads(
  processes: Processes,
  load: Load,
  { samples, ...pair }: Pair & { samples: number },
): Promise<Scale['reads']> {
  const times = { small: {} as Record<string, number[]>, large: {} as Record<string, number[]> };
  const servers = await both(processes, pair);
  // In turns of some samples each, so that a slow moment of the machine hits both.
  const turns = Math.max(2, Math.round(samples / 20));
  for (let turn = 0; turn < turns; turn += 1) {
    for (const size of turn % 2 === 0 ? (['small', 'large'] as const) : (['large', 'small'] as const)) {
      const report = await load.reads({ port: servers[size].port, key: KEY, paths: READS, samples: 20 });
      for (const path of READS) (times[size][path] ??= []).push(...report[path]!);
    }
  }
  await Promise.all([servers.small.stop(), servers.large.stop()]);
  return Object.fromEntries(
    READS.map((path) => {
      const largeMs = median(times.large[path]!);
      return [path, { largeMs, ratio: largeMs / median(times.small[path]!) }];
    }),
  );
}

async function measureClaims(
  processes: Processes,
  load: Load,
  pair: Pair,
): Promise<Pick<Scale, 'claim' | 'faults'>> {
  const servers = await both(processes, pair);
  const p50 = { small: [] as number[], large: [] as number[] };
  let faults = 0;
  for (let round = -1; round < CLAIM_ROUNDS; round += 1) {
    for (const size of ['small', 'large'] as const) {
      const maxClaims = SPARE / (CLAIM_ROUNDS + 1);
      const order = { port: servers[size].port, key: KEY, connections: 1, ms: 1000, warmMs: 50, maxClaims };
      const report = await load.cycles(order);
      faults += report.doubled;
      if (round >= 0) p50[size].push(report.claim.p50);
    }
  }
  await Promise.all([servers.small.stop(), servers.large.stop()]);
  const ratios = p50.large.map((large, i) => large / p50.small[i]!);
  return { claim: { largeMs: spread(p50.large).p50, ratio: median(ratios) }, faults };
}

async function both(processes: Processes, { small, large }: Pair): Promise<Record<keyof Pair, Child>> {
  return {
    small: await processes.serve(launchServer(small)),
    large: await processes.serve(launchServer(large)),
  };
}
