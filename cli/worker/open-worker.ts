/** Puts a worker together for one process: its settings, its workspace, its ways to server, git and model. */
import type { Deps } from '../deps.ts';
import { ClientError } from '../errors.ts';
import { systemClock } from './clock.ts';
import { createTrash } from './disk.ts';
import { createExecutors } from './executors.ts';
import { createGit } from './git.ts';
import { createHaunted, type Haunted } from './haunted.ts';
import { lockWorkspace } from './locks.ts';
import { createMirrors } from './mirror.ts';
import { createPlaces } from './places.ts';
import type { Problems } from './problems.ts';
import { createRedactor } from './redact.ts';
import { createRemotes, createDispatcher } from './remotes.ts';
import { createRunFiles } from './run-files.ts';
import { takeSecrets, type Secrets } from './secrets.ts';
import type { WorkerSettings } from './settings.ts';
import { createRunsOfTasks } from './runs-of-tasks.ts';
import { createSignalListener } from './signal-listener.ts';
import { createWorkerApi, type WorkerApi } from './worker-api.ts';
import type { Kit } from './worker-kit.ts';
import { createHeart, leave } from './worker-heart.ts';
import { createWorkerLog, errorText, type WorkerLog } from './worker-log.ts';
import { createStatusScreen, type StatusScreen } from './status-screen.ts';
import { createDailySpending, type DailySpending } from './daily-spending.ts';
import { beginSession, type WorkerSession } from './worker-session.ts';
import { settleWorkspace } from './workspace-folder.ts';

export interface Worker {
  readonly kit: Kit;
  readonly session: WorkerSession;
  readonly problems: Problems;
  readonly haunted: Haunted;
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
  const lock = await lockWorkspace({ file: places.lock, hostname: host.hostname, sleep: host.sleep });
  const { secrets, warnings } = secretsOf(deps, settings);
  const redact = createRedactor(secrets.values);
  const { screen, log } = voiceOf(deps, redact);
  for (const warning of warnings) log.warn(warning);
  const session = beginSession(settings.workspace, host.newKey());
  const about = { deps, settings, session, log, screen };
  const { kit, problems, hurry, salt, closers } = assemble({ ...about, places, secrets, redact, config });
  return {
    kit,
    session,
    problems,
    haunted: kit.haunted,
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

function voiceOf(deps: Deps, redact: (text: string) => string) {
  const { stderr } = deps.host.streams;
  const isSeen = deps.io.isTerminal && stderr.isTTY === true && !deps.isJson;
  const screen = isSeen ? createStatusScreen(stderr, systemClock) : null;
  const log = createWorkerLog({
    isJson: deps.isJson || !deps.io.isTerminal,
    now: () => systemClock.now(),
    redact,
    write: (line) => {
      if (screen === null) deps.io.note(line);
      else screen.print(line);
    },
  });
  return { screen, log };
}

const SECRET_NAME = /TOKEN|SECRET|PASSW|CREDENTIAL|(^|_)(KEY|PAT|AUTH)(_|$)/i;

/** What is read from the environment before is known by now; nothing of it stays there. */
function secretsOf(deps: Deps, settings: WorkerSettings): { secrets: Secrets; warnings: readonly string[] } {
  const taken = takeSecrets({
    env: deps.host.env,
    alsoHide: passedNames(settings),
    platform: deps.host.platform,
  });
  const { apiKey } = deps.config();
  if (apiKey !== undefined) taken.secrets.know(apiKey);
  // What a project hands over by such a name is to be told to nobody either.
  const names = passedNames(settings).filter((name) => SECRET_NAME.test(name));
  taken.secrets.know(...names.flatMap((name) => taken.secrets.get(name) ?? []));
  return taken;
}

function passedNames({ projects }: WorkerSettings): string[] {
  return [...new Set(Object.values(projects).flatMap(({ env }) => env.pass))];
}

/** What a project is given (a proxy, PATH, the ssh agent) the worker itself may need as well. */
function ownEnv({ deps, settings, secrets }: Parts): Record<string, string | undefined> {
  const passed = passedNames(settings).map((name) => [name, secrets.get(name)] as const);
  return { ...deps.host.env, ...Object.fromEntries(passed) };
}

interface Parts {
  readonly deps: Deps;
  readonly settings: WorkerSettings;
  readonly session: WorkerSession;
  readonly log: WorkerLog;
  readonly screen: StatusScreen | null;
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
  const env = ownEnv(parts);
  const dispatcher = createDispatcher(env);
  const remotes = createRemotes({ tokenOf: secrets.gitToken, env, signal: hurry.signal });
  const git = gitParts({ ...parts, remotes, env });
  const { keeper, problems, salt } = createHeart({ ...parts, api, random: host.random });
  const shared = { secrets, clock: systemClock };
  const spending = spendingOf(settings, log);
  const kit: Kit = {
    settings,
    config,
    env,
    api,
    files: createRunFiles({ config, transport: deps.transport(), pace: host }),
    keeper,
    listener: listenerOf(parts, api, problems),
    git,
    sweep: { platform: host.platform, sleep: host.sleep, elapsed: () => performance.now() },
    haunted: createHaunted(problems),
    ...shared,
    redact,
    log,
    screen: parts.screen,
    spending,
    runsOfTasks: createRunsOfTasks(systemClock),
    random: host.random,
    newId: host.newKey,
    executorOf: createExecutors({
      ...{ ...shared, env, dispatcher, sdkFolder: places.sdk },
      isDaySpent: () => spending.leftUsd() === 0,
    }),
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

function spendingOf({ workspace, limits }: WorkerSettings, log: WorkerLog): DailySpending {
  return createDailySpending({
    workspace,
    limitUsd: limits.dailyCostUsd,
    now: () => systemClock.now(),
    trouble: (error) => {
      log.warn('what was spent today could not be written down', { error: errorText(error) });
    },
  });
}

function listenerOf({ deps, settings }: Parts, api: WorkerApi, problems: Problems) {
  return createSignalListener({
    ask: (body, signal) => api.signals({ instance_id: settings.name, ...body }, { signal }),
    clock: systemClock,
    random: deps.host.random,
    trouble: (error) => {
      problems.noteReach(error);
    },
  });
}

interface GitParts extends Parts {
  readonly remotes: ReturnType<typeof createRemotes>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

function gitParts({ deps, settings, places, remotes, env }: GitParts): Kit['git'] {
  const trash = createTrash(places);
  const git = createGit({ searchPath: env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin' });
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

/** The workspace must be there, and writable, before anything is claimed for it. */
export function requireWorkspace({ workspace }: WorkerSettings): void {
  const problem = settleWorkspace(workspace);
  if (problem === undefined) return;
  throw new ClientError('bad_config', `The workspace ${workspace} ${problem}.`, {
    hint: 'Set "workspace" in worker.yaml to a folder of this account.',
  });
}
