/** Puts a worker together for one process: its settings, its workspace, its ways to server, git and model. */
import fs from 'node:fs';
import type { HeartbeatAnswer } from '../../src/contract/instance.ts';
import type { Deps } from '../deps.ts';
import { ClientError } from '../errors.ts';
import { systemClock } from './clock.ts';
import { createTrash } from './disk.ts';
import { createExecutors } from './executors.ts';
import { createGit } from './git.ts';
import { createLeaseKeeper } from './lease-keeper.ts';
import { lockWorkspace } from './locks.ts';
import { createMirrors } from './mirror.ts';
import { createPlaces, makePrivate } from './places.ts';
import { createProblems, type Problems } from './problems.ts';
import { createRedactor } from './redact.ts';
import { createRemotes, createDispatcher } from './remotes.ts';
import { createRunFiles } from './run-files.ts';
import { takeSecrets, type Secrets } from './secrets.ts';
import type { WorkerSettings } from './settings.ts';
import { createSignalListener } from './signal-listener.ts';
import { createWorkerApi } from './worker-api.ts';
import type { Kit } from './worker-kit.ts';
import { createWorkerLog, errorText, type WorkerLog } from './worker-log.ts';
import { beginSession, type WorkerSession } from './worker-session.ts';

export interface Worker {
  readonly kit: Kit;
  readonly session: WorkerSession;
  readonly problems: Problems;
  /** `hurry` is aborted by it. */
  readonly hurry: () => void;
  /** Known from the first heartbeat on. */
  readonly salt: () => string | undefined;
  close(): Promise<void>;
}

/** Rejects with a `ClientError` where the workspace is another's. */
export async function openWorker(deps: Deps, settings: WorkerSettings): Promise<Worker> {
  const { host } = deps;
  const config = deps.config();
  const places = createPlaces(settings.workspace);
  makePrivate(settings.workspace);
  const lock = await lockWorkspace({ file: places.lock, hostname: host.hostname, sleep: host.sleep });
  const { secrets, warnings } = secretsOf(deps, settings);
  const { redact } = createRedactor(secrets.values);
  const log = createWorkerLog({
    isJson: deps.isJson || !deps.io.isTerminal,
    now: () => systemClock.now(),
    redact,
    write: (line) => {
      deps.io.note(line);
    },
  });
  for (const warning of warnings) log.warn(warning);
  const session = beginSession(settings.workspace, host.newKey());
  const about = { deps, settings, session, log };
  const { kit, problems, hurry, salt, closers } = assemble({ ...about, places, secrets, redact, config });
  return {
    kit,
    session,
    problems,
    hurry,
    salt,
    async close() {
      kit.keeper.stop();
      await leave(kit, session);
      for (const close of closers) await close();
      await lock.release();
    },
  };
}

const LEAVE_MS = 2_000;

/** So that the name is free at once. If the server does not hear of it, it will notice. */
async function leave({ api, settings, clock }: Kit, session: WorkerSession): Promise<void> {
  const late = new AbortController();
  const callOff = clock.after(LEAVE_MS, () => {
    late.abort();
  });
  const worker = { session: session.id, projects: [], capabilities: [], concurrency: 0, leaves: true };
  const body = { instance_id: settings.name, lease_ids: [], worker };
  await api.heartbeat(body, { signal: late.signal }).catch(() => null);
  callOff();
}

/** What is read from the environment before is known by now; nothing of it stays there. */
function secretsOf(deps: Deps, settings: WorkerSettings): { secrets: Secrets; warnings: readonly string[] } {
  const projects = Object.values(settings.projects);
  const taken = takeSecrets({
    env: deps.host.env,
    alsoHide: [...new Set(projects.flatMap(({ env }) => env.pass))],
    platform: deps.host.platform,
  });
  const { apiKey } = deps.config();
  if (apiKey !== undefined) taken.secrets.know(apiKey);
  return taken;
}

