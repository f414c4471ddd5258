/** What can be asked about the queue at one moment; asked twice, it is read once. */
import { BARRED_MS } from '../core/crew.ts';
import type { Clock } from '../core/ports.ts';
import type { PersonUse } from '../core/run-limits.ts';
import type { QueueFacts } from '../core/waiting-for.ts';
import type { CrewTable } from './crew-table.ts';
import type { PersonUseOf } from './person-use.ts';
import type { QueueTable } from './queue-table.ts';
import type { RunTable } from './run-table.ts';

export interface FactTables {
  readonly runTables: { readonly runs: Pick<RunTable, 'barred'> };
  readonly crew: CrewTable;
  readonly queue: QueueTable;
  readonly personUse: PersonUseOf;
}

/** The returned facts are those of now: they must not be kept. */
export function createFacts(
  { crew, queue, personUse, runTables }: FactTables,
  clock: Clock,
): () => QueueFacts {
  return () => {
    let use: ((person: string) => PersonUse) | undefined;
    return {
      queue: once(() => queue.state()),
      crew: once(() => replayed(crew.online(clock.now()))),
      member: remembered((id) => crew.byId(id, clock.now())),
      use(person, limits) {
        use ??= remembered((id) => personUse(id, limits));
        return use(person);
      },
      barred: (taskId) => runTables.runs.barred(taskId, new Date(clock.now().getTime() - BARRED_MS)),
    };
  };
}

function remembered<T>(read: (id: string) => T): (id: string) => T {
  const known = new Map<string, T>();
  return (id) => {
    const found = known.get(id);
    if (found !== undefined) return found;
    const answer = read(id);
    known.set(id, answer);
    return answer;
  };
}

function once<T extends object>(read: () => T): () => T {
  let known: T | undefined;
  return () => (known ??= read());
}

/** Goes only as far as somebody looks, and no part of the way twice. */
function replayed<T>(source: Iterator<T, undefined>): Iterable<T> {
  const known: T[] = [];
  return {
    *[Symbol.iterator]() {
      for (let index = 0; ; index += 1) {
        if (index === known.length) {
          const next = source.next();
          if (next.done === true) return;
          known.push(next.value);
        }
        yield known[index] as T;
      }
    },
  };
}
