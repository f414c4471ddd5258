/** One claimed task from its claim to its end. Whatever goes wrong on the way becomes a verdict; nothing is thrown. */
import type { Claim } from './claim.ts';
import { closeRun } from './run-closing.ts';
import { subjectOf, wordsFinished, type Closing } from './run-report.ts';
import type { Delivered } from './delivery.ts';
import type { Ending } from './executor.ts';
import { GitError } from './git-fault.ts';
import { openRun, type LiveRun } from './live-run.ts';
import { layOut } from './run-brief.ts';
import { askForMore } from './budget-question.ts';
import { budgetText, leftOf, limitsOf, smaller, spentOut } from './run-budget.ts';
import { execute } from './run-execution.ts';
import { rememberFacts } from './run-records.ts';
import { createTranscriptKeeper, type TranscriptKeeper } from './run-transcript.ts';
import { createRunWork, type RunWork } from './run-work.ts';
import { saveRef } from './save-refs.ts';
import type { ProjectSettings } from './settings.ts';
import { afterDelivery, brokenVerdict, DAILY_VERDICT, gitVerdict } from './verdict.ts';
import { isDelivered, unlaidVerdict, verdictOf, type Verdict } from './verdict.ts';
import type { Kit } from './worker-kit.ts';
import { errorText } from './worker-log.ts';
import { discardWorkspace, prepareWorkspace } from './workspace.ts';
import type { ScreenRun } from './status-screen.ts';
import type { Workspace } from './workspace-shape.ts';

export interface RunEnd {
  readonly verdict: Verdict;
  readonly delivered: Delivered | null;
  readonly costUsd: number;
}

export function startRun(claim: Claim, project: ProjectSettings, kit: Kit) {
  const run = openRun(claim, project, kit);
  const ended = perform(run).finally(run.close);
  return { run, ended };
}

async function perform(run: LiveRun): Promise<RunEnd> {
  const { claim, kit, watcher } = run;
  const facts = { task_id: claim.task.id, run: claim.run.number };
  const hide = kit.screen?.show(screenRun(run)) ?? (() => {});
  kit.log.info('begins', { ...facts, project: run.project.name, branch: claim.run.branch });
  const closing = await work(run).catch((error: unknown): Closing => {
    kit.log.warn('the run broke', { ...facts, error: errorText(error) });
    return { verdict: brokenVerdict(error), delivered: null };
  });
  const verdict = await closeRun(run, closing).catch((error: unknown): Verdict => {
    kit.log.warn('the end could not be told', { ...facts, error: errorText(error) });
    return { kind: 'gone', reason: 'untold' };
  });
  hide();
  kit.spending.end(claim.lease.lease_id);
  kit.git.trash.empty().catch((error: unknown) => {
    kit.log.warn('the disk was not tidied up', { error: errorText(error) });
  });
  kit.log.info('ends', { ...facts, verdict: verdict.kind, branch: closing.delivered?.branch ?? null });
  return { verdict, delivered: closing.delivered, costUsd: watcher.totalsBody().cost_usd };
}

function screenRun({ claim, stopwatch, watcher }: LiveRun): ScreenRun {
  return {
    title: `#${claim.task.id} ${subjectOf(claim.task.description)}`,
    usedMs: stopwatch.usedMs,
    costUsd: () => watcher.totalsBody().cost_usd,
    activity: watcher.activityText,
  };
}

async function work(run: LiveRun): Promise<Closing> {
  const { claim, project, kit, stopper } = run;
  const mark = kit.newId();
  const wanted = {
    taskId: claim.task.id,
    run: claim.run.number,
    branch: claim.run.branch,
    project,
    base: claim.run.base,
    delivered: claim.task.result?.commit ?? null,
    signal: stopper.signal,
    facts: {
      ...{ lease_id: claim.lease.lease_id, mark },
      ...{ description: claim.task.description, submitted_by: claim.task.submitted_by },
    },
  };
  await run.place.free(stopper.signal);
  let workspace: Workspace;
  try {
    workspace = await prepareWorkspace(wanted, kit.git);
  } catch (error) {
    return { verdict: unlaidVerdict(stopper.cause(), error), delivered: null };
  }
  run.poster.set({ base: workspace.base });
  for (const text of workspace.notices) run.poster.add({ kind: 'notice', text });
  const works = createRunWork(workspace, project, kit.git);
  const laid: Laid = {
    run,
    workspace,
    works,
    mark,
    transcript: createTranscriptKeeper(run, workspace.folders),
  };
  const verdict = await judge(laid).catch((error: unknown) => {
    kit.log.warn('the run broke', { task_id: claim.task.id, error: errorText(error) });
    return brokenVerdict(error);
  });
  return settle(laid, verdict);
}

interface Laid {
  readonly run: LiveRun;
  readonly workspace: Workspace;
  readonly works: RunWork;
  readonly mark: string;
  readonly transcript: TranscriptKeeper;
}

