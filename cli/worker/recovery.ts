/**
 * What an earlier process of this worker left when it died: its runs' processes are ended, their work is delivered as
 * that of a failed attempt, and that is what each of them was: a task that kills its worker is not taken for ever. Only
 * then is anything claimed. What cannot be cleared up stays for the next start.
 */
import { discardStrays, leftoverWorkspaces } from './run-records.ts';
import type { RunReport } from '../../src/contract/run.ts';
import type { Delivered } from './delivery.ts';
import type { HeldLease } from './lease-keeper.ts';
import { lossIn } from './live-run.ts';
import type { Worker } from './open-worker.ts';
import { orAborted } from './or-aborted.ts';
import { giveBackUnbegun } from './unbegun.ts';
import { createSweeper } from './process-sweep.ts';
import { subjectOf, whereOf } from './run-report.ts';
import { createRunWork, type RunWork } from './run-work.ts';
import { errorText } from './worker-log.ts';
import type { Reach } from './worker-api.ts';
import { discardWorkspace } from './workspace.ts';
import type { Workspace } from './workspace-shape.ts';

export async function recover(worker: Worker, reach: Required<Reach>): Promise<void> {
  const { kit } = worker;
  // All of them at once: the last must not expire while the first is brought home.
  const left = leftoverWorkspaces(kit.git.places).map((workspace) => holdLeft(worker, workspace, reach));
  for (const one of left) {
    if (reach.signal.aborted) break;
    const { workspace, lease } = one;
    const about = { task_id: workspace.taskId, run: workspace.run };
    try {
      await recoverOne(one);
      kit.log.info('an earlier run was cleared up', about);
    } catch (error) {
      kit.log.warn('an earlier run could not be cleared up', { ...about, error: errorText(error) });
    }
    lease.letGo();
  }
  for (const { lease } of left) lease.letGo();
  if (reach.signal.aborted) return;
  const kept = leftoverWorkspaces(kit.git.places).map(({ facts }) => facts['lease_id']);
  await giveBackUnbegun(worker, new Set(kept), reach);
  await tidyUp(kit);
}

/** What cannot be removed takes room, and keeps nobody from work. */
async function tidyUp({ git, log }: Worker['kit']): Promise<void> {
  try {
    discardStrays(git);
  } catch (error) {
    log.warn('folders of earlier runs were left', { error: errorText(error) });
  }
  await git.trash.empty().catch((error: unknown) => {
    log.warn('the disk was not tidied up', { error: errorText(error) });
  });
}

interface Left {
  readonly worker: Worker;
  readonly workspace: Workspace;
  readonly leaseId: string;
  readonly lease: HeldLease;
  readonly reach: Required<Reach>;
}

function holdLeft(worker: Worker, workspace: Workspace, reach: Required<Reach>): Left {
  const leaseId = textOf(workspace.facts['lease_id']);
  const lease = worker.kit.keeper.hold({ leaseId, heartbeatMs: 10_000 }, () => {});
  return { worker, workspace, leaseId, lease, reach };
}

async function recoverOne(left: Left): Promise<void> {
  const { worker, workspace } = left;
  const { kit } = worker;
  const sweeper = createSweeper({ mark: textOf(workspace.facts['mark']), folder: workspace.root }, kit.sweep);
  const { living } = await sweeper.sweep().catch((error: unknown) => {
    // What cannot be seen may still live.
    worker.haunted.add(sweeper, null);
    throw error;
  });
  if (living.length > 0) worker.haunted.add(sweeper, living);
  const project = kit.settings.projects[workspace.project];
  if (project === undefined) throw new Error(`worker.yaml has no project "${workspace.project}" any more.`);
  const works = createRunWork(workspace, project, kit.git);
  const delivered = await deliverLeft(left, works);
  await tell(left, delivered);
  discardWorkspace(workspace, kit.git);
}

/** While the lease is held, to the branch of the task; else somebody may have gone on there, and it gets its own. */
async function deliverLeft(left: Left, works: RunWork): Promise<Delivered> {
  const { workspace, leaseId, worker } = left;
  const delivered = await works.deliver({
    leaseId,
    leaseFence: () => fenceInTime(left),
    subject: subjectOf(textOf(workspace.facts['description'])),
    submittedBy: textOf(workspace.facts['submitted_by']),
    sessionId: sessionOf(workspace),
  });
  if (delivered.fault !== null || delivered.isApart) await works.save();
  else if (delivered.isLost) await works.saveLost();
  else if (delivered.how !== 'kept') {
    await works.dropSaves().catch((error: unknown) => {
      worker.kit.log.warn('old saves were left on the remote', {
        task_id: workspace.taskId,
        error: errorText(error),
      });
    });
  }
  return delivered;
}

/** A start that waits for its answers only so long waits no longer for the lease: what was left stays for the next. */
async function fenceInTime({ lease, reach, worker }: Left): Promise<'held' | 'lost'> {
  const { withinMs } = reach.patience;
  if (withinMs === Infinity) return lease.fence();
  const late = new AbortController();
  const callOff = worker.kit.clock.after(withinMs, () => {
    late.abort();
  });
  const fence = await orAborted(lease.fence(), late.signal);
  callOff();
  if (fence === undefined) throw new Error('The server did not say whether the lease is still held.');
  return fence;
}

async function tell({ worker, workspace, leaseId, reach }: Left, delivered: Delivered): Promise<void> {
  const { api, settings } = worker.kit;
  const proof = { instance_id: settings.name, lease_id: leaseId };
  try {
    await api.fail(
      workspace.taskId,
      { ...proof, report: reportOf(workspace, delivered, false), error: DIED, retry: true },
      reach,
    );
  } catch (error) {
    if (lossIn(error) === undefined) throw error;
    const report = reportOf(workspace, delivered, true);
    await api.postReport(workspace.taskId, { lease_id: leaseId, report, first: 0, messages: [] }, reach);
  }
}

const DIED = 'The worker died during the run; what the run had done by then is kept.';

const NOTHING = {
  cost_usd: 0,
  cost_estimated: false,
  input_tokens: 0,
  output_tokens: 0,
  turns: 0,
  duration_seconds: 0,
};

/** What it used was told with its messages; the server keeps the larger numbers. */
function reportOf(workspace: Workspace, delivered: Delivered, isGone: boolean): RunReport {
  const heard = workspace.facts['last_reply'];
  return {
    outcome: 'failed',
    ...whereOf(delivered, isGone),
    session_id: sessionOf(workspace),
    totals: NOTHING,
    last_reply: typeof heard === 'number' ? heard : 0,
  };
}

function sessionOf({ facts }: Workspace): string | null {
  return typeof facts['session_id'] === 'string' ? facts['session_id'] : null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : 'unknown';
}
