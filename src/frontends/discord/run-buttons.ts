/**
 * The buttons under what runs say. Like every button's, their ids are a verb and a number: a task, or a question. An
 * option of a question is named by its place in the question's own list, never by its text.
 */
import type { APIButtonComponent } from 'discord.js';
import type { Question, QuestionOption } from '../../core/question.ts';
import { row, buttonWithId } from './buttons.ts';
import type { ButtonRow } from './outgoing.ts';
import { flat } from './text.ts';

/** Of these, the number is a task's. */
export const RUN_VERBS = ['stop', 'follow-up', 'retry'] as const;
export type RunVerb = (typeof RUN_VERBS)[number];

export type RunPress =
  | { readonly verb: RunVerb; readonly taskId: number }
  | { readonly verb: 'answer'; readonly questionId: number; readonly place: number }
  /** Opens a form for an answer in words. */
  | { readonly verb: 'answer-text'; readonly questionId: number };

const LABEL_LENGTH = 80;
const PER_ROW = 5;
/** Five rows of five. */
const MOST_BUTTONS = 25;

/** Null: not one of ours. */
export function readRunButtonId(customId: string): RunPress | null {
  const [verb, number, place, ...others] = customId.split(':');
  if (!isNumber(number) || others.length > 0) return null;
  const known = RUN_VERBS.find((name) => name === verb);
  if (known !== undefined) return place === undefined ? { verb: known, taskId: Number(number) } : null;
  if (verb === 'answer-text') return { verb, questionId: Number(number) };
  if (verb !== 'answer' || !isNumber(place)) return null;
  return { verb, questionId: Number(number), place: Number(place) };
}

const isNumber = (digits: string | undefined): digits is string => /^\d{1,15}$/.test(digits ?? '');

const LOOKS = {
  stop: { label: 'Stop', style: 'danger' },
  'follow-up': { label: 'Follow up', style: 'primary' },
  retry: { label: 'Retry' },
} as const;

export function runButtons(taskId: number, ...verbs: readonly RunVerb[]): ButtonRow {
  return row(...verbs.map((verb) => buttonWithId(`${verb}:${taskId}`, LOOKS[verb])));
}

/** The options of an open question, and the way to answer in words where it takes them. */
export function answerButtons(question: Question): readonly ButtonRow[] {
  const { id, options } = question;
  const given = options
    .slice(0, options.length - withoutButton(question).length)
    .map((option, place) =>
      buttonWithId(`answer:${id}:${place}`, { label: flat(option.label, LABEL_LENGTH), ...styleOf(option) }),
    );
  const label = options.length === 0 ? 'Answer...' : 'Other...';
  return inRows(takesWords(question) ? [...given, buttonWithId(`answer-text:${id}`, { label })] : given);
}

const takesWords = ({ kind, isBudget }: Question) => kind !== 'permission' && !isBudget;

/** Options that have no place left beside the button for words, by which they are chosen: with their numbers. */
export function withoutButton(question: Question): readonly (QuestionOption & { readonly number: number })[] {
  const most = MOST_BUTTONS - (takesWords(question) ? 1 : 0);
  return question.options.map((option, place) => ({ ...option, number: place + 1 })).slice(most);
}

/** What somebody typed, where that is the number or the label of such an option; else null. */
export function optionTyped(question: Question, typed: string): QuestionOption | null {
  const wanted = typed.trim().toLowerCase();
  const meant = ({ number, label }: { number: number; label: string }) =>
    wanted === `${number}` || wanted === label.trim().toLowerCase();
  return withoutButton(question).find(meant) ?? null;
}

/** What may do harm does not look like the obvious choice. */
function styleOf({ id }: QuestionOption): { style?: 'primary' | 'danger' } {
  if (id === 'deny' || id === 'stop') return { style: 'danger' };
  return id === 'allow_once' || id === 'more' ? { style: 'primary' } : {};
}

function inRows(buttons: readonly APIButtonComponent[]): readonly ButtonRow[] {
  const rows: ButtonRow[] = [];
  for (let from = 0; from < buttons.length; from += PER_ROW)
    rows.push(row(...buttons.slice(from, from + PER_ROW)));
  return rows;
}
