/** What a worker says of itself with its heartbeats: what others are shown of it, and whose its name is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/core/ports.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';
import { makeKey } from '../support/http-keys.ts';
import { turns, until } from '../support/http-until.ts';

let world: HttpWorld;
/** How often the store was asked for a claim. */
let claims = 0;
beforeEach(async () => {
  claims = 0;
  const wrap = (store: Store): Store => ({
    ...store,
    decide(work) {
      if (work.load.read === 'nextReady') claims += 1;
      return store.decide(work);
    },
  });
  world = await createHttpWorld({ wrap });
});
afterEach(() => world.store.close());

const WORKER = { session: 's-1', projects: ['notes', null], capabilities: ['gpu'], concurrency: 2 };

/** A heartbeat of `w-1` as a worker. */
const announce = (worker: object = {}, more: object = {}) =>
  world.api.beat('w-1', { worker: { ...WORKER, ...worker }, ...more });

const refused = (worker: object) =>
  world.send('POST', '/api/instance/heartbeat', {
    body: { instance_id: 'w-1', worker: { ...WORKER, ...worker } },
  });

const shown = async (id = 'w-1') => (await world.api.instances()).instances.find((one) => one.id === id);

describe('what a worker says of itself', () => {
  it('is shown with the instance, and in the answer to its heartbeat', async () => {
    const { instance } = await announce({ problem: 'The disk is full.' }, { instance_name: 'Homelab' });
    const said = { projects: ['notes', null], capabilities: ['gpu'], concurrency: 2 };
    expect(instance).toMatchObject({ id: 'w-1', name: 'Homelab', ...said, problem: 'The disk is full.' });
    expect(await shown()).toEqual(instance);
    await announce({ capabilities: [] });
    expect(await shown()).toMatchObject({ name: 'Homelab', capabilities: [], problem: null });
  });

  it('stays as it is when the instance speaks without it', async () => {
    await announce();
    await world.api.beat('w-1');
    await world.api.held('w-1');
    expect(await shown()).toMatchObject({ projects: ['notes', null], concurrency: 2 });
  });

  it('comes with what it runs and since when', async () => {
    await announce();
    const first = await world.api.held('w-1');
    world.clock.advance(60_000);
    const second = await world.api.held('w-1');
    await world.api.held('w-2');
    const running = [
      { task_id: first.id, since: '2026-01-15T12:00:00.000Z' },
      { task_id: second.id, since: '2026-01-15T12:01:00.000Z' },
    ];
    expect(await shown()).toMatchObject({ status: 'working', current_task_id: first.id, running });
    expect((await announce()).instance.running).toEqual(running);
  });

  it('is gone once it has left', async () => {
    await announce();
    await announce({ leaves: true });
    expect(await shown()).toMatchObject({ projects: [], capabilities: [], concurrency: null });
  });

  it.each([
    [{ session: '' }, 'worker.session'],
    [{ projects: ['No Such'] }, 'worker.projects.0'],
    [{ projects: undefined }, 'worker.projects'],
    [{ capabilities: ['GPU'] }, 'worker.capabilities.0'],
    [{ concurrency: -1 }, 'worker.concurrency'],
    [{ concurrency: '2' }, 'worker.concurrency'],
    [{ problem: 'x'.repeat(501) }, 'worker.problem'],
    [{ leaves: 'yes' }, 'worker.leaves'],
  ])('%j is refused', async (worker, field) => {
    const reply = await refused(worker);
    expect([reply.status, reply.error]).toEqual([400, 'invalid_input']);
    expect(reply.json).toMatchObject({ details: { field } });
    expect(await shown()).toBeUndefined();
  });
});

describe('the name of a worker', () => {
  it('is refused to a second live one, which changes nothing', async () => {
    await announce();
    world.clock.advance(119_000);
    const reply = await refused({ session: 's-2', projects: ['other'] });
    expect([reply.status, reply.error]).toEqual([409, 'name_in_use']);
    expect(reply.text).toContain('heard 119 s ago');
    expect(await shown()).toMatchObject({ projects: ['notes', null] });
  });

  it('renews no lease for the one that is refused', async () => {
    await announce();
    const { id, lease } = await world.api.held('w-1');
    world.clock.advance(1000);
    await refused({ session: 's-2' });
    expect((await world.api.get(id)).lease_expires_at).toBe(lease.expires_at);
  });

  it('is free after two minutes of silence, however often another one was refused meanwhile', async () => {
    await announce();
    for (let second = 0; second < 120; second += 30) {
      expect((await refused({ session: 's-2' })).status).toBe(409);
      world.clock.advance(30_000);
    }
    world.clock.advance(1);
    await announce({ session: 's-2' });
    expect((await refused({ session: 's-1' })).error).toBe('name_in_use');
  });

  it('goes to the next process of the same worker at once', async () => {
    await announce();
    await announce({ session: 's-2', replaces: 's-1' });
    expect((await refused({ session: 's-1' })).error).toBe('name_in_use');
    expect((await refused({ session: 's-3', replaces: 'never-was' })).error).toBe('name_in_use');
  });

  it('goes to one that only knows the session before the last', async () => {
    await announce();
    // It died before it had written down its own session.
    await announce({ session: 's-2', replaces: 's-1' });
    await announce({ session: 's-2' });
    await announce({ session: 's-3', replaces: 's-1' });
    expect((await refused({ session: 's-2' })).error).toBe('name_in_use');
    await announce({ session: 's-4', replaces: 's-1' });
  });

  it('does not go back to a worker that lost it by its silence', async () => {
    await announce();
    world.clock.advance(121_000);
    await announce({ session: 's-2' });
    expect((await refused({ session: 's-3', replaces: 's-1' })).error).toBe('name_in_use');
  });

  it('is free at once after a worker has left, and only that one can leave', async () => {
    await announce();
    await announce({ session: 's-2', leaves: true });
    expect((await refused({ session: 's-2' })).error).toBe('name_in_use');
    await announce({ leaves: true });
    await announce({ session: 's-2' });
  });

  it('is not kept by a clock that was set back', async () => {
    await announce();
    world.clock.jump(-60 * 60_000);
    await announce({ session: 's-2' });
  });

  it('does not keep others from speaking as that instance', async () => {
    await announce();
    expect((await world.api.beat('w-1')).instance.concurrency).toBe(2);
  });
});

