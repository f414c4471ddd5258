/** Work of runs that is not on the remote: see it, and deliver it once the repository takes it again. */
import path from 'node:path';
import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { ClientError, usageError } from '../errors.ts';
import { ago } from '../format.ts';
import { taskId, text } from '../given.ts';
import { safeLine } from '../text.ts';
import { GitError } from '../worker/git-fault.ts';
import { createGit } from '../worker/git.ts';
import { listKept, pushKept, type KeptWork, type PushKeptDeps } from '../worker/kept.ts';
import { createPlaces } from '../worker/places.ts';
import { createRemotes } from '../worker/remotes.ts';
import { publicAddress } from '../worker/repository-address.ts';
import { takeSecrets } from '../worker/secrets.ts';
import type { WorkerSettings } from '../worker/settings.ts';
import { loadWorkerConfig, thisMachine, workerConfigFile } from '../worker/worker-config.ts';

export async function run({ host }: Deps, given: Given): Promise<Outcome> {
  const [action, id] = given.words;
  const file = path.resolve(host.cwd(), text(given.options['config']) ?? workerConfigFile(host));
  const settings = loadWorkerConfig(file, thisMachine(host));
  const kept = listKept(createPlaces(settings.workspace));
  if (action === undefined) return list(kept, host.now());
  if (action !== 'push' || id === undefined) {
    throw usageError('Say "work kept" or "work kept push ID".', 'See "claude-task-client work --help".');
  }
  const wanted = taskId(id);
  return pushAll(
    kept.filter((one) => one.task_id === wanted),
    settings,
    host,
  );
}

function list(kept: readonly KeptWork[], now: number): Outcome {
  const lines = kept.flatMap((one) => [
    `📦 #${one.task_id} ${safeLine(one.branch)} [${safeLine(one.project)}], kept ${ago(one.kept_at, now)}`,
    `   ${safeLine(one.why)}`,
    `   ${safeLine(one.bundle)}`,
  ]);
  if (lines.length === 0) return { json: { kept }, lines: ['Nothing is kept: all work was delivered.'] };
  return { json: { kept }, lines, remark: 'Deliver it with "claude-task-client work kept push ID".' };
}

async function pushAll(
  kept: readonly KeptWork[],
  settings: WorkerSettings,
  host: Deps['host'],
): Promise<Outcome> {
  if (kept.length === 0) {
    const hint = 'See "claude-task-client work kept".';
    throw new ClientError('not_found', 'Nothing is kept of that task.', { hint });
  }
  const { secrets } = takeSecrets({ ...host, alsoHide: [] });
  const remotes = createRemotes({ tokenOf: (name) => secrets.gitToken(name), env: host.env });
  const git = createGit({ searchPath: host.env['PATH'] ?? '' });
  const deps = { git, remotes, places: createPlaces(settings.workspace) };
  try {
    const tries: Try[] = [];
    // One after the other: a second bundle of a branch may build upon the first.
    for (const work of kept) tries.push(await push(work, settings, deps));
    return outcomeOf(tries, settings);
  } finally {
    await remotes.close();
  }
}

interface Try {
  readonly work: KeptWork;
  /** What went wrong; null: it is delivered. */
  readonly failure: ClientError | null;
}

async function push(work: KeptWork, settings: WorkerSettings, deps: PushKeptDeps): Promise<Try> {
  const project = settings.projects[work.project];
  if (project === undefined) {
    const message = `The project ${safeLine(work.project)} is not in worker.yaml any more.`;
    return { work, failure: new ClientError('bad_config', message, { hint: 'Add it again, then push.' }) };
  }
  try {
    await pushKept(work, project, deps);
    return { work, failure: null };
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    const code = error.kind === 'unreachable' ? 'unreachable' : 'not_pushed';
    return { work, failure: new ClientError(code, error.message, { hint: hintFor(error) }) };
  }
}

function hintFor({ kind }: GitError): string {
  if (kind !== 'rejected') return 'Nothing is lost: push it again once that is put right.';
  return 'Nothing is lost: fetch the bundle by hand ("git fetch BUNDLE BRANCH") and merge it.';
}

function outcomeOf(tries: readonly Try[], settings: WorkerSettings): Outcome {
  const line = ({ work, failure }: Try) => {
    const name = `#${work.task_id} ${safeLine(work.branch)}`;
    const address = publicAddress(settings.projects[work.project]?.repo ?? '');
    return failure === null ? `✅ ${name} pushed to ${address}` : `📦 ${name} stays in ${work.bundle}`;
  };
  const failure = tries.find((one) => one.failure !== null)?.failure;
  return {
    json: {
      pushed: tries.filter((one) => one.failure === null).map(({ work }) => work),
      kept: tries.flatMap((one) => (one.failure === null ? [] : [{ ...one.work, why: one.failure.message }])),
    },
    lines: tries.map((one) => safeLine(line(one))),
    ...(failure != null && { failure }),
  };
}
