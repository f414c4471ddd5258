/** One run: everything is started, tormented, calmed and drained; then the oracle looks. */
import { setMaxListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createDiscordTwin } from '../tests/support/discord-twin/index.ts';
import { troubleDiscord } from './faults/discord-faults.ts';
import { torment } from './faults/server-faults.ts';
import { createJournal } from './journal.ts';
import { createKeeper, freePort } from './keeper.ts';
import { createBoard } from './load/board.ts';
import { runMachine } from './load/machines.ts';
import { runOperator } from './load/operators.ts';
import { runPerson } from './load/people.ts';
import { runWorker } from './load/workers.ts';
import { drain } from './drain.ts';
import { judge, type Verdict } from './judge.ts';
import type { Options } from './options.ts';
import { pause, within } from './pause.ts';
import { startProxy } from './proxy.ts';
import { createDice } from './random.ts';
import { createTally } from './tally.ts';
import { watchUse, type MostUsed } from './use.ts';
import { CHANNEL, LEASE_MS, type World } from './world.ts';

const WORKERS = 5;
const OPERATORS = 3;
const MACHINES = 2;
const PEOPLE = 3;
const OPERATOR_PAUSE_MS = 150;
const PERSON_PAUSE_MS = 900;
const PROGRESS_MS = 10_000;
/** The longest that an operation under way may still take. */
const ACTORS_END_MS = 60_000;

export interface Run {
  readonly options: Options;
  readonly seconds: number;
  readonly world: World;
  readonly verdict: Verdict;
  readonly used: MostUsed;
}

export interface Watcher {
  progress(line: string): void;
  /** Aborted when whoever watches has seen enough. */
  readonly stop: AbortSignal;
}

export async function runTorture(options: Options, watcher: Watcher): Promise<Run> {
  const calm = new AbortController();
  const over = new AbortController();
  // Every pause of every actor listens.
  setMaxListeners(0, calm.signal, over.signal);
  const world = await build(options, { calm: calm.signal, over: over.signal });
  const began = performance.now();
  const watching = watch(world, watcher);
  const used = watchUse(world.keeper, over.signal);
  watcher.stop.addEventListener('abort', () => {
    // Ctrl-C reaches every process of the terminal, the server too.
    world.keeper.excuse('interrupted', 15_000);
    calm.abort();
  });
  try {
    world.keeper.start();
    await world.keeper.up();
    await world.twin.waitForBot({ timeoutMs: 20_000 });
    const actors = startActors(world);
    await pause(options.minutes * 60_000, calm.signal);
    calm.abort();
    watcher.progress('calm: waiting for what is under way');
    if ((await within(ACTORS_END_MS, actors)) === null)
      world.findings.push('an actor did not come to an end');
    await drain(world);
    over.abort();
    await watching;
    const verdict = await judge(world);
    return { options, world, verdict, used: used(), seconds: (performance.now() - began) / 1000 };
  } finally {
    calm.abort();
    over.abort();
    await world.keeper.close();
    await world.proxy.close();
    await world.twin.stop();
  }
}

export function removeFolder({ folder, database }: World): void {
  for (const each of [folder, path.dirname(database)]) rmSync(each, { recursive: true, force: true });
}

async function build(options: Options, signals: Pick<World, 'calm' | 'over'>): Promise<World> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'athena-torture-'));
  const journal = createJournal(path.join(folder, 'journal.jsonl'));
  const dice = (name: string) => createDice(options.seed, name);
  const faults = createTally();
  const findings: string[] = [];
  const twin = createDiscordTwin({
    channels: [CHANNEL],
    // Faster than Discord's five in five seconds, and kept by the same headers.
    rateLimits: { perChannel: 50, windowMs: 1000 },
    sessionStarts: 1_000_000,
    requestsKept: 100,
  });
  await twin.start();
  // Not diced: two runs with one seed must not meet on one port.
  const port = await freePort();
  const database = path.join(
    options.disk === null ? folder : mkdtempSync(path.join(options.disk, 'athena-torture-')),
    'tasks.db',
  );
  const env = {
    DB_PATH: database,
    DISCORD_TOKEN: twin.token,
    DISCORD_API_URL: twin.url,
    LEASE_MINUTES: String(LEASE_MS / 60_000),
  };
  const keeper = createKeeper({ folder, port, main: options.server, env, journal, findings });
  const proxy = await startProxy({ target: port, dice: dice('proxy'), faults });
  return {
    options,
    folder,
    database,
    journal,
    keeper,
    proxy,
    twin,
    board: createBoard(),
    faults,
    findings,
    dice,
    ...signals,
  };
}

function startActors(world: World): Promise<unknown> {
  const several = (count: number, start: (n: number) => Promise<void>) =>
    Array.from({ length: count }, (_, n) => start(n + 1));
  const guarded = (work: Promise<void>) =>
    work.catch((error: unknown) => {
      world.findings.push(
        `an actor broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    });
  return Promise.all(
    [
      ...several(WORKERS, (n) => runWorker(world, `worker-${n}`)),
      ...several(OPERATORS, (n) => runOperator(world, `operator-${n}`, OPERATOR_PAUSE_MS)),
      ...several(MACHINES, (n) => runMachine(world, `machine-${n}`)),
      ...several(PEOPLE, (n) => runPerson(world, `person-${n}`, PERSON_PAUSE_MS)),
      torment(world),
      troubleDiscord(world),
    ].map(guarded),
  );
}

async function watch(world: World, watcher: Watcher): Promise<void> {
  const { journal, faults, twin, over, findings, board } = world;
  while (!over.aborted) {
    await pause(PROGRESS_MS, over);
    const seconds = Math.round(journal.now() / 1000);
    watcher.progress(
      `${seconds} s  ${journal.ops.length} operations, ${faults.of('server killed')}+${faults.of('client killed')} kills, ` +
        `${twin.channel(CHANNEL).messages.length} messages, ${board.undelivered} untold, ${findings.length} findings`,
    );
  }
}
