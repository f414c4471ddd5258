/**
 * What an earlier process of this worker left when it died: its runs' processes are ended, their work is saved and
 * pushed, their leases are given back. Only then is anything claimed. What fails stays for the next start.
 */
import { discardOldMirrors } from './disk.ts';
import { discardStrays, leftoverWorkspaces } from './run-records.ts';
import type { RunReport } from '../../src/contract/run.ts';
import type { Delivered } from './delivery.ts';
import { lossIn } from './live-run.ts';
import type { Worker } from './open-worker.ts';
import { giveBackUnbegun } from './unbegun.ts';
import { createSweeper } from './process-sweep.ts';
import { subjectOf } from './run-report.ts';
import { createRunWork, type RunWork } from './run-work.ts';
import { errorText } from './worker-log.ts';
import type { Reach } from './worker-api.ts';
import { discardWorkspace } from './workspace.ts';
import type { Workspace } from './workspace-shape.ts';

export async function recover(worker: Worker, reach: Reach): Promise<void> {
  const { kit } = worker;
  for (const workspace of leftoverWorkspaces(kit.git.places)) {
    const about = { task_id: workspace.taskId, run: workspace.run };
    try {
      await recoverOne(worker, workspace, reach);
      kit.log.info('an earlier run was cleared up', about);
    } catch (error) {
      kit.log.warn('an earlier run could not be cleared up', { ...about, error: errorText(error) });
    }
  }
  const kept = leftoverWorkspaces(kit.git.places).map(({ facts }) => facts['lease_id']);
  await giveBackUnbegun(worker, new Set(kept), reach);
  discardStrays(kit.git);
  dropOldMirrors(worker);
  await kit.git.trash.empty();
}

const MIRROR_MS = 30 * 24 * 60 * 60_000;

/** Of projects that nobody has had work in for so long: the next task of one copies its repository anew. */
function dropOldMirrors({ kit }: Worker): void {
  const inUse = new Set(leftoverWorkspaces(kit.git.places).map(({ project }) => project));
  const now = kit.clock.now().getTime();
  const gone = discardOldMirrors({ ...kit.git, now, maxAgeMs: MIRROR_MS, inUse });
  for (const project of gone) kit.log.info('a mirror that was not used for 30 days is removed', { project });
}

interface Left {
  readonly worker: Worker;
  readonly workspace: Workspace;
  readonly works: RunWork;
  readonly leaseId: string;
  readonly reach: Reach;
}

async function recoverOne(worker: Worker, workspace: Workspace, reach: Reach): Promise<void> {
  const { kit, problems } = worker;
  const project = kit.settings.projects[workspace.project];
  const { mark, lease_id: leaseId } = workspace.facts;
  const sweeper = createSweeper({ mark: textOf(mark), folder: workspace.root }, kit.sweep);
  const { living } = await sweeper.sweep();
  problems.set(
    `left-${workspace.taskId}`,
    living.length === 0 ? null : `Processes of an earlier run do not end: ${living.join(', ')}.`,
  );
  if (project === undefined) throw new Error(`worker.yaml has no project "${workspace.project}" any more.`);
  const works = createRunWork(workspace, project, kit.git);
  const held = kit.keeper.hold(
    { leaseId: textOf(leaseId), taskId: workspace.taskId, heartbeatMs: 10_000 },
    () => {},
  );
  try {
    await works.save();
    const left = { worker, workspace, works, leaseId: textOf(leaseId), reach };
    if (!(await isGivenBack(left))) await bring(left);
    discardWorkspace(workspace, kit.git);
  } finally {
    held.letGo();
  }
}

/** False: the lease was over by then. */
async function isGivenBack({ worker, workspace, leaseId, reach }: Left): Promise<boolean> {
  const { api, settings } = worker.kit;
  const reason = 'The worker was interrupted; what it had done so far is saved.';
  const body = {
    instance_id: settings.name,
    lease_id: leaseId,
    reason,
    cause: { kind: 'stopping' },
  } as const;
  try {
    await api.release(workspace.taskId, body, reach);
    return true;
  } catch (error) {
    if (lossIn(error) === undefined) throw error;
    return false;
  }
}

/** Somebody else may have gone on with the task: this work goes to a branch of its own, and the task says so. */
async function bring({ worker, workspace, works, leaseId, reach }: Left): Promise<void> {
  const { description } = workspace.facts;
  const delivered = await works.deliver({
    leaseId,
    leaseFence: () => Promise.resolve('lost'),
    subject: subjectOf(textOf(description)),
    submittedBy: 'unknown',
    sessionId: sessionOf(workspace),
  });
  const body = { lease_id: leaseId, report: reportOf(workspace, delivered), first: 0, messages: [] };
  await worker.kit.api.postReport(workspace.taskId, body, reach);
}

const NOTHING = {
  cost_usd: 0,
  cost_estimated: false,
  input_tokens: 0,
  output_tokens: 0,
  turns: 0,
  duration_seconds: 0,
};

/** What it used was told with its messages; the server keeps the larger numbers. */
function reportOf(workspace: Workspace, delivered: Delivered): RunReport {
  const { branch, commit, base, filesChanged, insertions, deletions } = delivered;
  return {
    outcome: 'failed',
    ...{ branch, commit, base, insertions, deletions },
    files_changed: filesChanged,
    session_id: sessionOf(workspace),
    totals: NOTHING,
    last_reply: 0,
  };
}

function sessionOf({ facts }: Workspace): string | null {
  return typeof facts['session_id'] === 'string' ? facts['session_id'] : null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : 'unknown';
}
