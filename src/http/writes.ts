/** The one way a request changes something: once per idempotency key, answered after the commit. */
import type { Context } from 'hono';
import type { Answer, Store } from '../core/ports.ts';
import type { QueueFacts } from '../core/waiting-for.ts';
import type { TaskService } from '../core/task-service.ts';
import type { Work } from '../core/work.ts';
import { answerJson } from './answers.ts';
import type { HttpEnv } from './env.ts';
import { createRunningKeys, keyOf } from './idempotency.ts';
import type { Keyring } from './keyring.ts';
import type { Waits } from './views.ts';

export interface View<R> {
  /** 200 unless it says otherwise. */
  readonly status?: number;
  body(result: R, waits: Waits): unknown;
  /** What only the request that did it is told, in place of `body`: this is never kept. */
  onceBody?(result: R): unknown;
}

export type Writes = ReturnType<typeof createWrites>;

export interface WriteDeps {
  readonly store: Pick<Store, 'decideShown' | 'decideOnce'>;
  readonly tasks: Pick<TaskService, 'waits'>;
  readonly keyring: Pick<Keyring, 'requireLive'>;
}

export function createWrites({ store, tasks, keyring }: WriteDeps) {
  const runningKeys = createRunningKeys();

  /** `text` is the body as it came: it is part of what the key stands for. */
  async function answer<R>(
    c: Context<HttpEnv>,
    text: string,
    made: { work: Work<R>; view: View<R> },
  ): Promise<Response> {
    // Its body may have taken its time to come.
    keyring.requireLive(c.get('key'));
    const { view, work } = made;
    const told: { once?: Answer } = {};
    // Not called for a kept answer.
    const render = (result: R, facts: QueueFacts) => {
      if (view.onceBody !== undefined) told.once = toAnswer(view, view.onceBody(result));
      return toAnswer(view, view.body(result, tasks.waits(facts)));
    };
    const keyed = keyOf(c, text);
    const answer = await (keyed === null
      ? store.decideShown(work, { render })
      : runningKeys.join(keyed, () => store.decideOnce(work, { ...keyed, render })));
    return answerJson(c, told.once ?? answer);
  }

  return { answer, runningKeys };
}

function toAnswer({ status = 200 }: { readonly status?: number }, body: unknown): Answer {
  return { status, body: JSON.stringify(body), leaseId: null };
}
