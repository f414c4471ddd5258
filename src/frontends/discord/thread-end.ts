/** The end of a task's work in its thread: one new message that notifies the submitter, with what came of it. */
import type { RunMessage, RunResult } from '../../core/run.ts';
import { isFinished, type Task } from '../../core/task.ts';
import { FINISHED_STATUSES, type RunOutcome } from '../../core/vocabulary.ts';
import { embed, type Field } from './embed.ts';
import type { Outgoing } from './outgoing.ts';
import { runButtons } from './run-buttons.ts';
import { inline, pointerTo } from './text.ts';
import { duration, plural, STATUS_LOOKS, userIdOf } from './words.ts';

const TITLES: Readonly<Record<RunOutcome, string>> = {
  done: '✅ Done',
  no_changes: '✅ Done, nothing changed',
  budget: '⏱️ Finished at its budget',
  failed: '❌ Failed',
  cancelled: '🚫 Cancelled',
  parked: '⏸️ Parked',
};

const VERBS = {
  completed: ['follow-up'],
  failed: ['follow-up', 'retry'],
  cancelled: ['follow-up', 'retry'],
} as const;

/** A task that goes on already has no buttons under its end. */
export function endCard(task: Task, { text, data }: RunMessage, isSilent = false): Outgoing {
  const status = FINISHED_STATUSES.find((known) => known === data?.status) ?? 'completed';
  const result = data?.result ?? null;
  const title = `${result === null ? STATUS_LOOKS[status].title : TITLES[result.outcome]} · task #${task.id}`;
  const pointer = pointerTo(task.id);
  return {
    ...(isSilent ? { isSilent } : toSubmitter(task)),
    embed: embed({
      title,
      colour: STATUS_LOOKS[status].colour,
      description: text,
      fields: result === null ? [] : factsOf(result),
      pointer,
    }),
    rows: isFinished(task) ? [runButtons(task.id, ...VERBS[status])] : [],
    plain: `${title} \`${pointer}\``,
  };
}

/** Known from Discord itself, never from text; a task from elsewhere notifies nobody. */
export function toSubmitter({ createdBy }: Task): Pick<Outgoing, 'content' | 'mention' | 'isSilent'> {
  const userId = userIdOf(createdBy);
  return userId === null ? { isSilent: true } : { content: `<@${userId}>`, mention: userId };
}

/** On a phone fields stand below one another, so those that belong together share one. */
export function factsOf(result: RunResult): (Field | null)[] {
  const { branch, cost_usd, cost_estimated, input_tokens, output_tokens, turns, duration_seconds } = result;
  const cost = `${cost_estimated ? 'about ' : ''}${money(cost_usd)}`;
  return [
    branch === null ? null : { name: 'Branch', value: inline(branch, 200), isWide: true },
    changes(result),
    { name: 'Cost and tokens', value: `${cost} · ${count(input_tokens)} in, ${count(output_tokens)} out` },
    { name: 'Turns and duration', value: `${plural(turns, 'turn')} · ${duration(duration_seconds * 1000)}` },
  ];
}

function changes({ files_changed, insertions, deletions }: RunResult): Field | null {
  if (files_changed === null) return null;
  const lines = insertions === null ? '' : ` (+${insertions} −${deletions ?? 0})`;
  return { name: 'Changes', value: `${plural(files_changed, 'file')}${lines}` };
}

function money(usd: number): string {
  return usd > 0 && usd < 0.01 ? 'under $0.01' : `$${usd.toFixed(2)}`;
}

function count(tokens: number): string {
  if (tokens < 1_000) return `${tokens}`;
  return tokens < 1_000_000 ? `${(tokens / 1_000).toFixed(1)}k` : `${(tokens / 1_000_000).toFixed(1)}M`;
}
