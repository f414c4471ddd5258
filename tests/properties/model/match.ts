/** Holds an answer against the model's, and finds out what its symbols stand for. */
import { ANYTHING } from './reply.ts';
import { leaseById, type State } from './state.ts';

export type Bindings = ReadonlyMap<string, string>;

/** What the symbols stand for; or, as text, where the two differ first. */
export function match(expected: unknown, actual: unknown): Bindings | string {
  const bindings = new Map<string, string>();
  return difference(expected, actual, { path: '', bindings }) ?? bindings;
}

interface At {
  readonly path: string;
  readonly bindings: Map<string, string>;
}

const unequal = ({ path }: At, expected: unknown, actual: unknown) =>
  `${path === '' ? 'answer' : path}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`;

function difference(expected: unknown, actual: unknown, at: At): string | null {
  if (typeof expected === 'string' && expected.startsWith('?')) return symbol(expected, actual, at);
  if (Array.isArray(expected)) return ofLists(expected, actual, at);
  if (expected !== null && typeof expected === 'object') return ofObjects(expected as Fields, actual, at);
  return (expected ?? null) === (actual ?? null) ? null : unequal(at, expected, actual);
}

function symbol(expected: string, actual: unknown, at: At): string | null {
  if (expected === ANYTHING)
    return actual === null || actual === undefined ? unequal(at, expected, actual) : null;
  if (typeof actual !== 'string' || actual === '') return unequal(at, expected, actual);
  const bound = at.bindings.get(expected) ?? actual;
  at.bindings.set(expected, bound);
  return bound === actual ? null : unequal(at, bound, actual);
}

function ofLists(expected: readonly unknown[], actual: unknown, at: At): string | null {
  if (!Array.isArray(actual) || actual.length !== expected.length) return unequal(at, expected, actual);
  for (const [n, one] of expected.entries()) {
    const found = difference(one, actual[n], { ...at, path: `${at.path}[${n}]` });
    if (found !== null) return found;
  }
  return null;
}

interface Sets {
  readonly $atLeast: readonly unknown[];
  readonly $among: readonly unknown[];
}

function isBetween(actual: unknown, { $atLeast, $among }: Sets): boolean {
  return (
    Array.isArray(actual) &&
    $atLeast.every((one) => actual.includes(one)) &&
    actual.every((one) => $among.includes(one)) &&
    new Set(actual).size === actual.length
  );
}

function isSaid(actual: unknown, { $says }: { $says: string }): boolean {
  return typeof actual === 'string' && actual !== '' && actual.includes($says);
}

/** Null for an ordinary object. */
function special(expected: object, actual: unknown): boolean | null {
  if ('$says' in expected) return isSaid(actual, expected as { $says: string });
  return '$atLeast' in expected ? isBetween(actual, expected as Sets) : null;
}

type Fields = Readonly<Record<string, unknown>>;

function ofObjects(expected: Fields, actual: unknown, at: At): string | null {
  const isRight = special(expected, actual);
  if (isRight === null) return ofFields(expected, actual, at);
  return isRight ? null : unequal(at, expected, actual);
}

/** Field by field and no field more; in `details` there may be more. */
function ofFields(expected: Fields, actual: unknown, at: At): string | null {
  const isOpen = /(?:^|\.)details(?:\.|$)/.test(at.path);
  const given = (actual ?? (isOpen ? {} : null)) as Fields | null;
  if (given === null || typeof given !== 'object') return unequal(at, expected, actual);
  const names = Object.keys(expected);
  const more = Object.keys(given).filter((name) => !names.includes(name) && name !== 'details');
  if (!isOpen && more.length > 0) return unequal(at, names, Object.keys(given));
  for (const name of names) {
    const found = difference(expected[name], given[name], { ...at, path: `${at.path}.${name}` });
    if (found !== null) return found;
  }
  return null;
}

/** The state with everything that is now known put in its place; null when a lease id was given twice. */
export function bind(state: State, bindings: Bindings): State | null {
  if (bindings.size === 0) return state;
  let text = JSON.stringify(state);
  for (const [name, value] of bindings) {
    if (name.startsWith('?lease') && leaseById(state, value) !== null) return null;
    text = text.replaceAll(JSON.stringify(name), () => JSON.stringify(value));
  }
  return JSON.parse(text) as State;
}
