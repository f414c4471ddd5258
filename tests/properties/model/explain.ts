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
  const read = <T>(body: T) => blurred(body, { timeless: state.timeless, crowded: request !== undefined });
  const bindings = match(read(reply.body), read(answer.body));
  if (typeof bindings === 'string') return bindings;
  // What is kept under a key is the answer word for word, with all that the model leaves open.
  const kept = state.keys[command.key ?? ''];
  if (kept?.reply === reply)
    state.keys[command.key ?? ''] = { ...kept, reply: { ...reply, body: answer.body as object } };
  return bind(state, bindings) ?? 'lease_id: one that was given before';
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

interface Blur {
  readonly timeless: boolean;
  /** Many ask at once: who was heard of when, and so what a task waits for, is in no answer. */
  readonly crowded: boolean;
}

/** The same with everything left out that cannot be known. */
function blurred<T>(value: T, { timeless, crowded }: Blur): T {
  if (!timeless && !crowded) return value;
  const blur = (name: string, one: unknown) => {
    if (crowded && name === 'waiting_for') return null;
    return timeless && isOfTime(name, one) ? 'some time' : one;
  };
  return JSON.parse(JSON.stringify(value, blur)) as T;
}

const isOfTime = (name: string, one: unknown) =>
  (typeof one === 'string' && TIME.test(one)) || (name.endsWith('_seconds') && one !== null);
