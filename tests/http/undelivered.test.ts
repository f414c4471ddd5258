import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TransientError } from '../../src/core/errors.ts';
import type { Store } from '../../src/core/ports.ts';
import { createGate, startHttpServer, type TestServer } from '../support/http-server.ts';
import { openSocket } from '../support/http-socket.ts';
import { turns, until } from '../support/http-until.ts';

let server: TestServer;
let gate: ReturnType<typeof createGate>;

/** How often a give-back is refused before it is taken. */
let refusals = 0;

/** Holds answers back after their commit, so that a connection can go in between. */
const held = (store: Store): Store => ({
  ...store,
  decide(work) {
    if (work.load.read !== 'taskOfLease') return store.decide(work).then(gate.pass);
    if ((refusals -= 1) < 0) return store.decide(work);
    return Promise.reject(new TransientError('Locked.', { retryAfterMs: 1 }));
  },
  decideShown: (work, show) => store.decideShown(work, show).then(gate.pass),
  decideOnce: (work, once) => store.decideOnce(work, once).then(gate.pass),
});

beforeEach(async () => {
  gate = createGate();
  refusals = 0;
  server = await startHttpServer({ wrap: held });
});
afterEach(() => server.close());

const claim = (idempotencyKey?: string, more: object = {}) => ({
  body: { instance_id: 'mac', ...more },
  ...(idempotencyKey !== undefined && { idempotencyKey }),
});
const statusOf = async (id: number) => (await server.store.task(id))?.status;
const actions = async (id: number) => (await server.store.events(id)).map(({ action }) => action);

/** A claim is committed, and its connection goes before the answer. */
async function loseAnswer(path: string, key?: string) {
  const open = gate.shut();
  const socket = await openSocket(server.port);
  socket.send('POST', path, claim(key));
  await until(() => gate.waiting() === 1, 'the commit');
  socket.cut();
  await server.unanswered(0);
  return open;
}

describe('a claim whose answer could not be sent', () => {
  it.each(['/api/tasks/claim', '/api/tasks/1/claim'])('is given back at once (%s)', async (path) => {
    const { id } = await server.api.add();
    (await loseAnswer(path))();
    await until(() => server.logger.lines.some(({ message }) => message.includes('given back')), 'the undo');
    expect(await server.store.task(id)).toMatchObject({ status: 'pending', attempt: 0, instanceId: null });
    expect(await actions(id)).toEqual(['created', 'claimed', 'released']);
  });

  it('is given back as soon as the database can be written again', async () => {
    const { id } = await server.api.add();
    refusals = 3;
    (await loseAnswer('/api/tasks/claim'))();
    await until(() => server.logger.lines.some(({ message }) => message.includes('given back')), 'the undo');
    expect(await statusOf(id)).toBe('pending');
    expect(refusals).toBe(-1);
  });

  it('keeps its record with its key when it cannot be given back, so that the key is answered', async () => {
    const { id } = await server.api.add();
    refusals = 1;
    (await loseAnswer('/api/tasks/claim', 'k1'))();
    await until(() => server.logger.lines.some(({ message }) => message.includes('could not be given back')));
    const again = await server.send('POST', '/api/tasks/claim', claim('k1'));
    expect(again.json).toMatchObject({ task: { id, attempt: 1 } });
    await turns();
    expect(await actions(id)).toEqual(['created', 'claimed']);
  });

  it('takes its idempotency record along, so that the same key claims anew', async () => {
    const { id } = await server.api.add();
    (await loseAnswer('/api/tasks/claim', 'k1'))();
    await until(() => server.logger.lines.some(({ message }) => message.includes('given back')), 'the undo');
    const again = await server.send('POST', '/api/tasks/claim', claim('k1'));
    expect(again.json).toMatchObject({ task: { id, attempt: 1 } });
    expect(await actions(id)).toEqual(['created', 'claimed', 'released', 'claimed']);
  });

  it('stays when the same key was answered meanwhile', async () => {
    const { id } = await server.api.add();
    const open = gate.shut();
    const lost = await openSocket(server.port);
    lost.send('POST', '/api/tasks/claim', claim('k1'));
    await until(() => gate.waiting() === 1, 'the commit');
    const joined = server.send('POST', '/api/tasks/claim', claim('k1'));
    await server.unanswered(2);
    lost.cut();
    await server.unanswered(1);
    open();
    expect((await joined).json).toMatchObject({ task: { id } });
    await turns();
    expect([await statusOf(id), await actions(id)]).toEqual(['in_progress', ['created', 'claimed']]);
  });

  it('is given back when every request with its key has gone', async () => {
    const { id } = await server.api.add();
    const open = gate.shut();
    const sockets = [await openSocket(server.port), await openSocket(server.port)];
    for (const socket of sockets) socket.send('POST', '/api/tasks/claim', claim('k1'));
    await server.unanswered(2);
    await until(() => gate.waiting() === 1, 'the commit');
    for (const socket of sockets) socket.cut();
    await server.unanswered(0);
    open();
    await until(() => server.logger.lines.some(({ message }) => message.includes('given back')), 'the undo');
    expect([await statusOf(id), await actions(id)]).toEqual(['pending', ['created', 'claimed', 'released']]);
  });

  it('is given back although a different request with its key was refused meanwhile', async () => {
    const { id } = await server.api.add();
    const open = gate.shut();
    const lost = await openSocket(server.port);
    lost.send('POST', '/api/tasks/claim', claim('k1'));
    await until(() => gate.waiting() === 1, 'the commit');
    const other = await server.send('POST', '/api/tasks/claim', claim('k1', { instance_name: 'other' }));
    expect(other.error).toBe('idempotency_conflict');
    lost.cut();
    await server.unanswered(0);
    open();
    await until(() => server.logger.lines.some(({ message }) => message.includes('given back')), 'the undo');
    expect(await statusOf(id)).toBe('pending');
  });

  it('stays when the key had been answered before, and only the repeat was lost', async () => {
    const { id } = await server.api.add();
    const first = await server.send('POST', '/api/tasks/claim', claim('k1'));
    (await loseAnswer('/api/tasks/claim', 'k1'))();
    await turns();
    expect([await statusOf(id), await actions(id)]).toEqual(['in_progress', ['created', 'claimed']]);
    expect((await server.send('POST', '/api/tasks/claim', claim('k1'))).text).toBe(first.text);
  });

  it('does not undo what became of the task by another hand', async () => {
    const { id } = await server.api.add();
    const open = await loseAnswer('/api/tasks/claim');
    const done = server.send('POST', `/api/tasks/${id}/complete`);
    await until(() => gate.waiting() === 2, 'the completion');
    open();
    expect((await done).status).toBe(200);
    await turns();
    expect(await statusOf(id)).toBe('completed');
  });

  it('of a completion stays completed: only claims are given back', async () => {
    const { id } = await server.api.held();
    await loseAnswer(`/api/tasks/${id}/complete`).then((open) => {
      open();
    });
    await turns();
    expect(await statusOf(id)).toBe('completed');
  });
});

