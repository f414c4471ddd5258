/** Is this machine fit to work: git, room, and the sandbox where a project wants it? */
import fs from 'node:fs';
import path from 'node:path';
import { askProgram } from './ask-program.ts';
import { freeBytes } from './disk.ts';
import { missing, note, ok, type Finding } from './finding.ts';
import type { ProjectSettings, WorkerSettings } from './settings.ts';
import { settleWorkspace } from './workspace-folder.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The first that can be told to read no configuration but what it is given. */
const OLDEST_GIT = [2, 32] as const;

export async function checkGit(env: Env): Promise<Finding> {
  const next = 'Install git 2.32 or newer.';
  const said = await askProgram('git', { args: ['--version'], env });
  if (said.kind === 'absent') return missing('git', 'It is not installed.', next);
  if (said.kind === 'failed') return missing('git', `It cannot be started: ${said.detail}`, next);
  const [, major, minor] = /(\d+)\.(\d+)/.exec(said.text) ?? [];
  const isOld = Number(major) * 1_000 + Number(minor) < OLDEST_GIT[0] * 1_000 + OLDEST_GIT[1];
  return isOld ? missing('git', `${said.text} is too old.`, next) : ok('git', `${said.text}.`);
}

const GB = 1e9;

export function checkDisk({ workspace, limits }: WorkerSettings): Finding {
  const other = 'Set "workspace" in worker.yaml to a folder of this account.';
  const problem = settleWorkspace(workspace);
  if (problem !== undefined) return missing('workspace', `${workspace} ${problem}.`, other);
  const free = freeBytes(workspace);
  const text = `${workspace} has ${(free / GB).toFixed(1)} GB free.`;
  if (free >= limits.minFreeDiskBytes) return ok('workspace', text);
  const least = (limits.minFreeDiskBytes / GB).toFixed(1);
  return missing('workspace', text, `Make room: no task is taken below ${least} GB (min_free_disk_gb).`);
}

/** A bare namespace of each kind that the sandbox of a run is made of. */
const SANDBOX_TRIAL = [
  ...['--ro-bind', '/', '/', '--dev', '/dev', '--unshare-pid', '--proc', '/proc', '--unshare-net'],
  ...['--die-with-parent', '--', 'true'],
];

/** Null where no project wants one. */
export async function checkSandbox(
  { projects }: WorkerSettings,
  { env, platform }: { env: Env; platform: NodeJS.Platform },
): Promise<Finding | null> {
  const wanting = namesOf(projects, ({ sandbox, executor }) => sandbox && executor === 'claude');
  if (wanting === '') return null;
  if (platform !== 'linux') return ok('sandbox', `This system brings one (for ${wanting}).`);
  const packages = 'Install bubblewrap and socat, or set sandbox: false.';
  const tries = [
    ['bwrap', ['--version']],
    ['socat', ['-V']],
    ['bwrap', SANDBOX_TRIAL],
  ] as const;
  for (const [program, args] of tries) {
    const said = await askProgram(program, { args, env });
    if (said.kind === 'absent') return missing('sandbox', `${program} is not installed.`, packages);
    if (said.kind === 'failed') {
      const userSpaces = 'Allow user namespaces to this account (see the README), or set sandbox: false.';
      return missing('sandbox', `${program} does not work here: ${said.detail}`, userSpaces);
    }
  }
  return ok('sandbox', `bubblewrap and socat work (for ${wanting}).`);
}

/** What no check can mend: how far a run is kept off by what this worker is set to. */
export function checkFences({ projects }: WorkerSettings, isRoot: boolean): Finding[] {
  const open = namesOf(projects, ({ sandbox, executor }) => !sandbox || executor === 'command');
  const secrets = note(
    'secrets',
    `No run finds a key or token in its environment, its folders or another process. Other files of this account, and a debugger, are kept off only by "sandbox: true" or by an account of its own for the worker${open === '' ? '' : ` (without sandbox: ${open})`}.`,
  );
  const root = note(
    'account',
    'The worker runs as root, and so do its runs.',
    'Give it an account of its own.',
  );
  return isRoot ? [secrets, root] : [secrets];
}

/** One for each project that runs a program of its own. */
export function checkCommands({ projects }: WorkerSettings, env: Env): Finding[] {
  return Object.values(projects).flatMap(({ name, executor, command: [program = ''] }) => {
    if (executor !== 'command') return [];
    const found = isProgram(program, env['PATH'] ?? '');
    const field = `projects.${name}.command`;
    return found
      ? [ok(field, `${program} is there.`)]
      : [missing(field, `There is no program ${program} on the PATH.`, 'Install it, or correct the field.')];
  });
}

/** A relative path is one within the clone, which is not there yet. */
function isProgram(program: string, searchPath: string): boolean {
  if (program.includes('/') && !path.isAbsolute(program)) return true;
  const files = path.isAbsolute(program)
    ? [program]
    : searchPath.split(':').map((folder) => path.join(folder, program));
  return files.some((file) => {
    try {
      fs.accessSync(file, fs.constants.X_OK);
      return fs.statSync(file).isFile();
    } catch {
      return false;
    }
  });
}

function namesOf(projects: WorkerSettings['projects'], isOne: (project: ProjectSettings) => boolean): string {
  return Object.values(projects)
    .filter(isOne)
    .map(({ name }) => name)
    .join(', ');
}
