/** Before and after everybody at once: one command after the other, each with a known outcome. */
import { TASK_STATUSES } from '../../../src/core/vocabulary.ts';
import type { Command } from '../command.ts';
import type { Operation } from '../linearize.ts';
import { explain, type Answer } from '../model/explain.ts';
import type { State } from '../model/state.ts';
import type { What } from './queue-calls.ts';
import type { Recorder } from './recorder.ts';
import { told } from './told.ts';

type Ask = (command: Command) => Promise<Answer>;

export async function prepare(
  setup: readonly Command[],
  from: State,
  { ask, recorder }: { ask: Ask; recorder: Recorder },
): Promise<State> {
  let state = from;
  for (const wanted of setup) {
    const { command } = recorder.begin(wanted);
    const answer = await ask(command);
    const next = explain(state, command, answer);
    if (typeof next === 'string') throw new Error(`${JSON.stringify(command)}\n  ${next}`);
    recorder.learn(answer);
    state = next;
  }
  return state;
}

/** Everything must look as one of the possible orders leaves it. Resolves to those that are left. */
export async function look(
  ask: Ask,
  states: readonly State[],
  history: readonly Operation<What>[],
): Promise<readonly State[]> {
  let possible = states;
  const ids = states[0]?.tasks.map(({ id }) => id) ?? [];
  const looks: Command[] = [
    { do: 'list', statuses: TASK_STATUSES, limit: 200, body: {} },
    { do: 'stats', body: {} },
    { do: 'instances', body: {} },
    ...ids.map((id): Command => ({ do: 'logs', id, body: {} })),
  ];
  for (const command of looks) {
    const answer = await ask(command);
    const tried = possible.map((state) => explain(state, command, answer));
    possible = tried.filter((after) => typeof after !== 'string');
    if (possible.length === 0)
      throw new Error(
        `${told(history, [], true)}\nafterwards ${command.do}: ${tried.find((one) => typeof one === 'string') ?? ''}`,
      );
  }
  return possible;
}
