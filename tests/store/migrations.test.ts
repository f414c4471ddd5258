/** Every released database, opened by this program: nothing is changed but the tables' shape, and all of it works. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeEach, describe, expect, it } from 'vitest';
import { personOf } from '../../src/core/task.ts';
import { manualClock } from '../support/clock.ts';
import { recordingLogger } from '../support/logger.ts';
import {
  contentsOf,
  damagesOf,
  makeReleased,
  migrationText,
  RELEASES,
  schemaOf,
  type Contents,
} from '../support/releases.ts';
import { aFolder, countRows, openStore, servicesFor } from './world.ts';

const root = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const journal = (
  JSON.parse(root('drizzle/meta/_journal.json')) as { entries: { tag: string; when: number }[] }
).entries;

describe('what was released', () => {
  it.each(RELEASES)('$version: its migrations are as they were, and come first', ({ migrations }) => {
    expect(journal.slice(0, migrations.length).map(({ tag }) => tag)).toEqual(migrations.map(([tag]) => tag));
    for (const [tag, sha256] of migrations) {
      expect({ tag, sha256: createHash('sha256').update(migrationText(tag)).digest('hex') }).toEqual({
        tag,
        sha256,
      });
    }
  });

  it.each(RELEASES)(
    '$version: its database was made by its own migrations, and has rows everywhere',
    (release) => {
      const [released, made] = [join(aFolder(), 'released.db'), join(aFolder(), 'made.db')];
      makeReleased(released, release);
      const client = new Database(made);
      for (const [tag] of release.migrations) client.exec(migrationText(tag));
      client.close();
      expect(schemaOf(released)).toEqual(schemaOf(made));
      const noted = contentsOf(released)['__drizzle_migrations']!.map((row) => row['hash']);
      const hashes = release.migrations.map(
        ([, sha256]) => `text ${Buffer.from(sha256).toString('hex').toUpperCase()}`,
      );
      expect(noted).toEqual(hashes);
      for (const [table, rows] of Object.entries(contentsOf(released)))
        expect({ table, isEmpty: rows.length === 0 }).toEqual({ table, isEmpty: false });
    },
  );

  it('is here with each version that has a date in the changelog, and with this one', () => {
    const dated = [...root('CHANGELOG.md').matchAll(/^## \[(\d+\.\d+\.\d+)\] - \d{4}-/gm)].map(
      ([, version]) => version,
    );
    const { version } = JSON.parse(root('package.json')) as { version: string };
    const known = RELEASES.map((release) => release.version);
    expect(known).toEqual(expect.arrayContaining([...dated, version]));
  });
});

async function open(path: string) {
  const clock = manualClock();
  const opened = await openStore({ path, clock, logger: recordingLogger() });
  // Ids that no lease of the fixture has.
  const ids = { leaseId: () => 'lease-after-the-update' };
  return { ...opened, clock, ...servicesFor(clock), ids };
}

/** The same tables and columns of what is there now: what is new is left out. */
function asBefore(before: Contents, now: Contents): Contents {
  return Object.fromEntries(
    Object.entries(before).map(([table, rows]) => {
      const columns = Object.keys(rows[0] ?? {});
      const kept = (now[table] ?? []).map((row) =>
        Object.fromEntries(columns.map((name) => [name, row[name]!])),
      );
      return [table, kept];
    }),
  );
}

