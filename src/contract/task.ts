/** A task on the wire, its history, and the bodies that change it. */
import { z } from 'zod';
import { ByKey } from './key.ts';
import * as is from './primitives.ts';
import { ReleaseCause, ReplyView, ResultView, RunReport, RunStart } from './run.ts';

/** Answers are read openly: a newer server may know more statuses, actions and fields. */
export const TaskView = z.object({
  id: z.number(),
  description: z.string(),
  status: z.string(),
  priority: z.string(),
  target: z.string().nullable(),
  instance_id: z.string().nullable(),
  instance_name: z.string().nullable(),
  created_at: z.string(),
  claimed_at: z.string().nullable(),
  completed_at: z.string().nullable(),
  not_before: z.string().nullable(),
  notes: z.string().nullable(),
  submitted_by: z.string().nullable(),
  attempt: z.number(),
  max_attempts: z.number(),
  lease_expires_at: z.string().nullable(),
  updated_at: z.string(),
  error: z.string().nullable(),
  project: z.string().nullable(),
  requires: z.array(z.string()),
  model: z.string().nullable(),
  max_cost_usd: z.number().nullable(),
  max_tokens: z.number().nullable(),
  max_turns: z.number().nullable(),
  max_minutes: z.number().nullable(),
  /** Why a pending task cannot start now; null when it can, and when it is not pending. */
  waiting_for: z.object({ kind: z.string(), until: z.string().nullish(), detail: z.string() }).nullable(),
  result: ResultView.nullable(),
});
export type TaskView = z.infer<typeof TaskView>;

export const LogEntry = z.object({
  id: z.number(),
  action: z.string(),
  actor: z.string(),
  details: z.record(z.string(), z.unknown()),
  instance_id: z.string().nullable(),
  key: ByKey.nullish(),
  timestamp: z.string(),
});
export type LogEntry = z.infer<typeof LogEntry>;

export const LeaseView = z.object({
  lease_id: z.string(),
  expires_at: z.string(),
  heartbeat_seconds: z.number(),
});
export type LeaseView = z.infer<typeof LeaseView>;

export const TaskAnswer = z.object({ task: TaskView });
export const NextAnswer = z.object({ task: TaskView.nullable() });
export const StatusAnswer = z.object({ status: z.string(), task: TaskView });
export const TaskList = z.object({ tasks: z.array(TaskView), next_cursor: z.string().nullable() });
export type TaskList = z.infer<typeof TaskList>;
export const LogList = z.object({ logs: z.array(LogEntry) });
export const CreatedAnswer = z.object({ task_id: z.number(), status: z.string(), task: TaskView });
export const CompletedAnswer = z.object({
  status: z.string(),
  task: TaskView,
  next_task: TaskView.nullable(),
});
export type CompletedAnswer = z.infer<typeof CompletedAnswer>;

export const ClaimedAnswer = z.object({
  status: z.string(),
  task: TaskView,
  lease: LeaseView,
  /** Only for a worker. */
  run: RunStart.optional(),
  /** For anybody else: what people said about it that nobody has taken in yet, if they said something. */
  replies: z.array(ReplyView).optional(),
});
export type ClaimedAnswer = z.infer<typeof ClaimedAnswer>;
/** `held_until`: the account of this worker has nothing left until then. */
const NothingToClaim = z.object({
  task: z.null(),
  paused: z.boolean().optional(),
  held_until: z.string().optional(),
});
export const ClaimNextAnswer = z.union([ClaimedAnswer, NothingToClaim]);
export type ClaimNextAnswer = z.infer<typeof ClaimNextAnswer>;

/** An instance that says who it is; it need not hold the task. */
const speaker = { instance_id: is.nameText('instance_id').nullish() };

export const CreateTask = z.object({
  description: is.description,
  priority: is.priority.nullish(),
  target: is.nameText('target').nullish(),
  submitted_by: is.nameText('submitted_by').nullish(),
  project: is.project.nullish(),
  requires: is.capabilities('requires', 10).nullish(),
  model: is.nameText('model').nullish(),
  max_cost_usd: is.budget('max_cost_usd', 'any').nullish(),
  max_tokens: is.budget('max_tokens', 'whole').nullish(),
  max_turns: is.budget('max_turns', 'whole').nullish(),
  max_minutes: is.budget('max_minutes', 'any').nullish(),
  ...speaker,
});
export type CreateTask = z.input<typeof CreateTask>;

export const EditTask = z.object({ description: is.description, ...speaker });

const claimant = {
  instance_id: is.nameText('instance_id'),
  instance_name: is.nameText('instance_name').nullish(),
  lease_seconds: is.leaseSeconds.nullish(),
  /** Of a worker's process, as its heartbeat said it: the claim begins a run. */
  session: is.nameText('session').nullish(),
  /** Whose quota the run uses: an opaque word, see the heartbeat's `account_salt`. */
  account: is.nameText('account').nullish(),
};
export const ClaimTask = z.object(claimant);
export type ClaimTask = z.input<typeof ClaimTask>;
export const ClaimNext = z.object({
  ...claimant,
  wait_seconds: is.waitSeconds.nullish(),
  /** Left out: only tasks without a project. `null` in the list stands for those. */
  projects: is.projects.nullish(),
  /** Left out: none. */
  capabilities: is.capabilities('capabilities', 100).nullish(),
});
export type ClaimNext = z.input<typeof ClaimNext>;

/** Proof of holding a task; naming neither is acting as the operator. */
const proof = { instance_id: is.nameText('instance_id').nullish(), lease_id: is.leaseId.nullish() };

export const SetStatus = z
  .object({ status: is.status.optional(), notes: is.notes.nullish(), ...proof })
  .refine((body) => body.status !== undefined || body.notes != null, {
    error: 'Send status, notes or both.',
  });
export const SetPriority = z.object({ priority: is.priority, ...speaker });
export const CompleteTask = z.object({ notes: is.notes.nullish(), report: RunReport.nullish(), ...proof });
export type CompleteTask = z.input<typeof CompleteTask>;
export const FailTask = z.object({
  error: is.errorText,
  retry: z.boolean({ error: 'retry must be true or false.' }).nullish(),
  retry_in_seconds: is.retryInSeconds.nullish(),
  report: RunReport.nullish(),
  ...proof,
});
export type FailTask = z.input<typeof FailTask>;
export const ReleaseTask = z.object({
  reason: is.reason.nullish(),
  retry_in_seconds: is.retryInSeconds.nullish(),
  /** Only of a run: why it is given back. */
  cause: ReleaseCause.nullish(),
  report: RunReport.nullish(),
  ...proof,
});
export type ReleaseTask = z.input<typeof ReleaseTask>;
export const CancelTask = z.object({ reason: is.reason.nullish(), ...speaker });
export const RequeueTask = z.object({ ...speaker });
