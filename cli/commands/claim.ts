/** Takes a task, remembers its lease, and prints all that its holder needs to know. */
import type { ClaimedAnswer, ClaimNext, ClaimNextAnswer } from '../../src/contract/task.ts';
import type { ApiClient } from '../api-client.ts';
import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { ClientError, usageError } from '../errors.ts';
import { block, clockTime, duration, priorityText, secondsUntil } from '../format.ts';
import { commaList, taskId, wholeNumber } from '../given.ts';
import { safeLine, safeText } from '../text.ts';

/** Proxies and networks cut connections that are silent for a minute. */
const SLICE_SECONDS = 50;

export async function run(deps: Deps, { words, options }: Given): Promise<Outcome> {
  const wait = wholeNumber('--wait', options['wait'], 0) ?? 0;
  const [word] = words;
  if (word !== undefined && options['wait'] !== undefined) {
    throw usageError('--wait is for the next task, not for a certain one.', 'Leave out the id, or --wait.');
  }
  const choice = choiceIn(options);
  if (word !== undefined && Object.keys(choice).length > 0) {
    const hint = 'Leave out the id, or --project and --capability.';
    throw usageError('--project and --capability choose among tasks, and an id has chosen.', hint);
  }
  const api = deps.api();
  const answer =
    word === undefined
      ? await claimNext(deps, api, { wait, choice })
      : await claimById(deps, api, taskId(word));
  if (!('lease' in answer)) return nothing(answer, wait);
  return { json: answer, lines: claimedLines(answer, deps.host.now()) };
}

async function claimById(deps: Deps, api: ApiClient, id: number): Promise<ClaimedAnswer> {
  try {
    return await anew(() => api.claimTask(id, claimant(deps), (answer) => remember(deps, answer)));
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== 'task_not_claimable') throw error;
    throw error.withHint(takenHint(id, error, deps.config().instanceId));
  }
}

function takenHint(id: number, { facts: { details } }: ClientError, instanceId: string): string {
  const { status, instance_id: holder } = (details ?? {}) as { status?: unknown; instance_id?: unknown };
  const another = 'Run "claude-task-client next" for another one';
  if (status !== undefined && status !== 'in_progress') return `${another}.`;
  if (holder === instanceId) return `That is this instance: see "claude-task-client show ${id}".`;
  return `${another}, or "claude-task-client release ${id} --force" if its holder is gone.`;
}

type Choice = Pick<ClaimNext, 'projects' | 'capabilities'>;

/** What was not said is not sent: then tasks without a project are meant, and none that require something. */
function choiceIn(options: Given['options']): Choice {
  const projects = commaList(options['project'])?.map((name) => (name === '-' ? null : name));
  const capabilities = commaList(options['capability']);
  return { ...(projects && { projects }), ...(capabilities && { capabilities }) };
}

/** Waits in slices until one brings a task or the time is used up. */
async function claimNext(
  deps: Deps,
  api: ApiClient,
  { wait, choice }: { readonly wait: number; readonly choice: Choice },
): Promise<ClaimNextAnswer> {
  const endsAt = deps.host.now() + wait * 1000;
  for (;;) {
    const left = Math.max(0, Math.ceil((endsAt - deps.host.now()) / 1000));
    const slice = Math.min(SLICE_SECONDS, left);
    const startedAt = deps.host.now();
    const answer = await anew(() =>
      api.claimNext(
        { ...claimant(deps), ...choice, ...(slice > 0 && { wait_seconds: slice }) },
        { until: endsAt, keep: (found) => remember(deps, found) },
      ),
    );
    if ('lease' in answer || deps.host.now() >= endsAt) return answer;
    // A server that stops answers at once, without a task; asking again at once would only hammer it.
    if (deps.host.now() - startedAt < 1000) await deps.host.sleep(1000);
  }
}

function claimant(deps: Deps) {
  const { instanceId, instanceName } = deps.config();
  return { instance_id: instanceId, instance_name: instanceName };
}

/** A claim repeated for an earlier run whose lease has ended by now: that story is over, a new claim begins. */
async function anew<T>(claim: () => Promise<T>): Promise<T> {
  try {
    return await claim();
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== 'lease_lost') throw error;
    return claim();
  }
}

async function remember(deps: Deps, answer: ClaimNextAnswer): Promise<void> {
  if (!('lease' in answer)) return;
  const { lease_id, expires_at } = answer.lease;
  try {
    await deps.leases().remember({ task_id: answer.task.id, lease_id, expires_at });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    deps.io.note(safeLine(`⚠️ The lease could not be remembered on this machine: ${why}`));
  }
}

function nothing(answer: ClaimNextAnswer, waitSeconds: number): Outcome {
  const isPaused = 'paused' in answer && answer.paused === true;
  const after = waitSeconds > 0 ? ` after ${duration(waitSeconds)}` : '';
  const line = isPaused ? `The queue is paused: nothing was claimed${after}.` : `No task to claim${after}.`;
  return { json: answer, lines: [line] };
}

function claimedLines({ task, lease, replies = [] }: ClaimedAnswer, now: number): string[] {
  const length = duration(secondsUntil(lease.expires_at, now));
  const attempt = task.attempt > 1 ? [`Attempt:  ${task.attempt} of ${task.max_attempts}`] : [];
  return [
    `✅ Task #${task.id} claimed`,
    `Priority: ${priorityText(task.priority)}`,
    ...(task.project === null ? [] : [`Project:  ${safeLine(task.project)}`]),
    `Lease:    ${length}, until ${clockTime(lease.expires_at)}`,
    ...attempt,
    ...(task.error === null ? [] : [block('Previous attempt', task.error)]),
    ...(task.notes === null ? [] : [block('Notes', task.notes)]),
    '',
    safeText(task.description),
    ...replies.flatMap(({ author, text }) => ['', block(`💬 ${safeLine(author)}`, text)]),
  ];
}
