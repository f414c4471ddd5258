/** The living part of a run: setup, executor, saves on the way, and the sweep after which nothing of it lives. */
import type { Brief, Ending, Running } from './executor.ts';
import type { LiveRun } from './live-run.ts';
import { createSweeper, type Sweeper } from './process-sweep.ts';
import { runSetup } from './setup-command.ts';
import { errorText } from './worker-log.ts';

export interface Execution {
  readonly run: LiveRun;
  readonly brief: Brief;
  readonly mark: string;
  /** The run's folder. */
  readonly root: string;
  /** What is there so far is kept; never rejects. */
  readonly checkpoint: () => Promise<void>;
}

const LOOK_MS = 500;
/** A run that was told to stop has done so within 700 ms, or is made to. */
const STOP_MS = 700;
const LOOK_AGAIN_MS = 1_000;
/** What has not ended by then is left to whoever asks whether another run may begin. */
const SWEEP_MS = 60_000;

export async function execute(execution: Execution): Promise<Ending> {
  const { run, brief, root, mark } = execution;
  const sweeper = createSweeper({ mark, folder: root }, run.kit.sweep);
  run.stopwatch.resume();
  const ends = [watchProcesses(sweeper, run), watchTime(run, brief), checkpoints(execution)];
  try {
    return (await setUp(execution, sweeper)) ?? (await goOn(execution, sweeper));
  } finally {
    run.stopwatch.pause();
    for (const end of ends) end();
    await sweepAll(sweeper, run);
  }
}

/** Undefined: it may go on. */
async function setUp({ run, brief }: Execution, sweeper: Sweeper): Promise<Ending | undefined> {
  const { project, stopper, poster } = run;
  if (stopper.cause() !== null) return { kind: 'stopped' };
  if (project.setup === null) return undefined;
  poster.add({ kind: 'notice', text: `Setup: ${project.setup}` });
  const end = await runSetup({
    command: project.setup,
    folders: brief.folders,
    env: brief.env,
    timeoutMs: project.setupMs,
    signal: stopper.signal,
    started: (pid) => {
      sweeper.add(pid);
    },
  });
  if (end.kind === 'failed') return { kind: 'failed', detail: end.detail };
  return end.kind === 'stopped' ? { kind: 'stopped' } : undefined;
}

async function goOn({ run, brief }: Execution, sweeper: Sweeper): Promise<Ending> {
  const { stopper, kit, project, watcher } = run;
  if (stopper.cause() !== null) return { kind: 'stopped' };
  const running = kit.executorOf(project).start(brief, watcher);
  adopt(running, sweeper);
  const look = kit.clock.after(LOOK_MS / 5, () => {
    adopt(running, sweeper);
  });
  let callOff = () => {};
  const stop = () => {
    running.stop();
    // Also what left the run's group: it must not outlive the word that it is over.
    callOff = kit.clock.after(STOP_MS, () => {
      adopt(running, sweeper);
      sweeper.sweep({ graceMs: 0 }).catch(() => {});
    });
  };
  stopper.signal.addEventListener('abort', stop);
  if (stopper.signal.aborted) stop();
  run.onReply((reply) => {
    running.reply(reply);
  });
  const { ending, sessionId } = await running.ended;
  look();
  // All that is left is swept now, by whoever waited for this end.
  callOff();
  stopper.signal.removeEventListener('abort', stop);
  if (sessionId !== null && watcher.sessionId() === null) watcher.session(sessionId);
  return ending;
}

function adopt(running: Running, sweeper: Sweeper): void {
  for (const pid of running.pids()) sweeper.add(pid);
}

function watchProcesses(sweeper: Sweeper, { kit }: LiveRun): () => void {
  let callOff = () => {};
  let isOver = false;
  const look = () => {
    const again = () => {
      if (!isOver) callOff = kit.clock.after(LOOK_MS, look);
    };
    // What could not be seen this time is seen the next.
    sweeper.look().then(again, again);
  };
  look();
  return () => {
    isOver = true;
    callOff();
  };
}

function watchTime({ stopper, stopwatch }: LiveRun, { left }: Brief): () => void {
  if (left.minutes === null) return () => {};
  return stopwatch.at(left.minutes * 60_000, () => {
    stopper.stop({ kind: 'minutes' });
  });
}

function checkpoints({ run, checkpoint }: Execution): () => void {
  const { clock, settings } = run.kit;
  let isOver = false;
  const next = () => clock.after(settings.checkpointMs, save);
  let callOff = next();
  function save(): void {
    void checkpoint().finally(() => {
      if (!isOver) callOff = next();
    });
  }
  return () => {
    isOver = true;
    callOff();
  };
}

/** No new run starts while something of an old one lives; this one ends all the same. */
async function sweepAll(sweeper: Sweeper, { kit, claim, stopper }: LiveRun): Promise<void> {
  const graceMs = stopper.cause() === null ? 500 : 0;
  const begun = kit.sweep.elapsed();
  for (;;) {
    const living = await sweeper.sweep({ graceMs }).then(
      (swept) => swept.living,
      // What cannot be seen may still live.
      (error: unknown) => {
        kit.log.warn('processes cannot be listed', { task_id: claim.task.id, error: errorText(error) });
        return null;
      },
    );
    if (living?.length === 0) return;
    if (living !== null)
      kit.log.warn('processes of the run do not end', { task_id: claim.task.id, pids: living });
    if (kit.hurry.aborted || kit.sweep.elapsed() - begun >= SWEEP_MS) {
      kit.haunted.add(sweeper, living);
      return;
    }
    if (living === null) await kit.sweep.sleep(LOOK_AGAIN_MS);
  }
}
