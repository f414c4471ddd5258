/** A question as a person sees it on a terminal, and what an answer to it is called. */
import type { QuestionView } from '../src/contract/question.ts';
import type { Io } from './io.ts';
import { safeLine, safeText } from './text.ts';
import { fit } from './width.ts';

const KINDS: Record<string, string> = {
  permission: 'asks for permission',
  choice: 'has a question',
  text: 'has a question',
};

export function questionLines(question: QuestionView, io: Pick<Io, 'paint'>): string[] {
  const { id, task_id: task, kind, title, detail } = question;
  const asks = (Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined) ?? 'has a question';
  const body = detail.trim() === '' ? [] : safeText(detail).trimEnd().split('\n');
  return [
    io.paint.yellow(io.paint.bold(`❓ Task #${task} ${asks} (question ${id})`)),
    `   ${io.paint.bold(safeLine(title))}`,
    ...body.map((line) => `   ${line}`.trimEnd()),
    ...optionLines(question, io),
  ];
}

/** `   1) Allow once`, and its id where that is another word; beside what is allowed for longer, the rule. */
export function optionLines({ options, rule }: QuestionView, { paint }: Pick<Io, 'paint'>): string[] {
  return options.map((option, at) => {
    const [word, label] = [safeLine(option.id), safeLine(option.label)];
    const isSame = word.toLowerCase().replace(/[_-]/g, ' ') === label.toLowerCase();
    const allows = option.id === 'allow_task' && typeof rule === 'string' ? `: ${safeLine(rule)}` : '';
    return `   ${paint.yellow(`${at + 1})`)} ${label}${allows}${isSame ? '' : ` ${paint.dim(`(${word})`)}`}`;
  });
}

/** What it is about and how it may be answered, in a line each. */
export function shortLines(question: QuestionView, { paint, width }: Pick<Io, 'paint' | 'width'>): string[] {
  const detail = safeLine(question.detail).trim();
  const options = question.options.map(({ label }, at) => `${at + 1}) ${safeLine(label)}`).join('  ');
  return [detail, options]
    .filter((line) => line !== '')
    .map((line) => paint.dim(`      ${fit(line, Math.max(NARROWEST, width - 6))}`));
}

const NARROWEST = 20;

/** The command that answers it. */
export function howToAnswer({ id, options }: Pick<QuestionView, 'id' | 'options'>): string {
  return `claude-task-client answer ${id} ${options.length === 0 ? '--text "..."' : 'NUMBER'}`;
}

/** By id, label or number, whatever their case; undefined where nothing or more than one thing is meant. */
export function findOption(question: Pick<QuestionView, 'options'>, word: string) {
  const { options } = question;
  const wanted = word.trim().toLowerCase();
  const same = (text: string) => text.trim().toLowerCase() === wanted;
  const exact = options.find(({ id }) => id === word) ?? options.find(({ id }) => same(id));
  if (exact !== undefined) return exact;
  const labelled = options.filter(({ label }) => same(label));
  if (labelled.length > 0) return labelled.length === 1 ? labelled[0] : undefined;
  return /^[1-9]\d*$/.test(wanted) ? options[Number(wanted) - 1] : undefined;
}

/** `answered by sam: Allow once`; undefined while it is open. */
export function fateOf({ status, answer, answered_by: by, options }: QuestionView): string | undefined {
  if (status === 'open') return undefined;
  if (answer === null) return safeLine(status);
  const label = options.find(({ id }) => id === answer.option)?.label ?? answer.option;
  const said = [label, answer.text].filter((text) => text !== null).map(safeLine);
  return `${safeLine(status)}${by === null ? '' : ` by ${safeLine(by)}`}${said.length > 0 ? `: ${said.join(', ')}` : ''}`;
}
