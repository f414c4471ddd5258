/** What the database itself refuses, whoever writes to it. */
import { expect, it } from 'vitest';
import { aWorld, countRows } from './world.ts';

async function withOneTask() {
  const world = await aWorld();
  await world.run(world.tasks.submit({ description: 'there' }));
  await world.run(world.tasks.submit({ description: 'held' }));
  await world.run(world.tasks.claim(2, { instanceId: 'mac' }));
  return world;
}

it.each([
  ['an unknown status', "UPDATE tasks SET status = 'done' WHERE id = 1", /CHECK.*tasks_status/],
  ['an unknown priority', "UPDATE tasks SET priority = 'urgent'", /CHECK.*tasks_priority/],
  ['half a readiness', 'UPDATE tasks SET ready = 2', /CHECK.*tasks_ready_flag/],
  ['fewer than no attempts', 'UPDATE tasks SET attempt = -1', /CHECK.*tasks_attempt/],
  ['no attempts at all', 'UPDATE tasks SET max_attempts = 0', /CHECK.*tasks_attempt/],
  ['work without a lease', "UPDATE tasks SET status = 'in_progress' WHERE id = 1", /CHECK.*tasks_lease/],
  ['a lease without work', "UPDATE tasks SET status = 'pending' WHERE id = 2", /CHECK.*tasks_lease/],
  ['half a lease', 'UPDATE tasks SET lease_expires_at = NULL WHERE id = 2', /CHECK.*tasks_lease_whole/],
  ['an end without its time', "UPDATE tasks SET status = 'cancelled' WHERE id = 1", /CHECK.*tasks_finish/],
  ['a time without its end', 'UPDATE tasks SET completed_at = 1 WHERE id = 1', /CHECK.*tasks_finish/],
  [
    'an unknown outcome',
    "UPDATE leases SET outcome = 'x', ended_at = 1, ended_by = 'x'",
    /CHECK.*leases_outcome/,
  ],
  ['half an end of a lease', "UPDATE leases SET outcome = 'expired'", /CHECK.*leases_end/],
  ['text for a number', "UPDATE tasks SET attempt = 'many'", /cannot store TEXT value in INTEGER column/],
  ['a fraction of a millisecond', 'UPDATE tasks SET lease_ms = 0.5 WHERE id = 2', /cannot store REAL/],
  [
    'an event of no task',
    "INSERT INTO task_logs VALUES (NULL, 99, 'x', 'x', '{}', NULL, 1, NULL)",
    /FOREIGN KEY/,
  ],
  [
    'a lease of no task',
    "INSERT INTO leases VALUES ('l', 99, 'm', 1, 1, 1, NULL, NULL, NULL)",
    /FOREIGN KEY/,
  ],
  ['a card of no task', "INSERT INTO front_end_links VALUES ('d', 99, 'card', 'c', 'm')", /FOREIGN KEY/],
  ['a task that goes while its trail stays', 'DELETE FROM tasks WHERE id = 1', /FOREIGN KEY/],
])('the database takes no %s', async (_what, sql, message) => {
  const { client } = await withOneTask();
  expect(() => client.exec(sql)).toThrow(message);
});

it('every table is strict', async () => {
  const { client } = await withOneTask();
  const lax = client.prepare(
    "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'",
  );
  expect(lax.pluck().all()).toEqual(['__drizzle_migrations']);
});

it('the counters follow whatever is done to the rows', async () => {
  const { client, store } = await withOneTask();
  client.exec(`
    PRAGMA foreign_keys = OFF;
    UPDATE tasks SET status = 'cancelled', completed_at = 1 WHERE id = 1;
    UPDATE tasks SET notes = 'x';
    INSERT INTO tasks SELECT 9, description, 'failed', priority, rank, lane, ready, target, NULL, NULL, NULL, NULL,
      NULL, attempt, max_attempts, created_at, NULL, 5, NULL, updated_at, notes, error, NULL, created_by, NULL, NULL,
      NULL, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM tasks WHERE id = 1;
    DELETE FROM tasks WHERE id = 2;
  `);
  expect((await store.counts()).counts).toEqual(countRows(client));
});

it('an id is never used twice, not even when the newest task is gone', async () => {
  const { client, run, tasks } = await withOneTask();
  client.exec('PRAGMA foreign_keys = OFF; DELETE FROM tasks WHERE id = 2; PRAGMA foreign_keys = ON');
  expect(await run(tasks.submit({ description: 'next' }))).toMatchObject({ id: 3 });
});
