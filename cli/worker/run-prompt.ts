/**
 * What a run is told first. A session that goes on has heard the task already and gets what is new; one that begins
 * afresh gets everything. All of it was written by people: it is quoted, never obeyed by the worker itself.
 */
import { createHash } from 'node:crypto';
import type { AnsweredView, ReplyView, RunStart } from '../../src/contract/run.ts';
import type { TaskView } from '../../src/contract/task.ts';
import type { Decided } from './executor.ts';

export interface PromptParts {
  readonly task: Pick<TaskView, 'description' | 'attempt' | 'error'>;
  readonly run: RunStart;
  /** The session goes on. */
  readonly isResumed: boolean;
  /** Names of files, as the run finds them. */
  readonly attachments: readonly string[];
  /** Changes of an earlier attempt lie in the folder. */
  readonly isRestored: boolean;
}

export function promptOf(parts: PromptParts): string {
  const { task, run, isResumed, attachments } = parts;
  // What a session knows of the text of the task is not what that has come to be since.
  const replies = isResumed ? run.replies : run.replies.filter((reply) => reply.is_in_text !== true);
  const news = [...run.answers.flatMap(answerText), ...replies.map(replyText)];
  if (isResumed) news.unshift(...changedText(task.description, run.session_text));
  if (!isResumed)
    return paragraphs(task.description, ...filesText(FILES, attachments), ...beforeText(parts), ...news);
  const next = news.length > 0 ? news : [INTERRUPTED];
  return paragraphs(...next, ...filesText(FILES_MOVED, attachments));
}

const paragraphs = (...texts: string[]) => texts.join('\n\n');

const INTERRUPTED = 'Go on where you stopped: the run before this one was interrupted.';
const FILES = 'Files that came with the task:';
/** Each run has a folder of its own. */
const FILES_MOVED = 'The files that came with the task lie here now:';

function filesText(title: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [[title, ...names.map((name) => `- ${name}`)].join('\n')];
}

function beforeText({ run, task, isRestored }: PromptParts): string[] {
  const summary = run.summary?.trim() ?? '';
  const error = task.attempt > 1 ? (task.error?.trim() ?? '') : '';
  return [
    ...(summary === '' ? [] : [`What the run before this one said at its end:\n${summary}`]),
    ...(error === '' ? [] : [`The attempt before this one failed:\n${error}`]),
    ...(isRestored ? ['What an earlier run had changed lies in the folder, uncommitted.'] : []),
  ];
}

function replyText({ author, text }: Pick<ReplyView, 'author' | 'text'>): string {
  return `Reply from ${author}:\n${text}`;
}

/** A word for the text of a task, by which a later run sees whether the session knows it. */
export function markOf(description: string): string {
  return createHash('sha256').update(description).digest('hex');
}

/** Undefined: a server that keeps no such word. Null: the session is of a worker that said none. */
function changedText(description: string, told: string | null | undefined): string[] {
  if (told === undefined || told === markOf(description)) return [];
  const how =
    told === null
      ? 'The text of the task reads now:'
      : 'The text of the task was changed since you were told it. It reads now:';
  return [`${how}\n${description}`];
}

/** Not the session had asked: it was stopped in the middle. */
function grantText({ title, answered_by: by, answer }: AnsweredView['question']): string[] {
  const text = answer?.text ?? '';
  const granted = `The run before this one was stopped: ${title}. ${by ?? 'A person'} has given more of it. Go on where it stopped.`;
  return [granted, ...(text === '' ? [] : [replyText({ author: by ?? 'a person', text })])];
}

function answerText({ question, key, call }: AnsweredView): string[] {
  if (question.answer === null) return [];
  if (/^budget-\d+$/.test(key) && question.answer.option === 'more') return grantText(question);
  const { option, text } = question.answer;
  const label = question.options.find(({ id }) => id === option)?.label ?? option;
  const said = [label, text].filter((part) => part !== null).join(': ');
  const about =
    call === null || question.detail === '' ? question.title : `${question.title}\n${question.detail}`;
  return [
    `You had asked, and the run ended before the answer came:\n${about}\nThe answer of ${question.answered_by ?? 'a person'}: ${said}`,
  ];
}

/** Calls that wait no longer: an allowed one may be made once without asking again. */
export function decidedIn(answers: readonly AnsweredView[]): Decided[] {
  return answers.flatMap(({ question, call }) => {
    const parsed = question.kind === 'permission' ? parseCall(call) : undefined;
    if (parsed === undefined) return [];
    return [{ ...parsed, allowed: ['allow_once', 'allow_task'].includes(question.answer?.option ?? '') }];
  });
}

function parseCall(call: string | null): { tool: string; input: unknown } | undefined {
  try {
    const { tool, input } = JSON.parse(call ?? '') as { tool?: unknown; input?: unknown };
    return typeof tool === 'string' ? { tool, input } : undefined;
  } catch {
    return undefined;
  }
}
