/**
 * The tasks that the contenders work on: filled once by SQL into a file made by the real migrations,
 * copied for each contender, and put back after each slice so that the file keeps its size for ever.
 */
import Database from 'better-sqlite3';
import { openDatabase } from '../src/store/database.ts';
import type { Logger } from '../src/core/ports.ts';

export interface Size {
  readonly pending: number;
  readonly finished: number;
}

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const DAY_MS = 24 * 60 * 60_000;
const TEXT = 'Deploy the new monitoring stack on host ';
const WORKERS = 20;

/** A finished task brings its whole history: one lease and three events. */
export async function fill(path: string, { pending, finished }: Size): Promise<void> {
  const { client } = await openDatabase(path, silent);
  client.pragma('cache_size = -400000');
  client.pragma('synchronous = OFF');
  client.exec(`BEGIN;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${pending + finished})
    INSERT INTO tasks (id, description, status, priority, rank, lane, ready, instance_id, instance_name, attempt, max_attempts,
                       created_at, claimed_at, completed_at, updated_at, notes, submitted_by, created_by)
    SELECT i, '${TEXT}' || i || ', keep the old dashboards, and write down what changed.',
      iif(i <= ${finished}, 'completed', 'pending'),
      iif(i % 10 = 0, 'high', iif(i % 10 = 1, 'low', 'medium')), iif(i % 10 = 0, 100, iif(i % 10 = 1, 300, 200)), 'any', 1,
      iif(i <= ${finished}, 'worker-' || (i % ${WORKERS}), NULL), iif(i <= ${finished}, 'Worker ' || (i % ${WORKERS}), NULL),
      iif(i <= ${finished}, 1, 0), 3, ${Date.now() - DAY_MS} + i, iif(i <= ${finished}, ${Date.now() - DAY_MS} + i + 1000, NULL),
      iif(i <= ${finished}, ${Date.now() - DAY_MS} + i + 9000, NULL), ${Date.now() - DAY_MS} + i, iif(i <= ${finished}, 'done', NULL),
      'bench', 'operator' FROM n;
    INSERT INTO leases (lease_id, task_id, instance_id, attempt, length_ms, claimed_at, ended_at, ended_by, outcome)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(14))) AS lease_id, id, instance_id, 1, 7200000, claimed_at, completed_at,
      'instance:' || instance_id, 'completed' FROM tasks WHERE id <= ${finished} ORDER BY 1;
    ${['created', 'claimed', 'completed'].map((action) => eventsOf(action, finished)).join('')}
    COMMIT;`);
  client.pragma('wal_checkpoint(TRUNCATE)');
  client.close();
}

function eventsOf(action: string, finished: number): string {
  return `INSERT INTO task_logs (task_id, action, actor, details, instance_id, timestamp)
    SELECT id, '${action}', 'instance:bench', json_object('title', description, 'submitter', 'operator', 'attempt', 1, 'max_attempts', 3),
      instance_id, updated_at FROM tasks ${action === 'created' ? '' : `WHERE id <= ${finished}`} ORDER BY id;`;
}

/** What a slice left behind, counted in the database itself. */
export interface Found {
  readonly claims: number;
  readonly completions: number;
  /** Tasks that were claimed or completed more than once. */
  readonly doubled: number;
  readonly left: number;
}

export type Backlog = ReturnType<typeof openBacklog>;

/** A second connection to a contender's file; used only while that contender has nothing to do. */
export function openBacklog(path: string) {
  const client = new Database(path, { timeout: 5000 });
  client.pragma('synchronous = OFF');
  const newest = client.prepare<[], { id: number }>('SELECT coalesce(max(id), 0) AS id FROM task_logs').get()!
    .id;
  const begunAt = Date.now() - DAY_MS / 24;
  const count = client.prepare<[number], { action: string; events: number; tasks: number }>(
    'SELECT action, count(*) AS events, count(DISTINCT task_id) AS tasks FROM task_logs WHERE id > ? GROUP BY action',
  );
  const running = client.prepare<[], { n: number }>(
    "SELECT count(*) AS n FROM tasks WHERE status = 'in_progress'",
  );

  return {
    look(): Found {
      const rows = count.all(newest);
      const of = (action: string) => rows.find((row) => row.action === action);
      return {
        claims: of('claimed')?.tasks ?? 0,
        completions: of('completed')?.tasks ?? 0,
        doubled: rows.reduce((sum, row) => sum + row.events - row.tasks, 0),
        left: running.get()!.n,
      };
    },

    /** Every task worked on since the fill is pending again, as if nothing had happened. */
    putBack(): void {
      client.exec(`BEGIN IMMEDIATE;
        UPDATE tasks SET status = 'pending', ready = 1, instance_id = NULL, instance_name = NULL, lease_id = NULL, lease_ms = NULL,
          lease_expires_at = NULL, attempt = 0, claimed_at = NULL, completed_at = NULL, notes = NULL, updated_at = created_at
          WHERE id IN (SELECT task_id FROM task_logs WHERE id > ${newest});
        DELETE FROM leases WHERE claimed_at >= ${begunAt};
        DELETE FROM task_logs WHERE id > ${newest};
        COMMIT;`);
      client.pragma('wal_checkpoint(TRUNCATE)');
    },

    close: () => client.close(),
  };
}
