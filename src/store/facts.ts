/** What can be asked about the queue at one moment; asked twice, it is read once. */
import type { CrewMember } from '../core/crew.ts';
import type { Clock } from '../core/ports.ts';
import type { QueueFacts } from '../core/waiting-for.ts';
import type { CrewTable } from './crew-table.ts';
import type { QueueTable } from './queue-table.ts';

export interface FactTables {
  readonly crew: CrewTable;
  readonly queue: QueueTable;
}

/** The returned facts are those of now: they must not be kept. */
export function createFacts({ crew, queue }: FactTables, clock: Clock): () => QueueFacts {
  return () => {
    const members = new Map<string, CrewMember | null>();
    return {
      queue: once(() => queue.state()),
      crew: once(() => crew.online(clock.now())),
      member(id) {
        const known = members.get(id);
        if (known !== undefined) return known;
        const member = crew.byId(id, clock.now());
        members.set(id, member);
        return member;
      },
    };
  };
}

function once<T extends object>(read: () => T): () => T {
  let known: T | undefined;
  return () => (known ??= read());
}
