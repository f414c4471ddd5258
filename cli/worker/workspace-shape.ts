/** What a run is laid out for, and what it then has. */
import type { RunFolders } from './executor.ts';
import type { ProjectSettings } from './settings.ts';

export interface Wanted {
  readonly taskId: number;
  readonly run: number;
  readonly branch: string;
  readonly project: ProjectSettings;
  /** Where the task's branch began, once that is known; null at the first claim. */
  readonly base: string | null;
  /** What the runs before this one have delivered; null: nothing. */
  readonly delivered: string | null;
  /** Whatever a later worker must know to deal with what this one leaves behind. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** Aborted: nobody wants it any more. */
  readonly signal?: AbortSignal;
}

export interface Workspace {
  readonly taskId: number;
  readonly run: number;
  readonly branch: string;
  readonly project: string;
  /** The run's folder, which holds the four. */
  readonly root: string;
  readonly folders: RunFolders;
  /** The settings of the project for Claude Code, as its base has them; null: none are to be used. */
  readonly projectConfig: string | null;
  /** The worker's own GIT_DIR for this run. */
  readonly saveDir: string;
  /** What it borrows: the mirror's objects. */
  readonly alternates: readonly string[];
  /** Where the task's branch began. */
  readonly base: string;
  /** Where this run begins. */
  readonly start: string;
  /** The task's branch on the remote; null where it is not there. */
  readonly tip: string | null;
  /** The run whose save lies in the tree as uncommitted changes. */
  readonly restoredFrom: number | null;
  /** Refs of saves that this run did not begin with and nobody else will: they stay. */
  readonly untaken: readonly string[];
  /** What people should know about where it begins. */
  readonly notices: readonly string[];
  readonly facts: Readonly<Record<string, unknown>>;
}
