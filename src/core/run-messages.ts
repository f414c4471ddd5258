/**
 * What a run reports. Its messages are numbered from 1 within the run and taken in exactly once and in order; the
 * task's own sequence is given out where they are saved. Totals come along with every batch, so that they count also
 * when the run is killed.
 */
import { DomainError } from './errors.ts';
import type { Activity, Run, RunMessage, RunTotals, TaskWork, TodoItem } from './run.ts';
import { append, grown } from './run-state.ts';
import type { MessageKind } from './vocabulary.ts';

export interface ReportedMessage {
  readonly kind: MessageKind;
  readonly text: string;
  /** When it happened, as the worker's clock says. */
  readonly at: Date | null;
}

export interface Batch {
  /** The number of its first message within the run. */
  readonly first: number;
  readonly messages: readonly ReportedMessage[];
  readonly totals: RunTotals | null;
  readonly sessionId?: string | undefined;
  readonly sessionText?: string | undefined;
  readonly base?: string | undefined;
  /** Undefined: as before. */
  readonly activity?: Activity | null | undefined;
  readonly todo?: readonly TodoItem[] | undefined;
}

/** Characters of output that go along with the line of a tool. */
const TOOL_OUTPUT = 1000;
const TOOL_LINE = 1000;

export interface Taking {
  readonly run: Run;
  readonly work: TaskWork;
  readonly now: Date;
}

export interface Taken {
  readonly run: Run;
  readonly work: TaskWork;
  readonly messages: readonly RunMessage[];
}

/** Throws `invalid_transition` when messages before these are missing. */
export function takeBatch(batch: Batch, { run, work: before, now }: Taking): Taken {
  const fresh = freshOf(batch, run);
  const { work, messages } = append(
    {
      ...before,
      sessionId: batch.sessionId ?? before.sessionId,
      sessionText: batch.sessionText ?? before.sessionText,
      base: batch.base ?? before.base,
      ...(batch.activity !== undefined && { activity: within(batch.activity, run.startedAt, now) }),
      ...(batch.todo !== undefined && { todo: batch.todo }),
    },
    fresh.map((message) => ({
      run: run.number,
      kind: message.kind,
      text: message.kind === 'tool' ? cutTool(message.text) : message.text,
      at: clamped(message.at, run.startedAt, now),
    })),
  );
  const after = {
    ...run,
    messages: run.messages + fresh.length,
    totals: grown(run.totals, batch.totals),
  };
  return { run: after, work, messages };
}

/** A repeat has nothing new, and a batch that overlaps has its end. */
function freshOf({ first, messages }: Batch, run: Run): readonly ReportedMessage[] {
  const next = run.messages + 1;
  if (first <= next && first >= 1) return messages.slice(next - first);
  if (messages.length === 0 && first === 0) return [];
  throw new DomainError(
    'invalid_transition',
    `Message ${next} of run ${run.number} is expected next, not ${first}: send them in order, from 1.`,
    { expected: next, first },
  );
}

/** No message is older than its run, or from a time to come, whatever the worker's clock says. */
function clamped(at: Date | null, from: Date, to: Date): Date {
  if (at === null || at > to) return to;
  return at < from ? from : at;
}

/** Nor has anything gone on for longer. */
function within(activity: Activity | null, from: Date, to: Date): Activity | null {
  return activity && { ...activity, startedAt: clamped(activity.startedAt, from, to) };
}

/** One line, and at most so much of what it put out, the note that tells of the rest included. */
function cutTool(text: string): string {
  const end = text.indexOf('\n');
  const line = end === -1 ? text : text.slice(0, end);
  const head = line.length > TOOL_LINE ? `${whole(line.slice(0, TOOL_LINE - 1))}…` : line;
  if (end === -1) return head;
  const output = text.slice(end + 1);
  if (output.length <= TOOL_OUTPUT) return `${head}\n${output}`;
  const note = (left: number) => `\n[cut: ${left} more characters]`;
  const kept = whole(output.slice(0, TOOL_OUTPUT - note(output.length).length));
  return `${head}\n${kept}${note(output.length - kept.length)}`;
}

/** A cut between the halves of a pair leaves neither. */
const whole = (text: string) => text.replace(/[\uD800-\uDBFF]$/, '');
