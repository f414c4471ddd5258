/** `work`: takes tasks for as long as it may live, several at once, whatever becomes of the server meanwhile. */
import { delayBefore } from '../retry.ts';
import { claimNext, hasRoom, openProjects, type Claimed } from './claim-next.ts';
import type { RunClock } from './clock.ts';
import type { Leaving } from './leaving.ts';
import type { Worker } from './open-worker.ts';
import { noteEnd } from './run-end.ts';
import { startRun } from './run-task.ts';
import { createTidy } from './tidy.ts';
import { errorText } from './worker-log.ts';

const WAIT_SECONDS = 50;
/** A server that stops answers at once, without a task, is not to be hammered. */
const LEAST_MS = 1_000;
const LOOK_AGAIN_MS = 15_000;
const LONGEST_PAUSE_MS = 60_000;

/** Resolves when it was asked to leave and all runs have ended. */
export async function workLoop(worker: Worker, leaving: Leaving): Promise<void> {
  const crew: Crew = {
    worker,
    leaving,
    pause: createPause(worker.kit.clock, leaving.signal),
    running: new Set(),
    failures: 0,
  };
  const tidy = createTidy(worker);
  leaving.signal.addEventListener('abort', crew.pause.end);
  while (!leaving.signal.aborted) {
    await requireName(crew);
    tidy();
    if (crew.running.size >= worker.kit.settings.concurrency) await crew.pause.for(null);
    else if (!(await hasRoom(worker)) || openProjects(worker).length === 0)
      await crew.pause.for(LOOK_AGAIN_MS);
    else await takeNext(crew);
  }
  await leaving.over();
}

interface Crew {
  readonly worker: Worker;
  readonly leaving: Leaving;
  readonly pause: Pause;
  readonly running: Set<Promise<unknown>>;
  failures: number;
}

/** Two processes of one name would take each other's leases for their own. */
async function requireName({ worker, leaving }: Crew): Promise<void> {
  const refusal = worker.problems.refusal();
  if (refusal?.code !== 'name_in_use') return;
  leaving.ask();
  leaving.ask();
  await leaving.over();
  throw refusal;
}

async function takeNext(crew: Crew): Promise<void> {
  const { worker, leaving, pause } = crew;
  const { kit, problems } = worker;
  const startedMs = kit.clock.monotonicMs();
  try {
    const claimed = await claimNext(worker, { waitSeconds: WAIT_SECONDS, signal: leaving.signal });
    crew.failures = 0;
    problems.noteReach(null);
    if (claimed !== null) begin(crew, claimed);
    else await pause.for(Math.max(0, LEAST_MS - (kit.clock.monotonicMs() - startedMs)));
  } catch (error) {
    if (leaving.signal.aborted) return;
    problems.noteReach(error);
    crew.failures += 1;
    const delayMs = delayBefore(crew.failures, 0, kit.random()) + LEAST_MS;
    await pause.for(Math.min(LONGEST_PAUSE_MS, delayMs));
  }
}

function begin({ worker, leaving, pause, running }: Crew, { claim, project }: Claimed): void {
  const { run, ended } = startRun(claim, project, worker.kit);
  leaving.add(run.stopper, ended);
  const over = ended
    .then(
      (end) => {
        noteEnd(worker, project, end);
      },
      (error: unknown) => {
        worker.kit.log.warn('the run broke', { task_id: claim.task.id, error: errorText(error) });
      },
    )
    // Whatever became of it: its place is free.
    .finally(() => {
      running.delete(over);
      pause.end();
    });
  running.add(over);
}

interface Pause {
  /** Null: until it is ended. None is begun after the word to end. */
  for(ms: number | null): Promise<void>;
  readonly end: () => void;
}

function createPause(clock: RunClock, over: AbortSignal): Pause {
  let end = () => {};
  return {
    for: (ms) =>
      new Promise((resolve) => {
        if (over.aborted) {
          resolve();
          return;
        }
        const callOff = ms === null ? () => {} : clock.after(ms, resolve);
        end = () => {
          callOff();
          resolve();
        };
      }),
    end: () => {
      end();
    },
  };
}
