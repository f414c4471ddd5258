/**
 * Whether a concurrent history is linearizable: whether the operations can be put in one order, each between
 * its call and its answer, in which a sequential thing gives just these answers. The search is Wing and
 * Gong's, with Lowe's memory: the same operations done and the same state reached need no second look.
 *
 * An operation whose outcome nobody knows may have happened at any time after its call, or never.
 */
export interface Operation<O> {
  readonly what: O;
  /** On a clock that all share: its call comes before everything that was called after its answer. */
  readonly called: number;
  /** Null when it never got an answer. */
  readonly answered: number | null;
}

export interface Sequential<S, O> {
  /** Every state that may come of this operation and explains its answer; none if nothing explains it. */
  next(state: S, what: O, all: readonly Operation<O>[]): readonly S[];
  /** The same text for the same state. */
  textOf(state: S): string;
}

export interface Explained<S, O> {
  /** All states that the history may end in; none when nothing explains it. */
  readonly states: readonly S[];
  /** The longest beginning of an order that explains its answers. */
  readonly longest: readonly O[];
}

/** `from`: the states it may have begun in. */
export function linearize<S, O>(
  operations: readonly Operation<O>[],
  from: readonly S[],
  thing: Sequential<S, O>,
): Explained<S, O> {
  const ends = new Map<string, S>();
  const seen = new Set<string>();
  let longest: readonly O[] = [];
  const answered = bitsOf(operations.map((operation) => operation.answered !== null));

  function search(state: S, done: bigint, order: readonly O[]): void {
    const text = thing.textOf(state);
    const memory = `${done} ${text}`;
    if (seen.has(memory)) return;
    seen.add(memory);
    if (order.length > longest.length) longest = order;
    if ((done & answered) === answered) ends.set(text, state);
    for (const n of candidates(operations, done)) {
      const { what } = operations[n]!;
      for (const after of thing.next(state, what, operations)) search(after, done | bit(n), [...order, what]);
    }
  }

  for (const state of from) search(state, 0n, []);
  return { states: [...ends.values()], longest };
}

/** Not done yet, and called before any other that is not done was answered. */
function candidates(operations: readonly Operation<unknown>[], done: bigint): number[] {
  const left = operations.flatMap((operation, n) => ((done & bit(n)) === 0n ? [{ operation, n }] : []));
  const first = Math.min(...left.map(({ operation }) => operation.answered ?? Infinity));
  return left.filter(({ operation }) => operation.called < first).map(({ n }) => n);
}

const bit = (n: number) => 1n << BigInt(n);
const bitsOf = (flags: readonly boolean[]) =>
  flags.reduce((bits, flag, n) => (flag ? bits | bit(n) : bits), 0n);
