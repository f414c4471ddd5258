/** The model as the sequential thing that a concurrent history is held against. */
import type { Operation, Sequential } from '../linearize.ts';
import { explain } from '../model/explain.ts';
import { apply, giveBack } from '../model/queue-model.ts';
import { textOf, type State } from '../model/state.ts';
import type { Call } from './recorder.ts';

/** A call; or, once it was not known to be answered, the server giving back what was claimed by it. */
export type What = Call | { readonly undo: string };

export const queueCalls: Sequential<State, What> = {
  next(state, what, all) {
    if ('undo' in what) {
      const given = giveBack(state, what.undo);
      return given === null ? [] : [given];
    }
    const { name, command, answer } = what;
    if (answer === null) return [apply(state, command, { name, heard: !mayBeUndone(name, all) }).state];
    const after = explain(state, command, answer, { name, heard: true });
    const explained = typeof after === 'string' ? [] : [after];
    return metItsKeyRunning(what, all) ? [...explained, state] : explained;
  },
  textOf,
};

const mayBeUndone = (name: string, all: readonly Operation<What>[]) =>
  all.some(({ what }) => 'undo' in what && what.undo === name);

/** Another request with this key ran at that time: it alone explains the conflict, kept or not. */
function metItsKeyRunning(call: Call, all: readonly Operation<What>[]): boolean {
  const { error } = call.answer?.body as { error?: string };
  if (error !== 'idempotency_conflict') return false;
  const mine = all.find(({ what }) => what === call);
  return all.some(
    ({ what, called, answered }) =>
      !('undo' in what) &&
      what !== call &&
      what.command.key === call.command.key &&
      called < (mine?.answered ?? 0) &&
      (answered ?? Infinity) > (mine?.called ?? 0),
  );
}

/** The calls, and beside each whose answer was never sent that it may be undone at any time. */
export function withUndos(calls: readonly Operation<Call>[], unsent: ReadonlySet<string>): Operation<What>[] {
  const undone = calls.filter(
    ({ what }) => unsent.has(what.name) && (what.command.do === 'claim' || what.command.do === 'claimNext'),
  );
  const undos = undone.map(({ what, called }) => ({ what: { undo: what.name }, called, answered: null }));
  return [...calls, ...undos];
}
