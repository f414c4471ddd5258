/** `work`: takes tasks for as long as it may live, several at once, whatever becomes of the server meanwhile. */
import { delayBefore } from '../retry.ts';
import { claimNext, hasRoom, openProjects, type Claimed } from './claim-next.ts';
import type { Leaving } from './leaving.ts';
import type { Worker } from './open-worker.ts';
import { noteEnd } from './run-end.ts';
import { startRun } from './run-task.ts';

const WAIT_SECONDS = 50;
/** A server that stops answers at once, without a task, is not to be hammered. */
const LEAST_MS = 1_000;
const LOOK_AGAIN_MS = 15_000;
const LONGEST_PAUSE_MS = 60_000;

/** Resolves when it was asked to leave and all runs have ended. */
export async function workLoop(worker: Worker, leaving: Leaving): Promise<void> {
  const running = new Set<Promise<unknown>>();
  const { kit } = worker;
  let failures = 0;
  while (!leaving.signal.aborted) {
    if (running.size >= kit.settings.concurrency) {
      await Promise.race([...running, aborted(leaving.signal)]);
      continue;
    }
    const refusal = worker.problems.refusal();
    if (refusal?.code === 'name_in_use') {
      // Another process has taken the name: two of them would take each other's leases for their own.
      leaving.ask();
      leaving.ask();
      await leaving.over();
      throw refusal;
    }
    if (!hasRoom(worker) || openProjects(worker).length === 0) {
      await pause(worker, LOOK_AGAIN_MS, leaving.signal);
      continue;
    }
    const startedMs = kit.clock.monotonicMs();
    const claimed = await claimNext(worker, { waitSeconds: WAIT_SECONDS, signal: leaving.signal }).then(
      (found) => {
        failures = 0;
        worker.problems.noteReach(null);
        return found;
      },
      (error: unknown) => {
        if (!leaving.signal.aborted) worker.problems.noteReach(error);
        failures += 1;
        return null;
      },
    );
    if (claimed !== null) begin(worker, claimed, { running, leaving });
    else await pause(worker, pauseMs(worker, failures, startedMs), leaving.signal);
  }
  await leaving.over();
}

interface Crew {
  readonly running: Set<Promise<unknown>>;
  readonly leaving: Leaving;
}

function begin(worker: Worker, { claim, project }: Claimed, { running, leaving }: Crew): void {
  const { run, ended } = startRun(claim, project, worker.kit);
  leaving.add(run.stopper, ended);
  const over = ended.then((end) => {
    noteEnd(worker, project, end);
    running.delete(over);
  });
  running.add(over);
}

function pauseMs({ kit }: Worker, failures: number, startedMs: number): number {
  if (failures > 0) return Math.min(LONGEST_PAUSE_MS, delayBefore(failures, 0, kit.random()) + LEAST_MS);
  return Math.max(0, LEAST_MS - (kit.clock.monotonicMs() - startedMs));
}

function pause({ kit }: Worker, ms: number, signal: AbortSignal): Promise<void> {
  const over = new Promise<void>((resolve) => kit.clock.after(ms, resolve));
  return Promise.race([over, aborted(signal)]);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
}
