/**
 * `npm run bench`: how fast Athena is, told as ratios to two ceilings that do the same work on the same
 * rows with the same durability, so that a noisy machine hardly matters. Figures are printed beside
 * their aims and never asserted; only a lost or doubled task, or a run that broke, ends it with 1.
 */
import { join } from 'node:path';
import { fill } from './backlog.ts';
import { measureCliStart } from './cli-start.ts';
import { startContenders } from './contenders.ts';
import { fsyncMs } from './disk.ts';
import { startLoad } from './load/client.ts';
import { readOptions, USAGE, type Options } from './options.ts';
import { createProcesses, residentMbOf, type Processes } from './processes.ts';
import * as report from './report.ts';
import { MAX_CLAIMS, runRounds, type Sizes } from './throughput.ts';
import { measureWaiting } from './waiting.ts';

const SMALL = '1,000 waiting';
const LARGE = '100,000 waiting + 300,000 finished';
const CLI_ROUNDS = 15;

const progress = (text: string) =>
  process.stderr.write(`bench: ${(performance.now() / 1000).toFixed(0).padStart(3)} s  ${text}\n`);

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

async function run(processes: Processes, options: Options): Promise<boolean> {
  const disk = fsyncMs(processes.folder);
  const load = startLoad(processes);
  progress('CLI start');
  const cli = await measureCliStart(processes, CLI_ROUNDS);
  progress('waiting claims');
  const waiting = await measureWaiting(processes, load, options.samples);

  const sizes = await startSizes(processes, options);
  const labels = Object.keys(sizes);
  const { samples, faults } = await runRounds(load, sizes, { ...options, progress });
  const loadedMb = residentMbOf(sizes[LARGE]![0]!.child.pid);

  const figures = [
    ...report.throughputFigures(samples, labels),
    ...report.waitingFigures(waiting, loadedMb),
    ...report.cliFigures(cli),
    ...report.faultFigures(faults, waiting.answeredEarly),
  ];
  console.log(`\nOne cycle is claim-next and complete: two requests, two durable commits (synchronous=FULL).
Medians of ${options.rounds} interleaved rounds of ${options.seconds} s; a durable write takes ${disk.toFixed(2)} ms here.
Ceiling 1: bare node:http, one commit per request. Ceiling 2: the same with group commit.
Processor time (us) is for one whole cycle, server and load client apart.\n`);
  console.log(report.throughputTable(samples, labels));
  console.log(`\nRatios are taken inside each round; above 1 is faster than the ceiling.\n`);
  console.log(report.figureTable(figures));
  return faults.lost + faults.doubled + faults.left + waiting.answeredEarly === 0;
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
