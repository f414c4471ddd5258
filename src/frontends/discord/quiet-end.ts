/**
 * The channel's line about the end of a task that has a thread: silent, and with the way there. The end itself is told
 * in the thread, where it notifies the submitter; once is enough.
 */
import type { TaskEvent } from '../../core/event.ts';
import type { Link, Store } from '../../core/ports.ts';
import type { ThreadPosition } from '../../core/run-ports.ts';
import type { EventAction } from '../../core/vocabulary.ts';
import { FRONT_END, type DiscordConfig } from './config.ts';
import type { Live } from './connection.ts';
import type { Outgoing } from './outgoing.ts';
import { threadOfCard } from './thread-place.ts';

/** The link to a channel's line of an end that was left to the thread: whoever must hear of it has not, by that line. */
export const LEFT_TO_THREAD = 'left-to-thread';

const ENDS: readonly EventAction[] = ['completed', 'failed', 'cancelled'];

export interface QuietDeps {
  readonly config: Pick<DiscordConfig, 'taskForum'>;
  readonly store: Pick<Store, 'taskWork' | 'threads' | 'messages'>;
}

/** Null: nothing is told in a thread. `threadId` is null where it is not there yet. */
export type ThreadOfTask = { readonly threadId: string | null } | null;

/** A task that a worker has run has a thread, unless it could not be made or is gone. */
export async function threadOfEnd(
  { action, taskId }: Pick<TaskEvent, 'action' | 'taskId'>,
  { live, card }: { live: Live; card: Link | null },
  { store, config }: QuietDeps,
): Promise<ThreadOfTask> {
  if (!isEnd({ action }) || !(await wasRun(taskId, store))) return null;
  const position = await store.threads(FRONT_END).position(taskId);
  if (position?.isClosed === true) return (await isEndUntold(position, store)) ? null : { threadId: null };
  if (position !== null && position.threadId !== null) return { threadId: position.threadId };
  // A post that is still on its way has no link yet, and the channel waits for no thread.
  if (config.taskForum !== null || card === null) return { threadId: null };
  return { threadId: await threadOfCard(live, card) };
}

/** A thread that was lost after its end had been told there. */
async function isEndUntold({ taskId, seq }: ThreadPosition, store: QuietDeps['store']): Promise<boolean> {
  for (let after = seq; ;) {
    const { messages } = await store.messages(taskId, after, PAGE);
    if (messages.some(({ kind }) => kind === 'result')) return true;
    const last = messages.at(-1);
    if (last === undefined || messages.length < PAGE) return false;
    after = last.seq;
  }
}

const PAGE = 500;

export function isEnd({ action }: Pick<TaskEvent, 'action'>): boolean {
  return ENDS.includes(action);
}

async function wasRun(taskId: number, store: QuietDeps['store']): Promise<boolean> {
  const work = await store.taskWork(taskId);
  return work !== null && work.runs > 0;
}

/** The link stands in a field: a message in doubt is known again by what it says otherwise. */
export function quietly(
  { embed, rows, plain }: Outgoing,
  { threadId }: { threadId: string | null },
): Outgoing {
  if (embed === undefined || threadId === null)
    return { ...(embed && { embed }), ...(rows && { rows }), plain, isSilent: true };
  const fields = (embed.fields ?? []).filter(({ name }) => name !== 'Card');
  const link = `<#${threadId}>`;
  return {
    embed: { ...embed, fields: [...fields, { name: 'Thread', value: link }] },
    ...(rows && { rows }),
    plain: `${plain} ${link}`,
    isSilent: true,
  };
}
