/**
 * A question as a card. While it is open it has buttons and notifies the submitter; then it says who answered what.
 * What is asked for is shown as it is: a command that hides characters is one that nobody should allow.
 */
import type { Question } from '../../core/question.ts';
import type { Task } from '../../core/task.ts';
import { embed, EMBED_TEXT_LENGTH, type Field } from './embed.ts';
import type { Outgoing } from './outgoing.ts';
import { answerButtons, withoutButton } from './run-buttons.ts';
import { block, flat, inline, verbatim } from './text.ts';
import { toSubmitter } from './thread-end.ts';
import { STATUS_LOOKS } from './words.ts';

const FACT_LENGTH = 500;
/** More than a rule may have: it is shown whole. */
const RULE_LENGTH = 1_000;

export interface Asking {
  /** It was asked before, and nobody has answered yet. */
  readonly isReminder?: boolean;
  /** It stands among what is told of other tasks. */
  readonly isAside?: boolean;
}

export function questionCard(
  task: Task,
  question: Question,
  { isReminder = false, isAside = false }: Asking = {},
): Outgoing {
  const isOpen = question.status === 'open';
  const look = LOOKS[question.status];
  const of = isAside ? `Task #${task.id}: ` : '';
  const title = `${look.icon} ${of}${isReminder ? 'Still open: ' : ''}${flat(question.title, 200)}`;
  const words = inWords(title, question);
  return {
    ...(isOpen ? toSubmitter(task) : { isSilent: true }),
    embed: embed({
      title,
      colour: look.colour,
      description: detailOf(question),
      fields: [moreOf(question), ruleOf(question), answerOf(question)],
      footer: `Question ${question.id} · task #${task.id}`,
    }),
    rows: isOpen ? answerButtons(question) : [],
    ...(words.length <= MESSAGE_LENGTH && { bare: words }),
    plain: `${look.icon} Task #${task.id} asks: \`claude-task-client questions\``,
  };
}

const LOOKS = {
  open: { icon: '❓', colour: 0xf1_c4_0f },
  answered: { icon: '✔️', colour: STATUS_LOOKS.cancelled.colour },
  closed: { icon: '💤', colour: STATUS_LOOKS.cancelled.colour },
} as const;

/** A message holds less than an embed. */
function inWords(title: string, question: Question): string {
  const { id, kind, detail } = question;
  const show = kind === 'permission' ? verbatim : block;
  const facts = [moreOf(question), ruleOf(question), answerOf(question)].filter((field) => field !== null);
  return [
    inline(title, 250),
    ...(detail.trim() === '' ? [] : [show(detail, BARE_DETAIL_LENGTH, wholeOf(id))]),
    ...facts.map(({ name, value }) => `${inline(name, 100)}: ${value}`),
  ].join('\n');
}

const BARE_DETAIL_LENGTH = 900;
/** Room is left for whom it notifies. What has no place in it, a rule above all, is not shown in part. */
const MESSAGE_LENGTH = 1_900;

function detailOf({ id, kind, detail }: Question): string | undefined {
  if (detail.trim() === '') return undefined;
  const show = kind === 'permission' ? verbatim : block;
  return show(detail, EMBED_TEXT_LENGTH, wholeOf(id));
}

/** Prints all of a question; asks for the answer, where somebody is at the terminal. */
const wholeOf = (id: number) => `claude-task-client answer ${id}`;

/** What is chosen by its number. */
function moreOf(question: Question): Field | null {
  const more = question.status === 'open' ? withoutButton(question) : [];
  if (more.length === 0) return null;
  const lines = more.map(({ number, label }) => `${number}: ${inline(label, FACT_LENGTH)}`);
  return { name: 'By its number in Other...', value: lines.join('\n'), isWide: true };
}

/** What `Allow for this task` would allow from now on. */
function ruleOf({ rule, status }: Question): Field | null {
  if (rule === null || status !== 'open') return null;
  return { name: 'Allow for this task allows', value: verbatim(rule, RULE_LENGTH), isWide: true };
}

function answerOf({ status, answer, answeredBy, options }: Question): Field | null {
  if (status === 'open') return null;
  if (status === 'closed') return { name: 'Closed', value: 'No answer is needed any more.', isWide: true };
  const label = options.find(({ id }) => id === answer?.option)?.label ?? answer?.option ?? null;
  const said = [label, answer?.text ?? null].filter((part) => part !== null).join(': ');
  const name = `Answered by ${flat(answeredBy ?? 'somebody', 100)}`;
  return { name, value: inline(said, FACT_LENGTH), isWide: true };
}
