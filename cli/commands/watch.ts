/** Shows a task's runs as they happen, and ends with the task. */
import type { MessageView } from '../../src/contract/run.ts';
import type { QuestionView } from '../../src/contract/question.ts';
import type { TaskView } from '../../src/contract/task.ts';
import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { ClientError } from '../errors.ts';
import { follow, isFinished, type Followed, type Sight } from '../follow.ts';
import { holderOf, projectTag, statusText, taskLine } from '../format.ts';
import { resultFacts, waitingLine } from '../format-run.ts';
import { taskId, wholeNumber } from '../given.ts';
import { createMessageViewer } from '../message-view.ts';
import { howToAnswer, optionLines } from '../question-card.ts';
import { titleOf } from '../text.ts';

export async function run(deps: Deps, { words, options }: Given): Promise<Outcome> {
  const id = taskId(words[0]);
  const after = wholeNumber('--after', options['after'], 0) ?? 0;
  const seen = await see(deps, { id, after });
  const failure = failureOf(seen.task);
  return { json: seen, lines: endLines(deps, seen.task), ...(failure !== undefined && { failure }) };
}

interface Seen {
  readonly task: TaskView;
  readonly messages: readonly MessageView[];
  readonly truncated: boolean;
}

/** Tells everything as it comes, or with `--json` keeps it for the end. */
async function see(deps: Deps, followed: Followed): Promise<Seen> {
  const teller = deps.isJson ? undefined : createTeller(deps, followed.id);
  const messages: MessageView[] = [];
  let truncated = false;
  let task: TaskView | undefined;
  for await (const sight of follow(deps, followed)) {
    await teller?.tell(sight);
    if ('task' in sight) task = sight.task;
    if (!('messages' in sight)) continue;
    if (deps.isJson) messages.push(...sight.messages);
    truncated ||= sight.isTruncated;
  }
  if (task === undefined) throw new Error('A followed task is told of first.');
  return { task, messages, truncated };
}

function createTeller(deps: Deps, id: number) {
  const { io } = deps;
  const viewer = createMessageViewer(io);
  const announced = new Set<number>();
  let lastState: string | undefined;
  let hasSaidTruncated = false;
  // Beside the messages, and no part of them.
  const aside = (line: string) => {
    if (io.isTerminal) io.print(io.paint.dim(line));
    else io.note(line);
  };
  const tellTask = (task: TaskView) => {
    if (lastState === undefined) io.note(io.paint.bold(headOf(task)));
    const state = stateOf(task);
    if (state !== lastState && !isFinished(task)) aside(state);
    lastState = state;
  };
  const tellMessages = async (messages: readonly MessageView[]) => {
    for (const message of messages) io.print(viewer.linesOf(message).join('\n'));
    if (!messages.some(({ kind }) => kind === 'question')) return;
    for (const question of await openQuestions(deps, id)) {
      if (announced.has(question.id)) continue;
      announced.add(question.id);
      const lines = [...optionLines(question, io), `   ↳ ${io.paint.yellow(howToAnswer(question))}`];
      // Piped, what goes by are the messages and nothing else.
      if (io.isTerminal) io.print(lines.join('\n'));
      else io.note(lines.join('\n'));
    }
  };
  return {
    async tell(sight: Sight): Promise<void> {
      if ('task' in sight) tellTask(sight.task);
      else if ('isReachable' in sight) {
        aside(sight.isReachable ? '🔌 Connected again.' : '⚠️ The connection is lost; trying again.');
      } else {
        if (sight.isTruncated && !hasSaidTruncated) aside('… Earlier messages are not kept any more.');
        hasSaidTruncated ||= sight.isTruncated;
        await tellMessages(sight.messages);
      }
    },
  };
}

/** Only how to answer: whoever may not know it, or cannot be told now, goes on watching. */
async function openQuestions({ api }: Deps, id: number): Promise<readonly QuestionView[]> {
  try {
    const { questions } = await api().questions('open');
    return questions.filter(({ task_id }) => task_id === id);
  } catch (error) {
    if (error instanceof ClientError) return [];
    throw error;
  }
}

function headOf(task: TaskView): string {
  return taskLine(task) + projectTag(task);
}

function stateOf(task: TaskView): string {
  if (task.status === 'pending') {
    return task.waiting_for === null ? '📋 In the queue.' : `⏳ Waits ${waitingLine(task.waiting_for)}`;
  }
  const attempt = task.attempt > 1 ? `, attempt ${task.attempt} of ${task.max_attempts}` : '';
  const holder = holderOf(task);
  return `${statusText(task.status)}${holder === null ? '' : ` on ${holder}`}${attempt}`;
}

function endLines({ io }: Deps, task: TaskView): string[] {
  const facts = task.result === null ? [] : resultFacts(task.result);
  const isToLookAt = task.result?.branch != null;
  const next: [string, string][] = isToLookAt ? [['Next', `claude-task-client checkout ${task.id}`]] : [];
  const lines = [...facts, ...next].map(([label, value]) => `   ${io.paint.dim(label.padEnd(8))} ${value}`);
  const colour = task.status === 'completed' ? io.paint.green : io.paint.red;
  const head = statusText(task.status).replace(' ', ` Task #${task.id} `);
  return ['', io.paint.bold(colour(head)), ...lines];
}

function failureOf(task: TaskView): ClientError | undefined {
  const { id } = task;
  if (task.status === 'failed') {
    const why = task.error === null ? '' : `: ${titleOf(task.error)}`;
    const hint = `"claude-task-client reply ${id}" goes on with it, "claude-task-client requeue ${id}" tries again.`;
    return new ClientError('task_failed', `Task #${id} failed${why.replace(/\.$/, '')}.`, { hint });
  }
  if (task.status !== 'cancelled') return undefined;
  const hint = `"claude-task-client requeue ${id}" gives it another chance.`;
  return new ClientError('task_cancelled', `Task #${id} was cancelled.`, { hint });
}
