/** Runs one piece of work inside a transaction that somebody else has begun. */
import type Database from 'better-sqlite3';
import { DomainError } from '../core/errors.ts';
import type { Answer, Clock, Once } from '../core/ports.ts';
import type { Outcome, Work } from '../core/work.ts';
import type { KeyTable, KeptAnswer } from './key-table.ts';
import { createReads, type ReadTables } from './reads.ts';

export interface RunnerDeps {
  readonly client: Database.Database;
  readonly tables: ReadTables & { readonly keys: KeyTable };
  readonly clock: Clock;
  readonly save: (outcome: Outcome<unknown>) => void;
}

export function createRunner({ client, tables, clock, save }: RunnerDeps) {
  const read = createReads(tables);

  /** Reads, decides, saves. A refusal is thrown before anything is written. */
  function decideAndSave<R>(work: Work<R>): Outcome<R> {
    const outcome = requireSync(work.decide(read(work.load)));
    save(outcome);
    return outcome;
  }

  /** A refusal or a repeated answer leaves nothing but this. */
  function hearing<R>({ from }: Work<unknown>, decided: () => R): R {
    try {
      return decided();
    } finally {
      if (from !== null && client.inTransaction) tables.instances.seen({ ...from, at: clock.now() });
    }
  }

  /** The first answer again, or the work together with its answer. */
  function decideOnce<R>(work: Work<R>, once: Once<R>): Answer {
    const kept = tables.keys.find(once.key, clock.now());
    if (kept !== null) return repeated(kept, once);
    const outcome = decideAndSave(work);
    const answer = once.render(outcome.result);
    if (changedSomething(outcome)) {
      tables.keys.keep(once.key, { ...answer, fingerprint: once.fingerprint }, clock.now());
    }
    return answer;
  }

  function repeated(kept: KeptAnswer, once: Once<never>): Answer {
    if (kept.fingerprint !== once.fingerprint) {
      throw new DomainError(
        'idempotency_conflict',
        'This Idempotency-Key was used for a different request; use a new key for a new request.',
      );
    }
    if (kept.leaseId !== null && tables.leases.byId(kept.leaseId)?.endedAt !== null) {
      throw new DomainError(
        'lease_lost',
        'That claim was answered before and its lease has ended since; claim again with a new key.',
      );
    }
    return { status: kept.status, body: kept.body, leaseId: kept.leaseId };
  }

  return {
    run: <R>(work: Work<R>): R => hearing(work, () => decideAndSave(work).result),
    runOnce: <R>(work: Work<R>, once: Once<R>): Answer => hearing(work, () => decideOnce(work, once)),
  };
}

function changedSomething(outcome: Outcome<unknown>): boolean {
  const { changedSomething: said, changes = [], adminEvents = [], keys = [], runs = [], queue } = outcome;
  const saved = changes.length + adminEvents.length + keys.length + runs.length;
  return said ?? (saved > 0 || queue !== undefined);
}

/** The types forbid a promise; code that got around them must not commit before its body ran. */
function requireSync<R>(outcome: Outcome<R>): Outcome<R> {
  if (outcome instanceof Promise || outcome.result instanceof Promise)
    throw new TypeError('A decision must be synchronous: it would commit before its body ran.');
  return outcome;
}
