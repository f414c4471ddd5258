/** What the step about sessions and grants makes of runs that were there before it. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { migrationText } from '../support/releases.ts';
import { aFolder } from './world.ts';

const BEFORE = [
  '0000_create_tasks',
  '0001_keys_and_people',
  '0002_runs_and_lanes',
  '0003_questions_by_status',
];

it('grants that were counted for all budgets at once count for each of them', () => {
  const path = join(aFolder(), 'tasks.db');
  const client = new Database(path);
  for (const name of BEFORE) client.exec(migrationText(name));
  client.pragma('foreign_keys = OFF');
  const add = client.prepare(
    `INSERT INTO task_work (task_id, branch, runs, last_seq, replies, replies_taken, rules, grants, is_finishing, overloads, todo)
     VALUES (?, 'b', 1, 0, 1, 0, '[]', ?, 0, 0, '[]')`,
  );
  add.run(1, 0);
  add.run(2, 3);
  client
    .prepare(
      "INSERT INTO replies (task_id, number, text, now, author, author_name, at) VALUES (1, 1, 'Go', 0, 'operator', 'Ada', 1)",
    )
    .run();
  client.exec(migrationText('0004_what_sessions_were_told'));
  client.close();
  const rows = new Database(path, { readonly: true });
  const granted = rows.prepare('SELECT granted, session_text FROM task_work ORDER BY task_id').all();
  expect(granted).toEqual([
    { granted: '{}', session_text: null },
    { granted: '{"cost_usd":3,"tokens":3,"turns":3,"minutes":3}', session_text: null },
  ]);
  expect(rows.prepare('SELECT is_in_text FROM replies').pluck().all()).toEqual([0]);
  rows.close();
});
