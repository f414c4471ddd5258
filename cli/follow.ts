/**
 * What happens with a task, from some message on until it has ended: by long polls, across restarts of the server,
 * through parking, retries and follow-ups. It has ended when it is finished and nothing newer is left to tell.
 */
import type { MessageList, MessageView } from '../src/contract/run.ts';
import type { TaskView } from '../src/contract/task.ts';
import { MESSAGES_AT_ONCE } from './api-client.ts';
import type { Deps } from './deps.ts';
import { ClientError } from './errors.ts';
import { delayBefore } from './retry.ts';

export type Sight =
  | { readonly messages: readonly MessageView[]; readonly isTruncated: boolean }
  | { readonly task: TaskView }
  /** The server is away, or there again. */
  | { readonly isReachable: boolean };

/** Shorter than what proxies and networks let pass in silence; also how late the end of a task without a run is seen. */
const WAIT_SECONDS = 15;
const AT_LEAST_EVERY_MS = 5000;
/** As long as a server may be away before nobody waits for it any more. */
const PATIENCE_MS = 10 * 60_000;

export interface Followed {
  readonly id: number;
  readonly after: number;
}

export async function* follow(deps: Deps, { id, after }: Followed): AsyncGenerator<Sight, void> {
  const { host } = deps;
  const api = deps.api();
  // The first answer is nobody's to wait for: a wrong address or number is told at once.
  let { task } = await api.getTask(id);
  yield { task };
  let last = after;
  let askedAt = host.now();
  for (;;) {
    const hasEnded = isFinished(task);
    const news = yield* nextMessages(deps, { id, after: last, waitSeconds: hasEnded ? 0 : WAIT_SECONDS });
    last = Math.max(last, ...news.map(({ seq }) => seq));
    if (hasEnded && news.length === 0) return;
    const isFresh = host.now() - askedAt < AT_LEAST_EVERY_MS;
    if (news.length >= MESSAGES_AT_ONCE || (isFresh && isTalk(news, hasEnded))) continue;
    ({ task } = yield* patiently(deps, () => api.getTask(id)));
    askedAt = host.now();
    yield { task };
  }
}

async function* nextMessages(
  deps: Deps,
  { id, after, waitSeconds }: Followed & { readonly waitSeconds: number },
): AsyncGenerator<Sight, readonly MessageView[]> {
  const { host } = deps;
  const startedAt = host.now();
  const list = yield* patiently(deps, () => deps.api().taskMessages(id, after, waitSeconds));
  const news = newer(list, after);
  if (news.length > 0 || list.truncated) yield { messages: news, isTruncated: list.truncated };
  // A server that stops answers at once, with nothing; asking again at once would only hammer it.
  else if (waitSeconds > 0 && host.now() - startedAt < 1000) await host.sleep(1000);
  return news;
}

export function isFinished({ status }: Pick<TaskView, 'status'>): boolean {
  return ['completed', 'failed', 'cancelled'].includes(status);
}

/** In order, and none twice, whatever the server says. */
function newer({ messages }: MessageList, last: number): MessageView[] {
  return messages.filter(({ seq }) => seq > last);
}

/** Something of a run that goes on, and nothing among it that changes how the task stands. */
function isTalk(messages: readonly MessageView[], hasEnded: boolean): boolean {
  const isOnly = messages.every(({ kind }) => kind === 'text' || kind === 'tool');
  return isOnly && messages.length > 0 && !hasEnded;
}

async function* patiently<T>({ host }: Deps, call: () => Promise<T>): AsyncGenerator<Sight, T> {
  const until = host.now() + PATIENCE_MS;
  for (let failures = 0; ; failures += 1) {
    try {
      const answer = await call();
      if (failures > 0) yield { isReachable: true };
      return answer;
    } catch (error) {
      const isOver = !(error instanceof ClientError) || error.facts.isTransient !== true;
      if (isOver || host.now() > until) throw error;
      if (failures === 0) yield { isReachable: false };
      await host.sleep(delayBefore(failures + 1, error.facts.retryAfterMs ?? 0, host.random()));
    }
  }
}
