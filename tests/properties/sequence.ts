/** Plays one sequence of commands on a driver and on the model, and holds each answer against the model's. */
import { TASK_STATUSES } from '../../src/core/vocabulary.ts';
import { manualClock } from '../support/clock.ts';
import { givenBy, resolve, type Command, type Given } from './command.ts';
import type { Driver } from './drivers/driver.ts';
import { explain } from './model/explain.ts';
import { emptyState, type State } from './model/state.ts';

const EVERYTHING: Command = { do: 'list', statuses: TASK_STATUSES, limit: 200, body: {} };
const STATS: Command = { do: 'stats', body: {} };
const INSTANCES: Command = { do: 'instances', body: {} };

export async function playSequence(commands: readonly Command[], driver: Driver): Promise<void> {
  const given: Given[] = [];
  let state = emptyState(manualClock().now().getTime());

  async function step(wanted: Command, after?: Command): Promise<void> {
    const command = resolve(wanted, given);
    const answer = await driver.ask(command);
    const next = explain(state, command, answer);
    if (typeof next === 'string') throw new Error(told(command, after, next));
    state = next;
    const claimed = givenBy(answer.body);
    if (claimed !== null && !given.some(({ leaseId }) => leaseId === claimed.leaseId)) given.push(claimed);
  }

  for (const [n, command] of commands.entries()) {
    await step(command);
    // An answer may be right and what was done wrong.
    const looks = [EVERYTHING, STATS, ...logsOf(command, state)];
    await step(looks[n % looks.length] ?? EVERYTHING, command);
    await driver.inspect?.();
  }
  for (const look of [EVERYTHING, STATS, INSTANCES]) await step(look);
  for (const { id } of state.tasks) await step({ do: 'logs', id, body: {} });
}

const logsOf = ({ id }: Command, state: State): Command[] =>
  id !== undefined && id <= state.tasks.length ? [{ do: 'logs', id, body: {} }] : [];

function told(command: Command, after: Command | undefined, difference: string): string {
  const context = after === undefined ? '' : `, after ${JSON.stringify(after)}`;
  return `${JSON.stringify(command)}${context}\n  ${difference}`;
}
