/**
 * `npm run bench`: how fast Athena is, told as ratios to ceilings and peers measured in the same run, so that a
 * noisy machine hardly matters. Figures are printed beside their aims and never asserted; only a lost or
 * doubled task, or a run that broke, ends it with 1.
 */
import { join } from 'node:path';
import { fill } from './backlog.ts';
import { measureClaudeRuns } from './claude-runs.ts';
import { measureCliStart } from './cli-start.ts';
import { startContenders } from './contenders.ts';
import { fsyncMs } from './disk.ts';
import { measureCrew } from './crew.ts';
import * as figures from './figures.ts';
import { startLoad, type Load } from './load/client.ts';
import { measureMemory } from './memory.ts';
import { readOptions, USAGE, type Options, type Part } from './options.ts';
import { measureOutage } from './outage.ts';
import { measurePeers } from './peers.ts';
import { createProcesses, type Processes } from './processes.ts';
import { measureRuns } from './runs.ts';
import { measureScale } from './scale.ts';
import { figureTable, type Figure } from './table.ts';
import { throughputFigures, throughputTable } from './throughput-report.ts';
import { MAX_CLAIMS, runRounds, type Sizes } from './throughput.ts';
import { measureWaiting } from './waiting.ts';

const SMALL = '1,000 waiting';
const LARGE = '100,000 waiting + 300,000 finished';
const CLI_ROUNDS = 15;

interface Bench {
  readonly processes: Processes;
  readonly load: Load;
  readonly options: Options;
  readonly progress: (text: string) => void;
}

/** Prints its own table, if it has one. */
type Measure = (bench: Bench) => Promise<Figure[]>;

const progress = (text: string) =>
  process.stderr.write(`bench: ${(performance.now() / 1000).toFixed(0).padStart(3)} s  ${text}\n`);

const MEASURES: Readonly<Record<Part, Measure>> = {
  cli: async ({ processes }) => figures.cliFigures(await measureCliStart(processes, CLI_ROUNDS)),
  waiting: async ({ processes, load, options }) =>
    figures.waitingFigures(await measureWaiting(processes, load, options.samples)),
  throughput: measureThroughput,
  outage: async ({ processes, load }) => figures.outageFigures(await measureOutage(processes, load)),
  memory: async ({ processes, load, options }) =>
    figures.memoryFigures(await measureMemory(processes, load, options.weighed)),
  scale: async ({ processes, load, options, progress }) => {
    const { scale: tasks, samples } = options;
    return figures.scaleFigures(await measureScale(processes, load, { tasks, samples, progress }), tasks);
  },
  crew: async ({ processes, load }) => figures.crewFigures(await measureCrew(processes, load)),
  runs: async ({ processes, progress }) => [
    ...figures.runFigures(await measureRuns(processes, progress)),
    ...figures.claudeFigures(await measureClaudeRuns(processes)),
  ],
  peers: async ({ processes, load, options, progress }) => {
    const { rounds, seconds } = options;
    const how = { rounds: Math.min(rounds, 5), ms: seconds * 2000, progress };
    console.log(`\n${figures.peerTable(await measurePeers(processes, load, how))}`);
    return [];
  },
};

async function measureThroughput({ processes, load, options, progress }: Bench): Promise<Figure[]> {
  const sizes = await startSizes(processes, options);
  const labels = Object.keys(sizes);
  const { samples, faults } = await runRounds(load, sizes, { ...options, progress });
  await Promise.all(Object.values(sizes).flatMap((all) => all.map(({ child }) => child.stop())));
  console.log(`
One cycle is claim-next and complete: two requests, two durable commits (synchronous=FULL).
Medians of ${options.rounds} interleaved rounds of ${options.seconds} s; a durable write takes ${fsyncMs(processes.folder).toFixed(2)} ms here.
Ceiling 1: bare node:http, one commit per request. Ceiling 2: the same with group commit.
Processor time (us) is for one whole cycle, server and load client apart.
Ratios are taken inside each round; above 1 is faster than the ceiling.\n`);
  console.log(throughputTable(samples, labels));
  return [...throughputFigures(samples, labels), ...figures.faultFigures(faults)];
}

async function startSizes(processes: Processes, { large, against }: Options): Promise<Sizes> {
  const sizes: Record<string, Sizes[string]> = {};
  const wanted = [
    { label: SMALL, size: { pending: 1000, finished: 0 } },
    { label: LARGE, size: large },
  ];
  for (const { label, size } of wanted) {
    progress(`filling: ${label}`);
    const filled = join(processes.folder, `${label}.db`);
    await fill(filled, { ...size, pending: size.pending + MAX_CLAIMS });
    sizes[label] = await startContenders(processes, { filled, label, against });
  }
  return sizes;
}

/** Whether nothing was lost or doubled: an aim that is missed is told, one that must be 0 fails. */
async function run(processes: Processes, options: Options): Promise<boolean> {
  const load = startLoad(processes);
  const found: Figure[] = [];
  for (const part of options.parts) {
    progress(part);
    found.push(...(await MEASURES[part]({ processes, load, options, progress })));
  }
  if (found.length > 0) console.log(`\n${figureTable(found)}`);
  return found.every(({ aim, good }) => aim !== '0' || good === true);
}

async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    return 2;
  }
  const processes = createProcesses();
  try {
    return (await run(processes, options)) ? 0 : 1;
  } catch (error) {
    process.stderr.write(
      `The bench broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return 1;
  } finally {
    await processes.stopAll();
  }
}

process.exitCode = await main();
