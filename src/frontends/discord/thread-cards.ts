/** The silent cards of a thread: that a run began, what it does, and what it has on its list. */
import type { Activity, TodoItem } from '../../core/run.ts';
import type { Task } from '../../core/task.ts';
import { submittedBy, TASK_ID_FIELD } from './cards.ts';
import { embed } from './embed.ts';
import type { Outgoing } from './outgoing.ts';
import { runButtons } from './run-buttons.ts';
import { fitLines, inline, pointerTo } from './text.ts';
import { duration, plural, STATUS_LOOKS } from './words.ts';

const GREY = 0x95_a5_a6;
const LINE_LENGTH = 120;
const CARD_LENGTH = 3_500;
/** Lines of a stretch that are shown; of the others only how many there were. */
export const TOOLS_SHOWN = 6;

/** The first message of a post: it names the task, so that the post is known again, and leads to its card. */
export function postCard(task: Task, cardUrl: string | null): Outgoing {
  const pointer = pointerTo(task.id);
  const title = `Task #${task.id}`;
  return {
    embed: embed({
      title,
      colour: STATUS_LOOKS.in_progress.colour,
      description: task.description,
      fields: [
        { name: TASK_ID_FIELD, value: `#${task.id}` },
        task.project === null ? null : { name: 'Project', value: inline(task.project, 100) },
        cardUrl === null ? null : { name: 'Card', value: cardUrl },
      ],
      footer: submittedBy(task),
      pointer,
    }),
    plain: `${title} \`${pointer}\``,
    isSilent: true,
  };
}

/** Of a run that others have followed, only its number is known. */
export function runCard(task: Task, run: { readonly number: number; readonly isNewest: boolean }): Outgoing {
  const name = task.instanceName ?? task.instanceId;
  const where = run.isNewest && name !== null ? ` · ${inline(name, 100)}` : '';
  const goesOn = run.isNewest && task.status === 'in_progress';
  const content = `▶️ Run ${run.number} of task #${task.id}${where}`;
  return { content, plain: content, isSilent: true, rows: goesOn ? [runButtons(task.id, 'stop')] : [] };
}

export interface Stretch {
  /** The newest ones, as the run told them: a line, and below it what was put out. */
  readonly tools: readonly string[];
  readonly count: number;
}

/** `now`: what has been running for long. */
export function toolsCard(
  stretch: Stretch,
  now: { readonly activity: Activity; readonly elapsedMs: number | null } | null,
): Outgoing {
  const shown = stretch.tools.slice(-TOOLS_SHOWN).map((tool) => inline(firstLine(tool), LINE_LENGTH));
  const hidden = stretch.count - shown.length;
  const lines = [
    ...(hidden > 0 ? [`… ${plural(hidden, 'step')} before`] : []),
    ...shown,
    ...(now === null ? [] : [running(now.activity, now.elapsedMs)]),
  ];
  const title = `🔧 ${plural(stretch.count + (now === null ? 0 : 1), 'step')}`;
  return {
    embed: embed({ title, colour: GREY, description: fitLines(lines, CARD_LENGTH) }),
    plain: title,
    isSilent: true,
  };
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

function running({ text }: Activity, elapsedMs: number | null): string {
  const since = elapsedMs === null ? '' : ` · ${duration(elapsedMs)}`;
  return `⏳ ${inline(firstLine(text), LINE_LENGTH)}${since}`;
}

const MARKS = { completed: '✅', in_progress: '🔄', pending: '⬜' } as const;

export function todoCard(todo: readonly TodoItem[]): Outgoing {
  const done = todo.filter(({ status }) => status === 'completed').length;
  const lines = todo.map(({ status, text }) => `${MARKS[status]} ${inline(text, LINE_LENGTH)}`);
  const title = `📝 ${done} of ${plural(todo.length, 'step')} done`;
  const { colour } = done === todo.length ? STATUS_LOOKS.completed : STATUS_LOOKS.in_progress;
  return {
    embed: embed({ title, colour, description: fitLines(lines, CARD_LENGTH) }),
    plain: title,
    isSilent: true,
  };
}
