/**
 * What a worker adds to a task beside the work itself. The work is a command that notes when it begins and when it
 * ends, so that no model's time is in it. All clocks are the one of this machine.
 */
import { join } from 'node:path';
import { spread, type Spread } from './numbers.ts';
import { residentMbOf, type Processes } from './processes.ts';
import { openWorkerStage, timeOf, until, type WorkerStage } from './worker-stage.ts';

const AT_ONCE = [1, 4, 8];
/** Tasks for each place of a worker. */
const TASKS_EACH = 6;
/** Long enough for all places to be taken at once. */
const WORK_SECONDS = 1;

export interface Runs {
  readonly atOnce: number;
  /** Milliseconds from the claim, as the server dates it, to the first instruction of the command. */
  readonly toStart: Spread;
  /** Milliseconds from the command's last instruction to the moment when the git host has the branch. */
  readonly toPushed: Spread;
  /** What the worker's own process weighs more at most, for each run; null where the system does not tell. */
  readonly mbEach: number | null;
}

export async function measureRuns(processes: Processes, progress: (text: string) => void): Promise<Runs[]> {
  const found: Runs[] = [];
  for (const atOnce of AT_ONCE) {
    progress(`${atOnce} runs at once`);
    const name = `runs-${atOnce}`;
    const marks = join(processes.folder, `${name}.marks`);
    const command = ['/bin/sh', '-c', workNoted(marks)];
    const project = { executor: 'command', command };
    const stage = await openWorkerStage(processes, { name, concurrency: atOnce, project });
    try {
      found.push(await drive(stage, { atOnce, marks }));
    } finally {
      await stage.close();
    }
  }
  return found;
}

async function drive(
  stage: WorkerStage,
  { atOnce, marks }: { atOnce: number; marks: string },
): Promise<Runs> {
  // The first one copies the repository to the worker, once for all: it is not counted.
  await stage.add(1);
  await until(() => stage.pushed() === 1);
  const idleMb = residentMbOf(stage.worker.pid);
  let busyMb = idleMb;
  const ids = Array.from({ length: atOnce * TASKS_EACH }, (_, index) => index + 2);
  for (const id of ids) await stage.add(id);
  await until(() => {
    busyMb = Math.max(busyMb ?? 0, residentMbOf(stage.worker.pid) ?? 0);
    return stage.pushed() === ids.length + 1;
  });
  const times = await Promise.all(
    ids.map(async (id) => ({
      toStart: timeOf(marks, `begin ${id}`) - (await stage.claimedAt(id)),
      toPushed: stage.pushedAt(id) - timeOf(marks, `end ${id}`),
    })),
  );
  return {
    atOnce,
    toStart: spread(times.map(({ toStart }) => toStart)),
    toPushed: spread(times.map(({ toPushed }) => toPushed)),
    mbEach: busyMb === null || idleMb === null ? null : (busyMb - idleMb) / atOnce,
  };
}

function workNoted(marks: string): string {
  const note = (what: string) => `echo ${what} $ATHENA_TASK_ID $(date +%s%N) >> ${marks}`;
  return `${note('begin')}; echo 1 > file-$ATHENA_TASK_ID.txt; sleep ${WORK_SECONDS}; ${note('end')}`;
}