interface Parts {
  readonly deps: Deps;
  readonly settings: WorkerSettings;
  readonly session: WorkerSession;
  readonly log: WorkerLog;
  readonly places: ReturnType<typeof createPlaces>;
  readonly secrets: Secrets;
  readonly redact: (text: string) => string;
  readonly config: ReturnType<Deps['config']>;
}

function assemble(parts: Parts) {
  const { deps, settings, log, places, secrets, redact, config } = parts;
  const { host } = deps;
  const hurry = new AbortController();
  const api = createWorkerApi(deps.call);
  const dispatcher = createDispatcher(host.env);
  const remotes = createRemotes({ tokenOf: secrets.gitToken, env: host.env });
  const git = gitParts({ ...parts, remotes });
  const { keeper, problems, salt } = createHeart({ ...parts, api });
  const shared = { secrets, clock: systemClock };
  const kit: Kit = {
    settings,
    config,
    env: host.env,
    api,
    files: createRunFiles({ config, transport: deps.transport(), pace: host }),
    keeper,
    listener: createSignalListener({
      ask: (body, signal) => api.signals({ instance_id: settings.name, ...body }, { signal }),
      clock: systemClock,
      random: host.random,
      trouble: (error) => {
        problems.noteReach(error);
      },
    }),
    git,
    sweep: { platform: host.platform, sleep: host.sleep, elapsed: () => performance.now() },
    ...shared,
    redact,
    log,
    random: host.random,
    newId: host.newKey,
    executorOf: createExecutors({ ...shared, env: host.env, dispatcher, sdkFolder: places.sdk }),
    hurry: hurry.signal,
  };
  const closers = [() => remotes.close(), () => dispatcher.destroy()];
  return {
    kit,
    problems,
    salt,
    closers,
    hurry: () => {
      hurry.abort();
    },
  };
}

function gitParts(parts: Parts & { readonly remotes: ReturnType<typeof createRemotes> }): Kit['git'] {
  const { deps, settings, places, remotes } = parts;
  const trash = createTrash(places);
  const git = createGit({ searchPath: deps.host.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin' });
  return {
    git,
    remotes,
    places,
    trash,
    mirrors: createMirrors({ git, remotes, places, trash }),
    author: settings.git,
    now: () => systemClock.now(),
    sleep: deps.host.sleep,
  };
}

/** What is told with each heartbeat, and what is heard with it. */
function createHeart(parts: Parts & { readonly api: ReturnType<typeof createWorkerApi> }) {
  const { settings, session, log, api, deps } = parts;
  let salt: string | undefined;
  const never = new AbortController().signal;
  const problems = createProblems({
    log,
    nowMs: () => systemClock.monotonicMs(),
    changed: () => {
      keeper.soon();
    },
  });
  const keeper = createLeaseKeeper({
    clock: systemClock,
    random: deps.host.random,
    send: ({ lease_ids }) =>
      api.heartbeat(
        {
          instance_id: settings.name,
          instance_name: settings.name,
          lease_ids,
          worker: {
            session: session.id,
            replaces: session.replaces,
            projects: projectsOf(settings),
            capabilities: [...settings.capabilities],
            concurrency: settings.concurrency,
            problem: problems.text(),
          },
        },
        { signal: never },
      ),
    heard: (answer: HeartbeatAnswer) => {
      salt = answer.account_salt ?? salt;
      problems.noteReach(null);
    },
    trouble: (error) => {
      problems.noteReach(error);
    },
  });
  return { keeper, problems, salt: () => salt };
}

export function projectsOf({ projects, defaultProject }: WorkerSettings): (string | null)[] {
  return [...Object.keys(projects), ...(defaultProject === null ? [] : [null])];
}

/** The workspace must be there, and writable, before anything is claimed for it. */
export function requireWorkspace({ workspace }: WorkerSettings): void {
  try {
    makePrivate(workspace);
    fs.accessSync(workspace, fs.constants.W_OK);
  } catch (error) {
    throw new ClientError('bad_config', `The workspace ${workspace} cannot be used: ${errorText(error)}`, {
      hint: 'Set "workspace" in worker.yaml to a folder of this account.',
    });
  }
}