async function judge(laid: Laid): Promise<Verdict> {
  const { run } = laid;
  const { claim, kit, stopper } = run;
  if (claim.run.is_finishing) return { kind: 'complete', outcome: 'budget', summary: wordsFinished(claim) };
  const limits = limitsOf(claim.task, kit.settings.limits);
  const own = leftOf(limits, claim.run);
  const left = { ...own, costUsd: smaller(own.costUsd, kit.spending.leftUsd()) };
  const spent = spentOut(left);
  const ending: Ending = spent === null ? await carryOut(laid, left) : { kind: 'budget', which: spent };
  const verdict = verdictOf(stopper.cause(), ending);
  if (verdict.kind !== 'budget') return verdict;
  if (verdict.which === 'costUsd' && left.costUsd !== own.costUsd) return DAILY_VERDICT;
  if (!(await askForMore(run, verdict.which, limits)) && !stopper.lost.aborted) {
    // It would wait for an answer to a question that nobody sees.
    const budget = budgetText(verdict.which, limits, claim.run);
    const error = `The budget of ${budget} is used up, and the server did not take the question about it.`;
    return { kind: 'fail', error, isFinal: false };
  }
  return verdictOf(stopper.cause(), ending);
}

async function carryOut({ run, workspace, works, mark, transcript }: Laid, left: ReturnType<typeof leftOf>) {
  const brief = await layOut(run, { workspace, left, mark });
  const { kit, claim } = run;
  const ending = await execute({
    run,
    brief,
    mark,
    root: workspace.root,
    async checkpoint() {
      kit.spending.keep();
      try {
        const facts = { session_id: run.watcher.sessionId(), last_reply: run.watcher.lastReply() };
        rememberFacts(workspace, facts, kit.git.places);
        await works.save();
      } catch (error) {
        kit.log.warn('the work could not be saved', { task_id: claim.task.id, error: errorText(error) });
      }
      await transcript.keep();
    },
  });
  if (ending.kind === 'failed' && ending.isSessionOver === true) {
    run.poster.add({ kind: 'notice', text: SESSION_OVER });
    await transcript.drop();
  }
  return ending;
}

const SESSION_OVER = 'The session is longer than the model can take: the next run begins a new one.';

/** Nothing of the run lives any more. Its folders go only when what was in them is safe. */
async function settle(laid: Laid, verdict: Verdict): Promise<Closing> {
  const { run, workspace, transcript } = laid;
  await transcript.keepLast();
  try {
    const closing = isDelivered(verdict) ? await hand(laid, verdict) : await put(laid, verdict);
    clearAway(laid);
    return closing;
  } catch (error) {
    // The folders and their record stay: the next start of the worker tries again.
    run.kit.log.warn('the work could not be saved', { task_id: workspace.taskId, error: errorText(error) });
    if (verdict.kind === 'gone') return { verdict, delivered: null };
    const broken = error instanceof GitError ? gitVerdict(error, 'repository') : brokenVerdict(error);
    return { verdict: broken, delivered: null };
  }
}

/** What was in the folders is safe: that they cannot be removed changes nothing about how the run ended. */
function clearAway({ run: { kit }, workspace }: Laid): void {
  try {
    discardWorkspace(workspace, kit.git);
  } catch (error) {
    kit.log.warn('the folders of the run were left', {
      task_id: workspace.taskId,
      error: errorText(error),
    });
  }
}

async function put({ run, works, workspace }: Laid, verdict: Verdict): Promise<Closing> {
  const { notices, fault } = await works.save();
  for (const text of notices) run.poster.add({ kind: 'notice', text });
  if (fault !== null) run.poster.add({ kind: 'notice', text: leftHere(run, workspace, fault) });
  return { verdict, delivered: null };
}

/** Nobody else can go on with it, so everybody is to know where it is. */
function leftHere({ kit }: LiveRun, { project, taskId, run }: Workspace, { message }: GitError): string {
  const { settings, git } = kit;
  const where = `${git.places.store(project)}, as ${saveRef(taskId, run)}`;
  return `The work is saved on the worker ${settings.name} alone, in ${where}: ${message}`;
}

async function hand({ run, works }: Laid, verdict: Verdict): Promise<Closing> {
  const { claim, lease, watcher, kit } = run;
  const delivered = await works.deliver({
    leaseId: claim.lease.lease_id,
    leaseFence: lease.fence,
    subject: subjectOf(claim.task.description),
    submittedBy: claim.task.submitted_by ?? 'unknown',
    sessionId: watcher.sessionId() ?? claim.run.session_id,
  });
  // What is kept because this project is not pushed is delivered: a follow-up begins there.
  if (delivered.fault !== null) {
    kit.log.warn('the work was not pushed', { task_id: claim.task.id, error: delivered.fault.message });
    await saveForOthers(run, works.save);
  }
  if (delivered.isApart) await saveForOthers(run, works.save);
  else if (delivered.isLost) await saveForOthers(run, works.saveLost);
  else if (delivered.fault === null) await dropSaves(run, works);
  return { verdict: afterDelivery(verdict, delivered.fault, kit.hurry.aborted), delivered };
}

async function dropSaves({ kit, claim }: LiveRun, works: RunWork): Promise<void> {
  try {
    await works.dropSaves();
  } catch (error) {
    kit.log.warn('old saves were left on the remote', { task_id: claim.task.id, error: errorText(error) });
  }
}

/**
 * A host that refuses the branch often takes a save, and the next run begins from a save and not from the branch of a
 * lost one: another worker goes on with that, not only this one.
 */
async function saveForOthers({ kit, claim }: LiveRun, save: () => Promise<unknown>): Promise<void> {
  try {
    await save();
  } catch (error) {
    kit.log.warn('the work could not be saved', { task_id: claim.task.id, error: errorText(error) });
  }
}
