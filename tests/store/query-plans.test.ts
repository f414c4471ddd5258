/** How SQLite runs every statement that the store prepares, on a filled database, with and without statistics. */
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../support/clock.ts';
import { recordingLogger } from '../support/logger.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { openStore } from './world.ts';

const FILL = `
  INSERT INTO tasks (description, status, priority, rank, lane, ready, attempt, max_attempts, created_at,
    updated_at, created_by, instance_id, lease_id, lease_ms, lease_expires_at, completed_at, not_before,
    origin_front_end, origin_ref)
  WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 5999),
    s(i, status) AS (SELECT i, CASE WHEN i % 10 < 4 THEN 'pending' WHEN i % 1000 = 5 THEN 'in_progress'
      WHEN i % 10 < 8 THEN 'completed' WHEN i % 10 = 8 THEN 'failed' ELSE 'cancelled' END FROM n)
  SELECT 'task ' || i, status, 'medium', 200, CASE i % 7 WHEN 0 THEN 'to:nas' ELSE 'any' END,
    iif(status = 'pending' AND i % 50 = 0, 0, 1), 1, 3, i, i, iif(i % 3, 'operator', 'discord:' || (i % 9)), 'm-' || (i % 20),
    iif(status = 'in_progress', 'lease-' || i, NULL), iif(status = 'in_progress', 1000, NULL),
    iif(status = 'in_progress', i, NULL), iif(status IN ('pending', 'in_progress'), NULL, i),
    iif(status = 'pending' AND i % 50 = 0, i, NULL), iif(i % 3, NULL, 'discord'), iif(i % 3, NULL, 'r-' || i) FROM s;
  INSERT INTO leases SELECT 'l-' || id, id, 'm-' || (id % 20), 1, 1000, id, id, 'system', 'cancelled' FROM tasks;
  INSERT INTO task_logs (task_id, action, actor, details, timestamp) SELECT id, 'created', 'operator', '{}', id FROM tasks;
  INSERT INTO instances SELECT 'm-' || id, 'm', id, NULL FROM tasks WHERE id <= 300;
  INSERT INTO idempotency_keys SELECT 'k-' || id, 'f', 200, '', NULL, id FROM tasks;
`;

/** Steps that read a whole table or index, or sort, and why they may. */
const ALLOWED: readonly { step: RegExp; of: RegExp }[] = [
  { step: /^SCAN tasks USING INDEX tasks_held$/, of: /INDEXED BY tasks_held .* ORDER BY id DESC/ },
  { step: /^USE TEMP B-TREE FOR ORDER BY$/, of: /INDEXED BY tasks_held .* ORDER BY id DESC/ },
  // In order of an index that holds only those rows: no more of it is read than the LIMIT wants.
  { step: /^SCAN tasks USING (COVERING )?INDEX tasks_(leased|due)$/, of: /ORDER BY \S+ LIMIT 1$/ },
  {
    step: /^SCAN tasks USING (COVERING )?INDEX tasks_(leased|held)$/,
    of: /^update "tasks" set "lease_expires_at"/,
  },
  // As many as are worked on: who holds how many.
  {
    step: /^SCAN tasks USING COVERING INDEX tasks_held$/,
    of: /^SELECT instance_id .* GROUP BY instance_id$/,
  },
  { step: /^(SCAN instances|USE TEMP B-TREE FOR (LAST|RIGHT).* ORDER BY)/, of: /from "instances"/ },
  // At most a hundred ids.
  { step: /^SCAN json_each VIRTUAL TABLE/, of: /NOT IN \(SELECT value FROM json_each/ },
  // As many rows as there are accounts with a hold.
  { step: /^SCAN account_holds$/, of: /^delete from "account_holds"/ },
  { step: /^SCAN \(subquery-\d+\)$/, of: /^(SELECT|select) count\(\*\)/ },
  { step: /^(CO-ROUTINE|SCAN \d+|SCAN \(?subquery)/, of: /count\(\*\)/ },
  // As many as an owner makes: read whole, at the start and for the list.
  { step: /^SCAN api_keys$/, of: /^select .* from "api_keys"$/ },
  // From the newest on, until as many as anybody reads are found.
  { step: /^SCAN questions USING INDEX questions_open$/, of: /ORDER BY asked_at DESC, id DESC LIMIT/ },
  { step: /^SCAN questions$/, of: /FROM questions ORDER BY id DESC LIMIT/ },
  // At a start alone: each of them is one that waits.
  { step: /^SCAN tasks USING INDEX tasks_(limited|parked)$/, of: /^UPDATE tasks SET ready = iif/ },
  // A thousand at most: every claim looks through them.
  { step: /^SCAN (lane_counts|CONSTANT ROW)$/, of: /lane_counts/ },
  { step: /^SCAN (task_counts|sqlite_sequence)$/, of: /task_counts|sqlite_sequence/ },
];

let client: Database.Database;
let statements: string[];

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'athena-plans-'));
  const options = { path: join(folder, 'tasks.db'), clock: manualClock(), logger: recordingLogger() };
  await (await openStore(options)).store.close();
  // The second start migrates nothing, so all that it prepares is what the running server uses.
  const opened = await openStore(options);
  client = opened.client;
  statements = opened.sql.filter((text) => /^(select|insert|update|delete)/i.test(text));
  client.exec(FILL);
  return async () => {
    await opened.store.close();
    rmSync(folder, { recursive: true, force: true });
  };
});

