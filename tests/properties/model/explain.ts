/** Whether the model, in this state, gives just this answer; and what is known about the queue then. */
import type { Command } from '../command.ts';
import { bind, match } from './match.ts';
import { apply, type Request } from './queue-model.ts';
import type { State } from './state.ts';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** The next state; or, as text, what the answer should have been. */
export function explain(before: State, command: Command, answer: Answer, request?: Request): State | string {
  const { state, reply } = apply(before, command, request);
  if (answer.status !== reply.status)
    return `status: ${answer.status} ${JSON.stringify(answer.body)} instead of ${reply.status} ${JSON.stringify(reply.body)}`;
  const read = state.timeless ? timeless : <T>(body: T) => body;
  const bindings = match(read(reply.body), read(answer.body));
  if (typeof bindings === 'string') return bindings;
  // What is kept under a key is the answer word for word, with all that the model leaves open.
  const kept = state.keys[command.key ?? ''];
  if (kept?.reply === reply)
    state.keys[command.key ?? ''] = { ...kept, reply: { ...reply, body: answer.body as object } };
  return bind(state, bindings) ?? 'lease_id: one that was given before';
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The same with every time left out. */
function timeless<T>(value: T): T {
  const blurred = (name: string, one: unknown) =>
    (typeof one === 'string' && TIME.test(one)) || (name.endsWith('_seconds') && one !== null)
      ? 'some time'
      : one;
  return JSON.parse(JSON.stringify(value, blurred)) as T;
}
