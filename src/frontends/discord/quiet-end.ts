/**
 * The channel's line about the end of a task that has a thread: silent, and with the way there. The end itself is told
 * in the thread, where it notifies the submitter; once is enough.
 */
import { TransientError } from '../../core/errors.ts';
import type { TaskEvent } from '../../core/event.ts';
import type { Clock, Link, Store } from '../../core/ports.ts';
import type { EventAction } from '../../core/vocabulary.ts';
import { FRONT_END, type DiscordConfig } from './config.ts';
import type { Live } from './connection.ts';
import type { Outgoing } from './outgoing.ts';
import { threadOfCard } from './thread-place.ts';

const ENDS: readonly EventAction[] = ['completed', 'failed', 'cancelled'];

/** A post may still be on its way when a short run ends: so long after its end its line waits for the link to it. */
const POST_MS = 5_000;
const LOOK_MS = 1_000;

export interface QuietDeps {
  readonly config: Pick<DiscordConfig, 'taskForum'>;
  readonly store: Pick<Store, 'taskWork' | 'threads'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Null: nothing is told in a thread. `threadId` is null where it could not be made in time. */
export type ThreadOfTask = { readonly threadId: string | null } | null;

/** A task that a worker has run has a thread, unless it could not be made or is gone. */
export async function threadOfEnd(
  event: Pick<TaskEvent, 'action' | 'taskId' | 'timestamp'>,
  { live, card }: { live: Live; card: Link | null },
  { store, config, clock }: QuietDeps,
): Promise<ThreadOfTask> {
  const { action, taskId } = event;
  if (!ENDS.includes(action) || !(await wasRun(taskId, store))) return null;
  const position = await store.threads(FRONT_END).position(taskId);
  if (position?.isClosed === true) return null;
  if (position !== null && position.threadId !== null) return { threadId: position.threadId };
  if (config.taskForum === null) return { threadId: card === null ? null : await threadOfCard(live, card) };
  requireTime(event, clock.now());
  return { threadId: null };
}

function requireTime({ taskId, timestamp }: Pick<TaskEvent, 'taskId' | 'timestamp'>, now: Date): void {
  if (now.getTime() - timestamp.getTime() >= POST_MS) return;
  throw new TransientError(`The post of task #${taskId} is not there yet.`, { retryAfterMs: LOOK_MS });
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