interface Step {
  readonly detail: string;
}

function planOf(text: string): string[] {
  const explain = client.prepare<unknown[], Step>(`EXPLAIN QUERY PLAN ${text}`);
  const names = [...text.matchAll(/:(\w+)/g)].map(([, name = '']) => [name, likely(name)] as const);
  if (names.length > 0) return explain.all(Object.fromEntries(names)).map((step) => step.detail);
  const values = [...text.matchAll(/\?/g)].map(() => 200);
  return explain.all(...values).map((step) => step.detail);
}

/** Statistics let the planner look at values, so they should be such as occur. */
function likely(name: string): string | number {
  if (name === 'status') return 'completed';
  if (name === 'lane') return 'any';
  if (name === 'createdBy') return 'discord:3';
  return name === 'instanceId' ? 'm-5' : 200;
}

describe.each(['without statistics', 'with statistics'])('%s', (how) => {
  beforeAll(() => {
    if (how === 'with statistics') client.exec('ANALYZE');
  });

  it('no statement reads all tasks or sorts what an index could order', () => {
    expect(statements.length).toBeGreaterThan(40);
    for (const text of statements) {
      const flat = text.replace(/\s+/g, ' ').trim();
      const suspicious = planOf(text).filter((step) => /^SCAN|TEMP B-TREE|AUTOMATIC/.test(step));
      const unexpected = suspicious.filter(
        (step) => !ALLOWED.some((allowed) => allowed.step.test(step) && allowed.of.test(flat)),
      );
      expect({ statement: flat, unexpected }).toEqual({ statement: flat, unexpected: [] });
    }
  });

  it.each([
    ['a claim', /^SELECT "id".* tasks_ready/, 'SEARCH tasks USING INDEX tasks_ready (lane=?)'],
    [
      'the head of one lane among many',
      /^SELECT id, rank, NULL .* tasks_ready/,
      'SEARCH tasks USING COVERING INDEX tasks_ready (lane=?)',
    ],
    [
      'the next of the same rank in a lane, past what a worker gave back, and past people at their limit',
      /^SELECT id, rank, person .* tasks_ready .* rank = \S+ AND id > .* NOT IN/,
      [
        'SEARCH tasks USING INDEX tasks_ready (lane=? AND rank=? AND id>?)',
        'LIST SUBQUERY 1',
        'SCAN json_each VIRTUAL TABLE INDEX 1:',
        'CREATE BLOOM FILTER',
      ],
    ],
    [
      'the first of the next rank there',
      /^SELECT id, rank, person .* tasks_ready .* rank > .* NOT IN/,
      [
        'SEARCH tasks USING INDEX tasks_ready (lane=? AND rank>?)',
        'LIST SUBQUERY 1',
        'SCAN json_each VIRTUAL TABLE INDEX 1:',
        'CREATE BLOOM FILTER',
      ],
    ],
    [
      'what a worker gave back',
      /^SELECT task_id AS taskId .* runs_faulty/,
      'SEARCH runs USING INDEX runs_faulty (instance_id=? AND ended_at>?)',
    ],
    [
      'a page in claim order',
      /tasks_pending.*rank = :rank AND id > :id ORDER BY id/,
      'SEARCH tasks USING INDEX tasks_pending (rank=? AND id>?)',
    ],
    [
      'the leases that ran out',
      /tasks_leased.*<=/,
      'SEARCH tasks USING INDEX tasks_leased (lease_expires_at<?)',
    ],
    ['the tasks that are due', /tasks_due.*<=/, 'SEARCH tasks USING INDEX tasks_due (not_before<?)'],
    [
      'the tasks that are parked no longer',
      /^SELECT .* tasks_parked .*<=/,
      'SEARCH tasks USING INDEX tasks_parked (parked_until>? AND parked_until<?)',
    ],
    [
      'what an instance holds',
      /^SELECT .*"description".* FROM tasks INDEXED BY tasks_held WHERE .*instance_id = (:|CAST)/,
      'SEARCH tasks USING INDEX tasks_held (instance_id=?)',
    ],
    [
      'what an instance is shown to run',
      /^SELECT id AS taskId, claimed_at .* tasks_held/,
      'SEARCH tasks USING INDEX tasks_held (instance_id=?)',
    ],
    [
      'what finished last',
      /^SELECT .* tasks_finished WHERE .* completed_at DESC/,
      'SEARCH tasks USING INDEX tasks_finished (status=? AND completed_at>?)',
    ],
    [
      'a page of finished tasks, however deep',
      /tasks_finished_by_id WHERE/,
      'SEARCH tasks USING INDEX tasks_finished_by_id (status=? AND id<?)',
    ],
    [
      'a page of waiting tasks, newest first',
      /tasks_pending WHERE .* ORDER BY id DESC/,
      'SEARCH tasks USING INDEX tasks_pending (rank=? AND id<?)',
    ],
    [
      'the oldest of those that wait',
      /^SELECT created_at .* tasks_pending WHERE/,
      'SEARCH tasks USING INDEX tasks_pending (rank=?)',
    ],
    ['a run', /^select .* from "runs" where lease_id = /, 'SEARCH runs USING PRIMARY KEY (lease_id=?)'],
    [
      'the sums of a task',
      /^SELECT total\(cost_usd\) .* runs_of_task/,
      'SEARCH runs USING INDEX runs_of_task (task_id=?)',
    ],
    [
      'what runs of a person have cost today',
      /^SELECT total\(cost_usd\) .* runs_of_person/,
      'SEARCH runs USING COVERING INDEX runs_of_person (person=? AND started_at>?)',
    ],
    [
      'how many tasks of a person run',
      /tasks_running_of_person/,
      [
        'CO-ROUTINE (subquery-1)',
        'SEARCH tasks USING COVERING INDEX tasks_running_of_person (person=?)',
        'SCAN (subquery-1)',
      ],
    ],
    [
      'the first in the next lane that waits for room of its person',
      /^SELECT id, lane .* tasks_limited/,
      'SEARCH tasks USING INDEX tasks_limited (person=? AND lane>?)',
    ],
    [
      'what a task keeps from run to run',
      /^select .* from "task_work" where task_id = /,
      'SEARCH task_work USING INTEGER PRIMARY KEY (rowid=?)',
    ],
    [
      'a page of messages',
      /^select .* from "run_messages" where task_id = \? AND seq >/,
      'SEARCH run_messages USING INDEX sqlite_autoindex_run_messages_1 (task_id=? AND seq>?)',
    ],
    [
      'the next task with messages',
      /^SELECT min\(task_id\)/,
      'SEARCH run_messages USING COVERING INDEX sqlite_autoindex_run_messages_1 (task_id>?)',
    ],
    [
      'what a task waits to be told',
      /FROM questions INDEXED BY questions_of_run WHERE .* is_told = 0/,
      'SEARCH questions USING INDEX questions_of_run (task_id=?)',
    ],
    [
      'the newest questions of a status',
      /FROM questions INDEXED BY questions_status WHERE status = /,
      'SEARCH questions USING INDEX questions_status (status=?)',
    ],
    [
      'questions that people were not reminded of',
      /FROM questions INDEXED BY questions_open WHERE .* repeated_at IS NULL/,
      'SEARCH questions USING INDEX questions_open (asked_at<?)',
    ],
    [
      'replies that a run has not heard',
      /^select .* from "replies" where task_id = \? AND number >/,
      'SEARCH replies USING PRIMARY KEY (task_id=? AND number>?)',
    ],
    [
      'a page of what was spent',
      /FROM runs INDEXED BY runs_started WHERE/,
      'SEARCH runs USING INDEX runs_started ((started_at,lease_id)>(?,?))',
    ],
    [
      'a thread that may be behind',
      /FROM task_work w LEFT JOIN/,
      [
        'SEARCH w USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)',
        'SEARCH d USING PRIMARY KEY (front_end=? AND task_id=?) LEFT-JOIN',
      ],
    ],
    [
      'who is online',
      /FROM instances INDEXED BY instances_seen/,
      'SEARCH instances USING INDEX instances_seen (last_seen>?)',
    ],
    [
      'how much one instance holds',
      /^SELECT count\(\*\) .* tasks_held/,
      'SEARCH tasks USING COVERING INDEX tasks_held (instance_id=?)',
    ],
    ['the counters', /from "task_counts"/, 'SCAN task_counts'],
    [
      'what ended first',
      /^SELECT id, completed_at .* tasks_finished WHERE/,
      'SEARCH tasks USING COVERING INDEX tasks_finished (status=? AND completed_at>? AND completed_at<?)',
    ],
    [
      'the newest event of a task',
      /^SELECT max\(id\) FROM task_logs/,
      'SEARCH task_logs USING COVERING INDEX task_logs_task (task_id=?)',
    ],
    [
      'the claims of a task',
      /^select .* from "leases" where "leases"."task_id"/,
      'SEARCH leases USING INDEX leases_task (task_id=?)',
    ],
    [
      'the end of the claims of a task',
      /^delete from "leases" where/,
      'SEARCH leases USING INDEX leases_task (task_id=?)',
    ],
    [
      'the end of the events of a task',
      /^delete from "task_logs" where/,
      'SEARCH task_logs USING COVERING INDEX task_logs_task (task_id=?)',
    ],
    [
      'the end of the links of a task',
      /^delete from "front_end_links" where .*"task_id" = \?$/,
      'SEARCH front_end_links USING INDEX front_end_links_task (task_id=?)',
    ],
    [
      'one task',
      /^select .* from "tasks" where "tasks"."id" = /,
      'SEARCH tasks USING INTEGER PRIMARY KEY (rowid=?)',
    ],
    ['every task', /^select .* from "tasks" where .* < /, 'SEARCH tasks USING INTEGER PRIMARY KEY (rowid<?)'],
    ['a change', /^update "tasks" set "description"/, 'SEARCH tasks USING INTEGER PRIMARY KEY (rowid=?)'],
    [
      'what a person has open',
      /SELECT 1 FROM tasks INDEXED BY tasks_open_of_person/,
      [
        'CO-ROUTINE (subquery-1)',
        'SEARCH tasks USING INDEX tasks_open_of_person (created_by=?)',
        'SCAN (subquery-1)',
      ],
    ],
    [
      'what a person asked for lately',
      /tasks_of_person/,
      'SEARCH tasks USING INDEX tasks_of_person (created_by=? AND created_at>? AND created_at<?)',
    ],
    [
      'the open tasks of a person',
      /^SELECT "id".* tasks_open_of_person/,
      'SEARCH tasks USING INDEX tasks_open_of_person (created_by=?)',
    ],
    ['the admin trail', /from "admin_logs"/, 'SEARCH admin_logs USING INTEGER PRIMARY KEY (rowid<?)'],
    ['the outbox', /from "task_logs" where id >/, 'SEARCH task_logs USING INTEGER PRIMARY KEY (rowid>?)'],
    [
      'what was cancelled',
      /leases_cancelled/,
      'SEARCH leases USING INDEX leases_cancelled (instance_id=? AND ended_at>?)',
    ],
  ])('%s is one step in the index made for it', (_what, which, plan) => {
    const found = statements.filter((text) => which.test(text.replace(/\s+/g, ' ')));
    expect(found).toHaveLength(1);
    expect(planOf(found[0]!)).toEqual([plan].flat());
  });

  it('the end of a task looks for what refers to it in indexes alone', () => {
    const found = statements.filter((text) => text.startsWith('delete from "tasks"'));
    expect(found).toHaveLength(1);
    expect(planOf(found[0]!).sort()).toEqual([
      'SEARCH attachments USING PRIMARY KEY (task_id=?)',
      'SEARCH front_end_links USING INDEX front_end_links_task (task_id=?)',
      'SEARCH leases USING INDEX leases_task (task_id=?)',
      'SEARCH questions USING COVERING INDEX questions_of_run (task_id=?)',
      'SEARCH replies USING PRIMARY KEY (task_id=?)',
      'SEARCH run_messages USING COVERING INDEX sqlite_autoindex_run_messages_1 (task_id=?)',
      'SEARCH task_logs USING COVERING INDEX task_logs_task (task_id=?)',
      'SEARCH task_work USING INTEGER PRIMARY KEY (rowid=?)',
      'SEARCH tasks USING INTEGER PRIMARY KEY (rowid=?)',
      'SEARCH thread_deliveries USING INDEX thread_deliveries_task (task_id=?)',
    ]);
  });
});