describe.each(RELEASES)('a database of $version', (release) => {
  let path: string;
  let before: Contents;
  beforeEach(() => {
    path = join(aFolder(), 'tasks.db');
    makeReleased(path, release);
    before = contentsOf(path);
  });

  it('has the same content after the update, byte for byte, and so has the copy of it', async () => {
    const oldSchema = schemaOf(path);
    await (await open(path)).store.close();
    const now = asBefore(before, contentsOf(path));
    const { __drizzle_migrations: notedBefore, ...tables } = before;
    const { __drizzle_migrations: notedNow, ...tablesNow } = now;
    expect(tablesNow).toEqual(tables);
    expect(notedNow).toEqual(expect.arrayContaining([...notedBefore!]));
    expect(notedNow).toHaveLength(journal.length);
    const copy = `${path}.schema-${journal[release.migrations.length - 1]!.when}`;
    expect(contentsOf(copy)).toEqual(before);
    expect(schemaOf(copy)).toEqual(oldSchema);
    expect([...damagesOf(path), ...damagesOf(copy)]).toEqual([]);
  });

  it('has the very schema of a new database', async () => {
    const fresh = join(aFolder(), 'tasks.db');
    for (const file of [fresh, path]) await (await open(file)).store.close();
    expect(schemaOf(path)).toEqual(schemaOf(fresh));
    const client = new Database(path, { readonly: true });
    const tables = client.pragma('table_list') as { name: string; type: string; strict: number }[];
    const loose = tables.filter(
      ({ name, type, strict }) => type === 'table' && strict === 0 && !name.startsWith('sqlite_'),
    );
    expect(loose.map(({ name }) => name)).toEqual(['__drizzle_migrations']);
    client.close();
  });

  it('counts right, before and after the next changes', async () => {
    const { store, client, tasks } = await open(path);
    expect((await store.counts()).counts).toEqual(countRows(client));
    const { id } = await store.decide(tasks.submit({ description: 'after the update' }));
    await store.decide(tasks.cancel(id, {}));
    expect((await store.counts()).counts).toEqual(countRows(client));
    await store.close();
  });

  it('is worked on: what was claimed is completed, what waits is claimed, what was answered is answered again', async () => {
    const { store, tasks, client } = await open(path);
    const held = await store.tasks({ statuses: ['in_progress'], limit: 10 });
    expect(held.tasks.length).toBeGreaterThan(0);
    for (const { id, lease } of held.tasks)
      await store.decide(tasks.complete(id, { leaseId: lease!.leaseId }, 'done after the update'));
    const [next] = (await store.tasks({ statuses: ['pending'], limit: 1 })).tasks;
    expect(await store.decide(tasks.claim(next!.id, { instanceId: 'mac' }))).toMatchObject({
      task: { id: next!.id, status: 'in_progress' },
    });
    const kept = client.prepare('SELECT * FROM idempotency_keys WHERE lease_id IS NULL').get() as Record<
      string,
      string
    >;
    const once = {
      key: kept['key']!,
      fingerprint: kept['fingerprint']!,
      render: () => expect.fail('answered anew'),
    };
    const again = await store.decideOnce(tasks.submit({ description: 'again' }), once);
    expect(again.body).toBe(kept['body']);
    await store.close();
    expect(damagesOf(path)).toEqual([]);
  });

  it('knows whose a task is that had ended before the update and comes back: limits of people count it', async () => {
    const released = new Database(path);
    released.exec("UPDATE tasks SET submitted_by = '@zoe' WHERE status IN ('failed', 'cancelled')");
    released.close();
    const { store, client, tasks } = await open(path);
    const { tasks: ended } = await store.tasks({ statuses: ['failed', 'cancelled'], limit: 100 });
    const named = ended.filter((task) => personOf(task) !== null);
    expect(named.length).toBeGreaterThan(0);
    for (const { id } of named) await store.decide(tasks.requeue(id, {}));
    const person = client.prepare<[number], { person: string | null }>(
      'SELECT person FROM tasks WHERE id = ?',
    );
    for (const task of named) expect(person.get(task.id)).toEqual({ person: personOf(task) });
    await store.close();
  });

  it('goes on telling where it was, with ids that were never given', async () => {
    const { store, tasks } = await open(path);
    const position = await store.memory('discord').value('position');
    const untold = await store.eventsAfter(position!, 100);
    expect(untold).toHaveLength(7);
    expect(await store.clampPosition(position!)).toBe(position);
    const { id } = await store.decide(tasks.submit({ description: 'new' }));
    expect(id).toBe(before['tasks']!.length + 1);
    expect((await store.eventsAfter(position!, 100)).at(-1)).toMatchObject({ taskId: id });
    expect(await store.memory('discord').link(1, 'card')).not.toBeNull();
    await store.close();
  });
});
