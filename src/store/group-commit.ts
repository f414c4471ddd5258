/**
 * Runs a group of pieces in one transaction and answers them after COMMIT.
 *
 * A piece that refuses (a DomainError) has not written anything yet, so it leaves the group untouched.
 * A piece that breaks while writing takes the whole transaction back, and every piece of the group is
 * then run once more in a transaction of its own: SQLite itself ends a transaction on a full disk, and
 * whatever ran after that inside the group would commit alone.
 */
import type Database from 'better-sqlite3';
import { DomainError } from '../core/errors.ts';
import { asStoreError } from './sqlite-errors.ts';

export interface Piece {
  /** Monotonic milliseconds at which it was enqueued. */
  readonly since: number;
  /** Synchronous, and free to be run a second time when the first run was taken back. */
  run(): unknown;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Brackets each transaction, so that what it set in motion is told after COMMIT and only then. */
export interface TransactionSignals {
  begin(): void;
  committed(): void;
}

export interface GroupCommit {
  /** Throws SQLite's own error, for instance that the database is locked; nothing has begun then. */
  begin(): void;
  /** After `begin`: runs, commits and answers the group. Never throws. */
  run(group: readonly Piece[]): void;
}

export function createGroupCommit(client: Database.Database, signals: TransactionSignals): GroupCommit {
  const begin = client.prepare('BEGIN IMMEDIATE');
  const commit = client.prepare('COMMIT');
  const rollback = client.prepare('ROLLBACK');

  function run(group: readonly Piece[]): void {
    const answers: (() => void)[] = [];
    signals.begin();
    try {
      for (const piece of group) answers.push(runPiece(piece));
      commit.run();
    } catch (error) {
      if (client.inTransaction) rollback.run();
      if (group.length > 1) for (const piece of group) runAlone(piece);
      else group[0]?.reject(asStoreError(error));
      return;
    }
    for (const answer of answers) answer();
    signals.committed();
  }

  function runAlone(piece: Piece): void {
    try {
      begin.run();
    } catch (error) {
      piece.reject(asStoreError(error));
      return;
    }
    run([piece]);
  }

  /** The answer to give after COMMIT. Throws when the transaction can no longer be trusted. */
  function runPiece(piece: Piece): () => void {
    try {
      const value = piece.run();
      return () => {
        piece.resolve(value);
      };
    } catch (error) {
      if (!(error instanceof DomainError) || !client.inTransaction) throw error;
      return () => {
        piece.reject(error);
      };
    }
  }

  return { begin: () => void begin.run(), run };
}