describe('the salt of account names', () => {
  it('is told to workers, and to no others', async () => {
    expect((await announce()).account_salt).toMatch(/^[\w-]{43}$/);
    expect(await world.api.beat('mac')).not.toHaveProperty('account_salt');
    const { send } = await makeKey(world.send, 'read');
    const worker = { session: 's-9', projects: [], capabilities: [], concurrency: 1 };
    const reply = await send('POST', '/api/instance/heartbeat', { body: { instance_id: 'r', worker } });
    expect([reply.status, reply.text.includes('account_salt')]).toEqual([403, false]);
  });

  it('is the same for all, and after a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'athena-salt-'));
    const path = join(folder, 'tasks.db');
    const salts: (string | undefined)[] = [];
    for (const instance of ['w-1', 'w-2']) {
      const life = await createHttpWorld({ path });
      const beats = await Promise.all([
        life.api.beat(instance, { worker: WORKER }),
        life.api.beat('other', { worker: { ...WORKER, session: instance, replaces: 'w-1' } }),
      ]);
      salts.push(...beats.map(({ account_salt }) => account_salt));
      await life.store.close();
    }
    rmSync(folder, { recursive: true });
    expect(new Set(salts).size).toBe(1);
    expect(salts[0]).toBeDefined();
  });
});

describe('an account that has nothing left', () => {
  const claim = (instance: string, more: object = {}) =>
    world.api.claimNext(instance, { session: instance, account: 'acc', ...more });
  const HELD_UNTIL = '2026-01-15T12:00:30.000Z';

  async function endsForQuota() {
    const [task] = [await world.api.add(), await world.api.add()];
    const { lease } = await world.api.claim(task.id, 'w-1', { session: 's-1', account: 'acc' });
    const cause = { kind: 'parked', waits_for: 'quota', until: HELD_UNTIL };
    const body = { lease_id: lease.lease_id, cause, reason: 'Nothing left.' };
    const reply = await world.send('POST', `/api/tasks/${task.id}/release`, { body });
    expect(reply.json).toMatchObject({ status: 'pending' });
  }

  it('is told until when, and with the worker to everybody', async () => {
    await announce();
    await endsForQuota();
    expect(await claim('w-1')).toEqual({ task: null, held_until: HELD_UNTIL });
    expect(await shown()).toMatchObject({ held_until: HELD_UNTIL });
    expect((await announce()).instance.held_until).toBe(HELD_UNTIL);
    expect(await world.api.claimNext('mac')).toMatchObject({ status: 'in_progress' });
  });

  it('gets a task that waits for it as soon as the hold is over, and only one worker does', async () => {
    await endsForQuota();
    await world.api.add('one more');
    const waiting = Promise.all(['w-1', 'w-2'].map((name) => claim(name, { wait_seconds: 60 })));
    await until(() => world.waitingClaims.count() === 2);
    world.clock.advance(30_000);
    const tasks = (await waiting).map(({ task }) => task?.id ?? null);
    expect(tasks.filter((id) => id !== null)).toHaveLength(1);
  });
});

describe('a worker with a fault', () => {
  const claim = (instance: string, more: object = {}) =>
    world.api.claimNext(instance, { session: instance, ...more });

  it('waits beside the task that it gave back, and leaves it to others', async () => {
    const task = await world.api.add();
    const { lease } = await world.api.claim(task.id, 'w-1', { session: 'w-1' });
    const cause = { kind: 'fault', fault: 'disk' };
    const body = { lease_id: lease.lease_id, cause, reason: 'No space is left.' };
    expect((await world.send('POST', `/api/tasks/${task.id}/release`, { body })).json).toMatchObject({
      status: 'pending',
      task: { attempt: 0 },
    });
    claims = 0;
    const waiting = claim('w-1', { wait_seconds: 60 });
    await until(() => world.waitingClaims.count() === 1);
    await turns();
    expect(claims).toBe(1);
    expect(await claim('w-2')).toMatchObject({ task: { id: task.id } });
    const fresh = await world.api.add('another');
    expect(await waiting).toMatchObject({ task: { id: fresh.id } });
  });

  it('is shown with its problem until it says that there is none', async () => {
    await announce({ problem: 'The disk is full: no new tasks for 5 minutes.' });
    expect(await shown()).toMatchObject({ problem: 'The disk is full: no new tasks for 5 minutes.' });
    await announce();
    expect(await shown()).toMatchObject({ problem: null });
  });
});
