/** Limits of a person over HTTP: tasks of whoever is at one wait, and say so; and are offered again by themselves. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';
import { until } from '../support/http-until.ts';

const limited = { limits: { runningPerPerson: 1, dailyCostUsd: null, timeZone: 'UTC' } };

let world: HttpWorld;
afterEach(async () => {
  world.waitingClaims.stop();
  await world.store.close();
});

interface Told {
  readonly task: { readonly id: number; readonly waiting_for: unknown } | null;
}

const send = async (method: string, path: string, body?: object) =>
  (await world.send(method, path, { body })).json as Told;
const add = (submitted_by?: string) => send('POST', '/api/tasks', { description: 'Deploy it', submitted_by });
const claim = async (more: object = {}) =>
  (await send('POST', '/api/tasks/claim', { instance_id: 'mac', ...more })).task?.id ?? null;
const next = async () => (await send('GET', '/api/tasks/next')).task?.id ?? null;

const AT_LIMIT = { kind: 'limit', detail: 'Its person has 1 task running, which is the limit.' };

describe('a person at the limit', () => {
  it('waits, is told why, and is served as soon as there is room', async () => {
    world = await createHttpWorld({ policy: limited });
    for (const name of ['@ada', '@ada', '@bob', undefined]) await add(name);
    expect(await claim()).toBe(1);
    expect(await next()).toBe(3);
    expect((await send('GET', '/api/tasks/2')).task?.waiting_for).toEqual(AT_LIMIT);
    expect([await claim(), await claim(), await claim()]).toEqual([3, 4, null]);
    expect((await send('GET', '/api/tasks/2')).task?.waiting_for).toEqual(AT_LIMIT);
    const waiter = claim({ instance_id: 'nas', wait_seconds: 60 });
    await until(() => world.waitingClaims.count() === 1, 'waiting');
    await send('POST', '/api/tasks/1/complete', {});
    expect(await waiter).toBe(2);
  });

  it('never keeps a claim from what is behind, however much there is', async () => {
    world = await createHttpWorld({ policy: limited });
    for (let n = 0; n < 250; n += 1) await add('@ada');
    await add('@bob');
    expect(await claim()).toBe(1);
    const key = { idempotencyKey: 'k-1' };
    const reply = await world.send('POST', '/api/tasks/claim', { body: { instance_id: 'nas' }, ...key });
    expect(reply.json).toMatchObject({ task: { id: 251 } });
    const again = await world.send('POST', '/api/tasks/claim', { body: { instance_id: 'nas' }, ...key });
    expect(again.text).toBe(reply.text);
    expect(await claim()).toBeNull();
  });

  it('is none any more once the server starts without the limit', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'athena-limits-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    const path = join(folder, 'tasks.db');
    world = await createHttpWorld({ path, policy: limited });
    for (let n = 0; n < 3; n += 1) await add('@ada');
    expect([await claim(), await claim()]).toEqual([1, null]);
    world.waitingClaims.stop();
    await world.store.close();
    world = await createHttpWorld({ path, ids: { leaseId: () => crypto.randomUUID() } });
    expect((await send('GET', '/api/tasks/2')).task?.waiting_for).toMatchObject({ kind: 'busy' });
    expect([await claim(), await claim(), await claim()]).toEqual([2, 3, null]);
  });
});
