/** Everything that the runs of one worker share. */
import type { ClientConfig } from '../config.ts';
import type { RunClock } from './clock.ts';
import type { DailySpending } from './daily-spending.ts';
import type { StatusScreen } from './status-screen.ts';
import type { DeliveryDeps } from './delivery.ts';
import type { Executor } from './executor.ts';
import type { Haunted } from './haunted.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import type { SweepDeps } from './process-sweep.ts';
import type { Secrets } from './secrets.ts';
import type { ProjectSettings, WorkerSettings } from './settings.ts';
import type { RunsOfTasks } from './runs-of-tasks.ts';
import type { SignalListener } from './signal-listener.ts';
import type { WorkerApi } from './worker-api.ts';
import type { RunFiles } from './run-files.ts';
import type { WorkerLog } from './worker-log.ts';
import type { WorkspaceDeps } from './workspace.ts';

export interface Kit {
  readonly settings: WorkerSettings;
  readonly config: Pick<ClientConfig, 'apiUrl'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly api: WorkerApi;
  readonly files: RunFiles;
  readonly keeper: LeaseKeeper;
  readonly listener: SignalListener;
  readonly git: WorkspaceDeps & DeliveryDeps;
  readonly sweep: SweepDeps;
  readonly haunted: Haunted;
  readonly secrets: Secrets;
  readonly redact: (text: string) => string;
  readonly log: WorkerLog;
  readonly clock: RunClock;
  readonly random: () => number;
  readonly newId: () => string;
  readonly spending: DailySpending;
  readonly runsOfTasks: RunsOfTasks;
  /** Null where nobody sits in front of it. */
  readonly screen: StatusScreen | null;
  readonly executorOf: (project: ProjectSettings) => Executor;
  /** Aborted when the worker must be gone in a moment: nothing waits any longer. */
  readonly hurry: AbortSignal;
}
