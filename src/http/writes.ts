/** The one way a request changes something: once per idempotency key, answered after the commit. */
import type { Context } from 'hono';
import type { Answer, Store } from '../core/ports.ts';
import type { Work } from '../core/work.ts';
import { answerJson } from './answers.ts';
import type { HttpEnv } from './env.ts';
import { createRunningKeys, keyOf } from './idempotency.ts';

export interface View<R> {
  /** 200 unless it says otherwise. */
  readonly status?: number;
  body(result: R): unknown;
}

export type Writes = ReturnType<typeof createWrites>;

export function createWrites(store: Pick<Store, 'decide' | 'decideOnce'>) {
  const runningKeys = createRunningKeys();

  /** `text` is the body as it came: it is part of what the key stands for. */
  async function answer<R>(
    c: Context<HttpEnv>,
    text: string,
    made: { work: Work<R>; view: View<R> },
  ): Promise<Response> {
    const render = (result: R) => toAnswer(made.view, result);
    const keyed = keyOf(c, text);
    if (keyed === null) return answerJson(c, render(await store.decide(made.work)));
    return answerJson(
      c,
      await runningKeys.join(keyed, () => store.decideOnce(made.work, { ...keyed, render })),
    );
  }

  return { answer, runningKeys };
}

function toAnswer<R>(view: View<R>, result: R): Answer {
  return { status: view.status ?? 200, body: JSON.stringify(view.body(result)), leaseId: null };
}
