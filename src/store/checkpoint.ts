/**
 * Gives the write-ahead log's space back when nothing has been written for a while. SQLite copies it
 * into the database as it goes, but only this shortens the file after a burst.
 */
import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import type { Clock, Logger } from '../core/ports.ts';

const IDLE_MS = 10_000;
const WORTH_BYTES = 8 * 1024 * 1024;

export function createIdleCheckpoint({
  client,
  clock,
  path,
  logger,
}: {
  client: Database.Database;
  clock: Clock;
  path: string;
  logger: Logger;
}) {
  let cancel: (() => void) | null = null;

  function checkpoint(): void {
    cancel = null;
    try {
      if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) < WORTH_BYTES) return;
      // Answers "busy" without waiting when another program reads or writes; the next idle time will do.
      client.pragma('wal_checkpoint(TRUNCATE)');
    } catch (error) {
      // A full disk, for instance. Nothing is lost: the log keeps what it holds.
      logger.warn({ error }, 'the write-ahead log could not be folded into the database');
    }
  }

  return {
    written(): void {
      cancel?.();
      cancel = clock.after(IDLE_MS, checkpoint);
    },
    stop(): void {
      cancel?.();
    },
  };
}
