/** Runs one piece of work inside a transaction that somebody else has begun. */
import type Database from 'better-sqlite3';
import { DomainError } from '../core/errors.ts';
import type { Answer, Clock, Once, Shown } from '../core/ports.ts';
import type { QueueFacts } from '../core/waiting-for.ts';
import type { Outcome, Work } from '../core/work.ts';
import type { KeyTable, KeptAnswer } from './key-table.ts';
import { createReads, type ReadTables } from './reads.ts';

export interface RunnerDeps {
  readonly client: Database.Database;
  readonly tables: ReadTables & { readonly keys: KeyTable };
  readonly clock: Clock;
  readonly save: (outcome: Outcome<unknown>) => void;
  readonly facts: () => QueueFacts;
}

export function createRunner({ client, tables, clock, save, facts }: RunnerDeps) {
  const read = createReads(tables);
  const hearing = createHearing({ client, tables, clock });
  const repeated = createRepeats(tables);

  /** Reads, decides, saves. A refusal is thrown before anything is written. */
  function decideAndSave<R>(work: Work<R>): Outcome<R> {
    const outcome = requireSync(work.decide(read(work.load)));
    save(outcome);
    return outcome;
  }

  /** The first answer again, or the work together with its answer. */
  function decideOnce<R>(work: Work<R>, once: Once<R>, hear: () => void): Answer {
    const kept = tables.keys.find(once.key, clock.now());
    if (kept !== null) return repeated(kept, once);
    const outcome = decideAndSave(work);
    hear();
    const answer = once.render(outcome.result, facts());
    if (changedSomething(outcome)) {
      tables.keys.keep(once.key, { ...answer, fingerprint: once.fingerprint }, clock.now());
    }
    return answer;
  }

  return {
    run: <R>(work: Work<R>): R => hearing(work, () => decideAndSave(work).result),
    runShown: <R, T>(work: Work<R>, shown: Shown<R, T>): T =>
      hearing(work, (hear) => {
        const { result } = decideAndSave(work);
        hear();
        return shown.render(result, facts());
      }),
    runOnce: <R>(work: Work<R>, once: Once<R>): Answer =>
      hearing(work, (hear) => decideOnce(work, once, hear)),
  };
}

function createHearing({ client, tables, clock }: Pick<RunnerDeps, 'client' | 'tables' | 'clock'>) {
  /** A refusal or a repeated answer leaves nothing but this. */
  return function hearing<R>(work: Work<unknown>, decided: (hear: () => void) => R): R {
    let isHeard = work.from === null;
    const hear = () => {
      if (!isHeard && work.from !== null && client.inTransaction) {
        const isNews = tables.instances.seen({ ...work.from, at: clock.now() });
        if (isNews) tables.crew.changed(work.from.instanceId);
      }
      isHeard = true;
    };
    try {
      return decided(hear);
    } finally {
      hear();
    }
  };
}

function createRepeats({ leases }: Pick<ReadTables, 'leases'>) {
  return function repeated(kept: KeptAnswer, once: Once<never>): Answer {
    if (kept.fingerprint !== once.fingerprint) {
      throw new DomainError(
        'idempotency_conflict',
        'This Idempotency-Key was used for a different request; use a new key for a new request.',
      );
    }
    if (kept.leaseId !== null && leases.byId(kept.leaseId)?.endedAt !== null) {
      throw new DomainError(
        'lease_lost',
        'That claim was answered before and its lease has ended since; claim again with a new key.',
      );
    }
    return { status: kept.status, body: kept.body, leaseId: kept.leaseId };
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