describe('a waiting claim whose connection has gone', () => {
  it('never takes a task; the next one does', async () => {
    const gone = await openSocket(server.port);
    gone.send('POST', '/api/tasks/claim', claim(undefined, { wait_seconds: 60 }));
    await until(() => server.waitingClaims.count() === 1);
    const stays = server.send('POST', '/api/tasks/claim', claim(undefined, { wait_seconds: 60 }));
    await until(() => server.waitingClaims.count() === 2);
    gone.cut();
    await until(() => server.waitingClaims.count() === 1);
    const { id } = await server.api.add();
    expect((await stays).json).toMatchObject({ task: { id } });
    expect(await actions(id)).toEqual(['created', 'claimed']);
  });

  it('is forgotten, also with a key that a different request used meanwhile', async () => {
    const gone = await openSocket(server.port);
    gone.send('POST', '/api/tasks/claim', claim('k1', { wait_seconds: 60 }));
    await until(() => server.waitingClaims.count() === 1);
    expect((await server.send('POST', '/api/tasks/claim', claim('k1'))).error).toBe('idempotency_conflict');
    gone.cut();
    await until(() => server.waitingClaims.count() === 0);
    const { id } = await server.api.add();
    await turns();
    expect(await actions(id)).toEqual(['created']);
  });

  it('lives on while a second request with its key waits', async () => {
    const gone = await openSocket(server.port);
    gone.send('POST', '/api/tasks/claim', claim('k1', { wait_seconds: 60 }));
    await until(() => server.waitingClaims.count() === 1);
    const stays = server.send('POST', '/api/tasks/claim', claim('k1', { wait_seconds: 60 }));
    await server.unanswered(2);
    gone.cut();
    await server.unanswered(1);
    const { id } = await server.api.add();
    expect((await stays).json).toMatchObject({ task: { id } });
    await turns();
    expect(await actions(id)).toEqual(['created', 'claimed']);
  });
});

it('a claim by id that waits for a locked database is given back when its connection goes meanwhile', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-undelivered-'));
  const file = path.join(folder, 'tasks.db');
  const other = await startHttpServer({ path: file });
  const { id } = await other.api.add();
  const lock = new Database(file);
  lock.exec('BEGIN IMMEDIATE');
  const socket = await openSocket(other.port);
  socket.send('POST', `/api/tasks/${id}/claim`, claim());
  await other.unanswered(1);
  await other.api.stats();
  socket.cut();
  await other.unanswered(0);
  lock.exec('ROLLBACK');
  await until(() => other.logger.lines.some(({ message }) => message.includes('given back')), 'the undo');
  expect((await other.store.events(id)).map(({ action }) => action)).toEqual([
    'created',
    'claimed',
    'released',
  ]);
  expect(await other.store.task(id)).toMatchObject({ status: 'pending', attempt: 0 });
  lock.close();
  await other.close();
  fs.rmSync(folder, { recursive: true });
});

const nextCommit = () =>
  new Promise<void>((resolve) => {
    const unsubscribe = server.store.onCommit(() => {
      unsubscribe();
      resolve();
    });
  });

describe('a claim on a connection that closes right after its request', () => {
  const ROUNDS = 10;

  it.each(['cut', 'end'] as const)('is given back, not kept (%s)', async (how) => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const { id } = await server.api.add();
      const socket = await openSocket(server.port);
      const claimed = nextCommit();
      socket.send('POST', `/api/tasks/${id}/claim`, claim());
      socket[how]();
      await claimed;
      await server.unanswered(0);
      await turns(5);
    }
    // The kernel may tell of the close too late now and then; without a look it always does.
    const { counts } = await server.store.counts();
    expect(counts.in_progress).toBeLessThan(ROUNDS / 2);
  });
});
