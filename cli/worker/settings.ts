/**
 * What a worker is set to do: `worker.yaml`, checked and with its defaults filled in. The contract of the worker
 * names every field; lengths of time are milliseconds here, money is US dollars.
 */
export type Permissions = 'ask' | 'edit' | 'full';

export interface ProjectSettings {
  readonly name: string;
  /** A URL or a local path. */
  readonly repo: string;
  /** The branch that work begins from. */
  readonly base: string;
  /** A shell command, run once in each new workspace of a task; null: none. */
  readonly setup: string | null;
  readonly setupMs: number;
  /** Without output of a command and without a byte of the model for this long, a run ends. */
  readonly idleMs: number;
  /** A run of Claude that takes more answers of the model goes round in circles: its task fails. null: the budget alone. */
  readonly turnsPerRun: number | null;
  readonly executor: 'claude' | 'command';
  /** Program and arguments; empty with the executor `claude`. */
  readonly command: readonly string[];
  /** A full model id; null: the task must name one. */
  readonly model: string | null;
  readonly permissions: Permissions;
  /** In Claude Code's own rule syntax. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly allowRoot: boolean;
  readonly projectSettings: boolean;
  /** Passed to the Agent SDK as it stands. */
  readonly mcpServers: Readonly<Record<string, unknown>>;
  /** Names of variables that a run gets from the worker's own environment, and variables set for it. */
  readonly env: { readonly pass: readonly string[]; readonly set: Readonly<Record<string, string>> };
  readonly push: boolean;
  readonly sandbox: boolean;
}

/** Over the whole life of a task, all attempts and follow-ups together; null: no limit. */
export interface Budget {
  readonly costUsd: number | null;
  /** Input, output, cache reads and writes together. */
  readonly tokens: number | null;
  readonly turns: number | null;
  readonly minutes: number | null;
}

export interface WorkerSettings {
  /** The instance id. */
  readonly name: string;
  readonly capabilities: readonly string[];
  readonly concurrency: number;
  /** For tasks without a project; null: none are taken. */
  readonly defaultProject: string | null;
  /** Absolute. */
  readonly workspace: string;
  readonly graceMs: number;
  readonly holdMs: number;
  readonly checkpointMs: number;
  readonly limits: Budget & { readonly dailyCostUsd: number | null; readonly minFreeDiskBytes: number };
  readonly git: { readonly name: string; readonly email: string };
  readonly projects: Readonly<Record<string, ProjectSettings>>;
}
