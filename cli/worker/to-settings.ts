/** A checked file as settings: units, paths, and the defaults that depend on the machine. */
import path from 'node:path';
import { absoluteAddress, expandHome } from './repository-address.ts';
import type { ProjectSettings, WorkerSettings } from './settings.ts';
import type { ProjectFile, WorkerFile } from './worker-schema.ts';

export interface Machine {
  readonly hostname: string;
  readonly home: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly isRoot: boolean;
}

const MINUTE_MS = 60_000;
const GIB = 1024 ** 3;
const NAME_LENGTH = 100;

/** `folder` is where the file lies: relative paths begin there. */
export function toSettings(file: WorkerFile, folder: string, machine: Machine): WorkerSettings {
  const name =
    file.name ?? `${machine.hostname.slice(0, NAME_LENGTH - '-worker'.length) || 'unnamed'}-worker`;
  return {
    name,
    capabilities: [...new Set(file.capabilities)],
    concurrency: file.concurrency ?? concurrencyOf(machine),
    defaultProject: file.default_project,
    workspace: path.resolve(folder, expandHome(file.workspace, machine.home)),
    graceMs: file.grace_minutes * MINUTE_MS,
    holdMs: file.hold_minutes * MINUTE_MS,
    checkpointMs: file.checkpoint_minutes * MINUTE_MS,
    limits: toLimits(file.limits),
    git: file.git,
    projects: Object.fromEntries(
      Object.entries(file.projects).map(([key, project]) => [
        key,
        toProject(key, project, { folder, machine }),
      ]),
    ),
  };
}

/** A run takes a core and about 1 GiB: the model's program, and what it compiles and tests. */
function concurrencyOf({ cores, memoryBytes }: Machine): number {
  return Math.max(1, Math.min(cores, Math.floor(memoryBytes / GIB), 64));
}

function toLimits(limits: WorkerFile['limits']): WorkerSettings['limits'] {
  return {
    costUsd: limits.max_cost_usd,
    tokens: limits.max_tokens,
    turns: limits.max_turns,
    minutes: limits.max_minutes,
    dailyCostUsd: limits.daily_cost_usd,
    minFreeDiskBytes: limits.min_free_disk_gb * 1e9,
  };
}

function toProject(
  name: string,
  file: ProjectFile,
  { folder, machine }: { folder: string; machine: Machine },
): ProjectSettings {
  return {
    name,
    repo: absoluteAddress(file.repo, folder, machine.home),
    base: file.base,
    setup: file.setup ?? null,
    setupMs: file.setup_minutes * MINUTE_MS,
    idleMs: file.idle_minutes * MINUTE_MS,
    turnsPerRun: file.max_turns_per_run,
    executor: file.executor,
    command: file.command,
    model: file.model ?? null,
    permissions: file.permissions,
    allow: file.allow,
    deny: file.deny,
    allowRoot: file.allow_root,
    projectSettings: file.project_settings,
    mcpServers: file.mcp_servers,
    env: file.env,
    push: file.push,
    sandbox: file.sandbox,
  };
}
