/** The worker itself: takes tasks and has them done, until it is told to end, or with `--once` a single one. */
import path from 'node:path';
import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { ClientError, usageError } from '../errors.ts';
import { taskLine } from '../format.ts';
import { text, wholeNumber } from '../given.ts';
import { USUAL } from '../retry.ts';
import { safeLine } from '../text.ts';
import { announce } from '../worker/announce.ts';
import { createLeaving } from '../worker/leaving.ts';
import { orAborted } from '../worker/or-aborted.ts';
import { openWorker, requireWorkspace, type Worker } from '../worker/open-worker.ts';
import type { WorkerSettings } from '../worker/settings.ts';
import { recover } from '../worker/recovery.ts';
import { FOR_TEXTS } from '../worker/worker-api.ts';
import { loadWorkerConfig, thisMachine, workerConfigFile } from '../worker/worker-config.ts';
import { workLoop } from '../worker/work-loop.ts';
import { workOnce, type Idle, type Once } from '../worker/work-once.ts';

const MOST_AT_ONCE = 64;

export async function run(deps: Deps, { options }: Given): Promise<Outcome> {
  const { host } = deps;
  if (host.platform === 'win32') {
    const hint = 'Install it in WSL2 and run it there.';
    throw new ClientError('bad_config', 'The worker does not run on Windows itself.', { hint });
  }
  const isOnce = options['once'] === true;
  const settings = settingsFor(deps, options, isOnce);
  requireWorkspace(settings);
  const worker = await openWorker(deps, settings);
  try {
    const leaving = createLeaving({ ...worker.kit, graceMs: settings.graceMs, hurry: worker.hurry });
    host.takeSignals(leaving.ask);
    await arrive(worker, leaving.signal, isOnce);
    if (isOnce) return onceOutcome(await workOnce(worker, leaving), worker.kit.redact);
    await workLoop(worker, leaving);
    return { json: { ended: true }, lines: [] };
  } finally {
    await worker.close();
  }
}

const GIVE_UP_MS = 7_000;

/**
 * Nothing is claimed before it is over. Nothing of this worker runs yet, either: who is told to end ends at once, and
 * what an earlier process left waits for the next.
 */
async function arrive(worker: Worker, signal: AbortSignal, isOnce: boolean): Promise<void> {
  const givenUp = new AbortController();
  const giveUp = () => {
    worker.hurry();
    worker.kit.clock.after(GIVE_UP_MS, () => {
      givenUp.abort();
    });
  };
  signal.addEventListener('abort', giveUp);
  await announce(worker, { signal, patience: isOnce ? USUAL : null });
  const recovering = recover(worker, { signal, patience: isOnce ? USUAL : FOR_TEXTS });
  await orAborted(recovering, givenUp.signal);
  signal.removeEventListener('abort', giveUp);
}

function settingsFor(deps: Deps, options: Given['options'], isOnce: boolean): WorkerSettings {
  const { host } = deps;
  const file = path.resolve(host.cwd(), text(options['config']) ?? workerConfigFile(host));
  const settings = loadWorkerConfig(file, thisMachine(host));
  const concurrency = wholeNumber('--concurrency', options['concurrency'], 1);
  if ((concurrency ?? 1) > MOST_AT_ONCE) throw usageError(`--concurrency must be at most ${MOST_AT_ONCE}.`);
  return {
    ...settings,
    ...(concurrency !== undefined && { concurrency }),
    // One task, and nobody waits in front of it.
    ...(isOnce && { concurrency: 1, holdMs: 0 }),
  };
}

type Redact = (text: string) => string;

function onceOutcome(once: Once | Idle, redact: Redact): Outcome {
  if ('why' in once) {
    const reason = once.why === null ? null : redact(once.why);
    const line = reason === null ? 'No task to do.' : `No task is taken: ${safeLine(reason)}`;
    return { json: { task: null, reason }, lines: [line] };
  }
  const { claim, end } = once;
  const { verdict, delivered } = end;
  const { branch, commit, bundle } = delivered ?? { branch: null, commit: null, bundle: null };
  const about = { task_id: claim.task.id, run: claim.run.number, verdict: verdict.kind };
  const failure = failureOf(claim.task.id, verdict, redact);
  const where = branch === null ? '' : `, branch ${safeLine(branch)}`;
  const why =
    'reason' in verdict && verdict.kind !== 'gone' ? ` (${safeLine(redact(verdict.reason ?? ''))})` : '';
  return {
    json: { ...about, branch, commit, bundle, cost_usd: end.costUsd },
    lines: [`${MARKS[verdict.kind]} ${taskLine(claim.task)}: ${verdict.kind}${why}${where}`],
    ...(failure !== undefined && { failure }),
  };
}

/** Done, waiting for something, or given back. */
const MARKS: Readonly<Record<Once['end']['verdict']['kind'], string>> = {
  complete: '✅',
  fail: '❌',
  gone: '🚫',
  answer: '⏸️',
  budget: '⏸️',
  quota: '⏸️',
  overload: '↩️',
  fault: '↩️',
  stopping: '↩️',
};

function failureOf(id: number, verdict: Once['end']['verdict'], redact: Redact): ClientError | undefined {
  const hint = `See "claude-task-client show ${id}".`;
  if (verdict.kind === 'fail') {
    const message = `Task #${id} failed: ${safeLine(redact(verdict.error))}`;
    return new ClientError('run_failed', message, { hint });
  }
  if (verdict.kind !== 'gone' || verdict.reason === 'cancelled') return undefined;
  return new ClientError('lease_lost', `The lease on task #${id} was lost (${safeLine(verdict.reason)}).`, {
    hint,
  });
}
