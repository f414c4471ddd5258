/**
 * Database and write-ahead log are copied while the server stands still for a moment (as a snapshot of the disk
 * does it), and a second server opens the copy elsewhere. It must find everything that was acknowledged by then.
 */
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { startServer } from '../../tests/support/http-process.ts';
import { checkAcknowledged } from '../oracle/acknowledged.ts';
import { checkHistory } from '../oracle/history.ts';
import { readTables } from '../oracle/tables.ts';
import type { World } from '../world.ts';

/** A stopped process ends the system call that it is in. */
const STILL_MS = 20;

export async function openCopy(world: World): Promise<void> {
  const { keeper, faults, journal, folder, database, findings } = world;
  const copies = path.join(folder, `copy-${journal.now()}`);
  mkdirSync(copies);
  const before = journal.now();
  journal.note('copy', { copies });
  faults.add('database copied');
  keeper.signal('SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, STILL_MS));
  try {
    for (const end of ['', '-wal', '-shm']) {
      if (existsSync(database + end)) copyFileSync(database + end, path.join(copies, `tasks.db${end}`));
    }
  } finally {
    keeper.signal('SIGCONT');
  }
  try {
    const server = await startServer({
      folder: copies,
      ...(world.options.server !== null && { main: world.options.server }),
    });
    const { code } = await server.stop();
    if (code !== 0) findings.push(`a server on a copied database ended with ${String(code)}`);
    const tables = readTables(path.join(copies, 'tasks.db'));
    const wrong = [
      ...tables.broken,
      ...checkHistory(tables),
      ...checkAcknowledged(journal.ops, tables, before),
    ];
    findings.push(...wrong.map((what) => `in a copy: ${what}`));
    if (wrong.length === 0) rmSync(copies, { recursive: true });
  } catch (error) {
    findings.push(`a copied database could not be opened: ${String(error).slice(0, 500)}`);
  }
}
