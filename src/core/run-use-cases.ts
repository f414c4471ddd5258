/** What a worker does about its run while it lives, and the one report that it may hand in afterwards. */
import { liftedBy } from './account-hold.ts';
import { DomainError } from './errors.ts';
import type { Lease } from './lease.ts';
import { requireOwnership, type Caller } from './ownership.ts';
import { withReport } from './run-end.ts';
import { takeBatch, type Batch, type ReportedMessage } from './run-messages.ts';
import { resultOf } from './run-result.ts';
import type { Run, RunReport } from './run.ts';
import { append, sumOf, type RunSaves, type RunState } from './run-state.ts';
import { required, type Task } from './task.ts';
import type { TaskServiceDeps } from './task-deps.ts';
import { work, type Outcome, type Reads, type Speaker, type Work } from './work.ts';

/** How long after its end a lease may still hand in its report. */
export const REPORT_MS = 24 * 60 * 60_000;

/** A worker's call about its own run. */
export interface RunCaller extends Caller {
  readonly leaseId: string;
}

export interface LateReport {
  readonly report: RunReport;
  readonly first: number;
  readonly messages: readonly ReportedMessage[];
}

type Found = Reads['runOfLease']['gives'];

export function createRunUseCases({ clock }: Pick<TaskServiceDeps, 'clock'>) {
  return {
    /** Resolves to the number that the run's next message has. */
    postMessages(id: number, caller: RunCaller, batch: Batch): Work<number> {
      return work<'runOfLease', number>(
        { read: 'runOfLease', id, leaseId: caller.leaseId },
        (found) => {
          const { run, state } = requireLiveRun(found, id, caller);
          const taken = takeBatch(batch, { run, work: state.work, now: clock.now() });
          const { run: after, ...told } = taken;
          const saves = { runs: [after], ...told, ...liftedBy(state.hold, after) };
          return { result: after.messages + 1, runs: [saves] };
        },
        speakerOf(caller),
      );
    },

    /** The closing report of a run that has ended. It never changes the task's status. */
    report(id: number, caller: RunCaller, late: LateReport): Work<boolean> {
      return work<'runOfLease', boolean>(
        { read: 'runOfLease', id, leaseId: caller.leaseId },
        (found) => {
          const { task, run, state } = requireEndedRun(found, { id, caller, now: clock.now() });
          if (run.isReported) return { result: true };
          return takeReport(late, { task, run, state, now: clock.now() });
        },
        speakerOf(caller),
      );
    },

    /** A notice of the server's own among the messages of a task; of one that never ran there are none. */
    tell(taskId: number, text: string): Work<null> {
      return work<'task', null>({ read: 'task', id: taskId }, ({ run }) => {
        if (run === null) return { result: null };
        const draft = { run: null, kind: 'notice', text, at: clock.now() } as const;
        return { result: null, runs: [append(run.work, [draft])] };
      });
    },

    /** The run has gone on with these answers. */
    heard(taskId: number, questionIds: readonly number[]): Work<null> {
      return work<'task', null>({ read: 'task', id: taskId }, ({ run }) => {
        const told = (run?.questions ?? []).filter(
          ({ id, status }) => status === 'answered' && questionIds.includes(id),
        );
        if (told.length === 0) return { result: null };
        return { result: null, runs: [{ questions: told.map((one) => ({ ...one, isTold: true })) }] };
      });
    },
  };
}

function speakerOf({ key, instanceId }: Caller): Speaker | null {
  const heard = instanceId ?? key?.instanceId ?? undefined;
  return heard === undefined ? null : { instanceId: heard };
}

interface FoundRun {
  readonly task: Task;
  readonly run: Run;
  readonly state: RunState;
}

/** Throws `lease_lost` unless the run goes on, and by this caller. */
export function requireLiveRun(found: Found, id: number, caller: RunCaller): FoundRun {
  const task = required(found.task, id);
  requireOwnership(task, byItsKey(caller));
  const { run, state } = found;
  if (run === null || state === null) throw noRun(id);
  return { task, run, state };
}

/** A key that is for one instance speaks of no other's run, whether it names its instance or not. */
function byItsKey(caller: RunCaller): RunCaller {
  const instanceId = caller.instanceId ?? caller.key?.instanceId;
  return instanceId == null ? caller : { ...caller, instanceId };
}

function noRun(id: number): DomainError {
  return new DomainError(
    'invalid_transition',
    `That claim of task #${id} began no run: name your session when you claim.`,
  );
}

/** Throws `invalid_transition` while the lease lives, and `lease_lost` for a strange one or after its time. */
function requireEndedRun(
  found: Found,
  { id, caller, now }: { id: number; caller: RunCaller; now: Date },
): FoundRun {
  const task = required(found.task, id);
  const { lease, run, state } = found;
  if (!isOf(lease, id, byItsKey(caller)) || run === null || state === null) throw lost(task);
  if (lease?.endedAt == null) {
    const how = 'report it with complete, fail or release.';
    throw new DomainError('invalid_transition', `That run of task #${id} goes on: ${how}`);
  }
  if (now.getTime() - lease.endedAt.getTime() > REPORT_MS) throw lost(task);
  return { task, run, state };
}

function isOf(lease: Lease | null, taskId: number, { instanceId }: RunCaller): boolean {
  return lease?.taskId === taskId && (instanceId === undefined || lease.instanceId === instanceId);
}

function lost(task: Task): DomainError {
  return new DomainError(
    'lease_lost',
    `That lease on task #${task.id} is unknown, or ended more than 24 hours ago.`,
    { status: task.status },
  );
}

function whereIs({ branch, commit }: RunReport, { instanceId }: Run): string {
  if (branch !== null) return `kept on branch ${branch}`;
  if (commit === null) return 'it left no changes';
  return `kept on the worker ${instanceId} alone, as a bundle, for it could not be pushed`;
}

/** Usage counts in any case; how the work stands is told by the newest run alone. */
function takeReport(
  { report, first, messages }: LateReport,
  { task, run, state, now }: FoundRun & { now: Date },
): Outcome<boolean> {
  const taken = takeBatch({ first, messages, totals: report.totals }, { run, work: state.work, now });
  const isNewest = run.number === state.work.runs;
  const text = `Run ${run.number}: ${whereIs(report, run)}.`;
  const { work, messages: notices } = append(taken.work, [{ run: null, kind: 'notice', text, at: now }]);
  const saves: RunSaves = {
    work: isNewest ? withReport(work, report) : work,
    runs: [{ ...taken.run, isReported: true, model: report.model ?? run.model }],
    messages: [...taken.messages, ...notices],
  };
  const result = resultOf({
    outcome: task.result?.outcome ?? 'failed',
    report: isNewest ? report : null,
    before: task.result,
    sums: sumOf(state.others, taken.run.totals),
  });
  return { result: true, runs: [saves], results: [{ taskId: task.id, result }] };
}
