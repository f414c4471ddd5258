/** Has this machine what the worker needs? Looks at all of it, installs what it may, and says what is missing. */
import path from 'node:path';
import type { Given, Outcome } from '../command.ts';
import type { Deps, Host } from '../deps.ts';
import { ClientError } from '../errors.ts';
import { text } from '../given.ts';
import { safeLine } from '../text.ts';
import { checkCommands, checkDisk, checkFences, checkGit, checkSandbox } from '../worker/check-machine.ts';
import { checkModels } from '../worker/check-model.ts';
import { checkRepositories } from '../worker/check-repositories.ts';
import { checkSdk } from '../worker/check-sdk.ts';
import { createTrash } from '../worker/disk.ts';
import { API, credentialOf } from '../worker/executors.ts';
import { missing, ok, type Finding } from '../worker/finding.ts';
import { createGit } from '../worker/git.ts';
import { createPlaces } from '../worker/places.ts';
import { createDispatcher, createRemotes } from '../worker/remotes.ts';
import { takeSecrets, type Secrets } from '../worker/secrets.ts';
import type { WorkerSettings } from '../worker/settings.ts';
import { loadWorkerConfig, thisMachine, workerConfigFile } from '../worker/worker-config.ts';

export async function run(deps: Deps, given: Given): Promise<Outcome> {
  const { host } = deps;
  if (host.platform === 'win32') {
    const hint = 'Install it in WSL2 and run it there.';
    throw new ClientError('bad_config', 'The worker does not run on Windows itself.', { hint });
  }
  const file = path.resolve(host.cwd(), text(given.options['config']) ?? workerConfigFile(host));
  const machine = thisMachine(host);
  const settings = loadWorkerConfig(file, machine);
  // Read from the environment before that loses it.
  deps.config();
  const { secrets } = takeSecrets({ ...host, alsoHide: [] });
  const findings = [
    ...(await machineFindings(settings, { deps, secrets })),
    await checkServer(deps, settings),
    ...checkFences(settings, machine.isRoot),
  ];
  return outcomeOf(findings, settings);
}

interface Tools {
  readonly deps: Deps;
  readonly secrets: Secrets;
}

async function machineFindings(settings: WorkerSettings, { deps, secrets }: Tools): Promise<Finding[]> {
  const { host } = deps;
  const git = await checkGit(host.env);
  const disk = checkDisk(settings);
  const sandbox = await checkSandbox(settings, host);
  const hasRoom = disk.state !== 'missing';
  return [
    git,
    disk,
    ...(hasRoom && wantsClaude(settings) ? await sdkFindings(settings, deps) : []),
    ...(sandbox === null ? [] : [sandbox]),
    ...checkCommands(settings, host.env),
    ...(await modelFindings(settings, host, secrets)),
    ...(hasRoom && git.state !== 'missing' ? await repositoryFindings(settings, host, secrets) : []),
  ];
}

function wantsClaude({ projects }: WorkerSettings): boolean {
  return Object.values(projects).some(({ executor }) => executor === 'claude');
}

function sdkFindings(settings: WorkerSettings, { host, io }: Deps): Promise<Finding[]> {
  const places = createPlaces(settings.workspace);
  return checkSdk({
    folder: places.sdk,
    trash: createTrash(places),
    env: host.env,
    signal: host.signal,
    say: (line) => {
      io.note(line);
    },
  });
}

async function modelFindings(settings: WorkerSettings, host: Host, secrets: Secrets): Promise<Finding[]> {
  const dispatcher = createDispatcher(host.env);
  try {
    const upstream = host.env['ANTHROPIC_BASE_URL'] ?? API;
    return await checkModels(settings, { credential: credentialOf(secrets), upstream, dispatcher });
  } finally {
    await dispatcher.destroy();
  }
}

async function repositoryFindings(
  settings: WorkerSettings,
  host: Host,
  secrets: Secrets,
): Promise<Finding[]> {
  const remotes = createRemotes({ tokenOf: (name) => secrets.gitToken(name), env: host.env });
  try {
    return await checkRepositories(settings, {
      git: createGit({ searchPath: host.env['PATH'] ?? '' }),
      remotes,
    });
  } finally {
    await remotes.close();
  }
}

const PATIENCE = { tries: 2, withinMs: 5_000 };

/** As the worker will ask: with a key that may do what a worker does. */
async function checkServer(deps: Deps, { name }: WorkerSettings): Promise<Finding> {
  const { apiUrl } = deps.config();
  const api = deps.api({ timeoutMs: 10_000, patience: PATIENCE });
  try {
    await api.heartbeat({ instance_id: name, instance_name: name, lease_ids: [] });
    return ok('server', `${apiUrl} takes the key, for the instance ${name}.`);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const next = error.facts.hint ?? 'Set ATHENA_API_URL and ATHENA_API_KEY, or "claude-task-client login".';
    return missing('server', `${apiUrl}: ${error.message}`, next);
  }
}

const SIGNS = { ok: '✅', note: 'ℹ️', missing: '❌' } as const;

function outcomeOf(findings: readonly Finding[], { name }: WorkerSettings): Outcome {
  const faults = findings.filter(({ state }) => state === 'missing');
  const lines = findings.map(({ name: what, state, text: found, next }) =>
    safeLine(`${SIGNS[state]} ${what}: ${found}${next === null ? '' : ` ${next}`}`),
  );
  const json = { ok: faults.length === 0, findings };
  if (faults.length === 0) {
    const remark = `The worker ${safeLine(name)} can be started: "claude-task-client work".`;
    return { json, lines, remark };
  }
  const names = faults.map(({ name: what }) => what).join(', ');
  const failure = new ClientError('not_ready', `Not ready yet: ${safeLine(names)}.`, {
    hint: 'Do what is said above, then run it again.',
  });
  return { json, lines, failure };
}
