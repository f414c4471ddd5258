import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../src/contract/endpoints.ts';
import { ErrorBody } from '../../src/contract/error.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';

let world: HttpWorld;
beforeEach(async () => {
  world = await createHttpWorld();
});
afterEach(() => world.store.close());

const ENDS = [
  ['complete', {}, 'completed'],
  ['fail', { error: 'no' }, 'pending'],
  ['release', {}, 'pending'],
] as const;
type End = (typeof ENDS)[number];

const finish = (id: number, [end, rest]: readonly [string, object, ...unknown[]], proof: object = {}) =>
  world.send('POST', `/api/tasks/${id}/${end}`, { body: { ...rest, ...proof } });
const put = (id: number, body: object) => world.send('PUT', `/api/tasks/${id}/status`, { body });
const lastActor = async (id: number) => (await world.api.logs(id)).at(-1)?.actor;

describe.each(ENDS.map((end) => [end[0], end] as const))('%s', (_name, end: End) => {
  it('is open to the holder, by instance, by lease, or by both', async () => {
    for (const proof of [['instance_id'], ['lease_id'], ['instance_id', 'lease_id']]) {
      const { id, lease } = await world.api.held();
      const all: Record<string, string> = { instance_id: 'mac', lease_id: lease.lease_id };
      const given = Object.fromEntries(proof.map((name) => [name, all[name]]));
      expect((await finish(id, end, given)).json).toMatchObject({ status: end[2] });
      expect(await lastActor(id)).toBe('instance:mac');
    }
  });

  it('by a caller that sends neither is done as the operator, and the trail says so', async () => {
    const { id } = await world.api.held();
    expect((await finish(id, end)).status).toBe(200);
    expect(await lastActor(id)).toBe('operator');
  });

  it('is lost for another instance, an unknown lease, and a mix of the two', async () => {
    const { id, lease } = await world.api.held();
    const other = await world.api.held('linux');
    for (const proof of [
      { instance_id: 'linux' },
      { lease_id: 'nobody-knows-it' },
      { lease_id: other.lease.lease_id },
      { instance_id: 'linux', lease_id: lease.lease_id },
      { instance_id: 'mac', lease_id: other.lease.lease_id },
    ]) {
      const reply = await finish(id, end, proof);
      expect([reply.status, reply.error]).toEqual([409, 'lease_lost']);
      expect(reply.as(ErrorBody).details).toMatchObject({ status: 'in_progress' });
    }
    expect((await world.api.get(id)).status).toBe('in_progress');
    expect(await world.api.actions(id)).toEqual(['created', 'claimed']);
  });

  it('is lost under an earlier lease of the same instance', async () => {
    const { id, lease } = await world.api.held();
    await finish(id, ['release', {}]);
    await world.api.claim(id);
    const reply = await finish(id, end, { instance_id: 'mac', lease_id: lease.lease_id });
    expect(reply.error).toBe('lease_lost');
  });

  it('is judged by ownership first, then by state', async () => {
    const { id, lease } = await world.api.held();
    await world.send('POST', `/api/tasks/${id}/cancel`);
    const late = await finish(id, end, { lease_id: lease.lease_id });
    expect([late.status, late.error]).toEqual([409, 'lease_lost']);
    expect(late.as(ErrorBody).details).toMatchObject({ status: 'cancelled' });
    expect((await finish(id, end, { instance_id: 'linux' })).error).toBe('lease_lost');
    expect((await finish(id, end)).error).toBe('invalid_transition');
  });

  it('of a pending task is an illegal move for the operator, and lost for anybody else', async () => {
    const { id } = await world.api.add();
    expect((await finish(id, end)).error).toBe('invalid_transition');
    expect((await finish(id, end, { instance_id: 'mac' })).error).toBe('lease_lost');
  });

  it('repeated with the lease that did it answers with the task as it is, and logs nothing', async () => {
    const { id, lease } = await world.api.held();
    await finish(id, end, { lease_id: lease.lease_id });
    const [task, actions] = [await world.api.get(id), await world.api.actions(id)];
    for (const proof of [{ lease_id: lease.lease_id }, { instance_id: 'mac', lease_id: lease.lease_id }]) {
      const reply = await finish(id, [end[0], { error: 'other', notes: 'other', reason: 'other' }], proof);
      expect(reply.status).toBe(200);
      expect(reply.json).toMatchObject({ status: end[2], task });
    }
    expect([await world.api.get(id), await world.api.actions(id)]).toEqual([task, actions]);
  });

  it('repeated after somebody else took the task shows the task as it is by then', async () => {
    if (end[2] !== 'pending') return;
    const { id, lease } = await world.api.held();
    await finish(id, end, { lease_id: lease.lease_id });
    await world.api.claim(id, 'linux');
    const reply = await finish(id, end, { lease_id: lease.lease_id });
    expect([reply.status, reply.json]).toMatchObject([200, { task: { instance_id: 'linux' } }]);
    expect((await world.api.get(id)).status).toBe('in_progress');
  });

  it('repeated by another way than the lease that did it is refused', async () => {
    const { id } = await world.api.held();
    await finish(id, end, { instance_id: 'mac' });
    const reply = await finish(id, end, { lease_id: 'lease-of-nobody' });
    expect(reply.error).toBe('lease_lost');
  });
});

describe('moves by PUT status', () => {
  const at = async (status: string) => {
    const { id } = status === 'pending' ? await world.api.add() : await world.api.held();
    if (status === 'completed') await finish(id, ['complete', { notes: 'first notes' }]);
    if (status === 'failed') await finish(id, ['fail', { error: 'no', retry: false }]);
    if (status === 'cancelled') await world.send('POST', `/api/tasks/${id}/cancel`);
    return id;
  };

  it.each([
    ['in_progress', 'completed', 'completed'],
    ['in_progress', 'failed', 'failed'],
    ['in_progress', 'pending', 'released'],
    ['in_progress', 'cancelled', 'cancelled'],
    ['pending', 'cancelled', 'cancelled'],
    ['failed', 'pending', 'requeued'],
    ['cancelled', 'pending', 'requeued'],
  ])('%s to %s is the event %s, with the notes that came along', async (from, to, action) => {
    const id = await at(from);
    const reply = await put(id, { status: to, notes: 'why' });
    expect(reply.status).toBe(200);
    expect(reply.as(ENDPOINTS.setStatus.answer).task).toMatchObject({ id, status: to, notes: 'why' });
    const before = { pending: 1, in_progress: 2, failed: 3, cancelled: 3 }[from] ?? 0;
    expect((await world.api.actions(id)).slice(before)).toEqual([action]);
  });

  it.each([
    ['pending', 'completed'],
    ['pending', 'failed'],
    ['completed', 'pending'],
    ['completed', 'failed'],
    ['completed', 'cancelled'],
    ['failed', 'completed'],
    ['failed', 'cancelled'],
    ['cancelled', 'completed'],
    ['cancelled', 'failed'],
  ])('%s to %s is no move', async (from, to) => {
    const id = await at(from);
    const task = await world.api.get(id);
    const reply = await put(id, { status: to, notes: 'x' });
    expect([reply.status, reply.error]).toEqual([409, 'invalid_transition']);
    expect(await world.api.get(id)).toEqual(task);
  });

  it.each(['pending', 'completed', 'failed', 'cancelled'])(
    '%s to in_progress is refused, and the message names claim',
    async (from) => {
      const reply = await put(await at(from), { status: 'in_progress' });
      expect([reply.status, reply.error]).toEqual([409, 'invalid_transition']);
      expect(reply.as(ErrorBody).message).toContain('claim');
    },
  );

  it.each(['pending', 'in_progress', 'completed', 'failed', 'cancelled'])(
    'the status %s that it already has is answered with 200 and no event',
    async (status) => {
      const id = await at(status);
      const [task, actions] = [await world.api.get(id), await world.api.actions(id)];
      expect((await put(id, { status })).json).toEqual({ task });
      expect(await world.api.actions(id)).toEqual(actions);
    },
  );

  it('failed by PUT is final however many attempts are left', async () => {
    const id = await at('in_progress');
    expect((await put(id, { status: 'failed' })).json).toMatchObject({
      task: { status: 'failed', attempt: 1 },
    });
  });

  it('notes alone update the notes in any status, once', async () => {
    for (const status of ['pending', 'in_progress', 'completed', 'failed', 'cancelled']) {
      const id = await at(status);
      await put(id, { notes: 'new notes' });
      const reply = await put(id, { notes: 'new notes' });
      expect(reply.as(ENDPOINTS.setStatus.answer).task).toMatchObject({ status, notes: 'new notes' });
      expect((await world.api.actions(id)).filter((action) => action === 'notes_updated')).toHaveLength(1);
    }
  });

  it('is bound to the holder like every other end', async () => {
    const { id, lease } = await world.api.held();
    expect((await put(id, { status: 'completed', instance_id: 'linux' })).error).toBe('lease_lost');
    expect((await put(id, { notes: 'x', lease_id: 'other' })).error).toBe('lease_lost');
    expect((await put(id, { status: 'completed', lease_id: lease.lease_id })).status).toBe(200);
    expect((await put(id, { status: 'completed', lease_id: lease.lease_id })).status).toBe(200);
  });
});

describe('what a move clears and keeps', () => {
  const CLEARED = {
    instance_id: null,
    instance_name: null,
    claimed_at: null,
    completed_at: null,
    lease_expires_at: null,
  };

  it('cancelling by PUT again with the lease that did it answers with the task as it is', async () => {
    const { id, lease } = await world.api.held();
    const body = { status: 'cancelled', lease_id: lease.lease_id };
    expect((await put(id, body)).status).toBe(200);
    expect((await put(id, body)).status).toBe(200);
    expect((await world.api.logs(id)).map(({ action }) => action)).toEqual([
      'created',
      'claimed',
      'cancelled',
    ]);
  });

  it('release, retry and requeue clear who worked on it', async () => {
    const { id } = await world.api.held();
    await put(id, { notes: 'kept' });
    await finish(id, ['release', {}]);
    expect(await world.api.get(id)).toMatchObject({ ...CLEARED, notes: 'kept', error: null, attempt: 0 });
    await world.api.claim(id);
    await finish(id, ['fail', { error: 'broken' }]);
    expect(await world.api.get(id)).toMatchObject({ ...CLEARED, error: 'broken', attempt: 1 });
    await world.send('POST', `/api/tasks/${id}/cancel`);
    await world.send('POST', `/api/tasks/${id}/requeue`);
    expect(await world.api.get(id)).toMatchObject({ ...CLEARED, error: null, notes: 'kept', attempt: 0 });
  });

  it('the error of a lost attempt stays through the next claim, and completion clears it', async () => {
    const { id } = await world.api.held();
    await finish(id, ['fail', { error: 'broken' }]);
    expect((await world.api.claim(id)).task.error).toBe('broken');
    await finish(id, ['complete', {}]);
    expect((await world.api.get(id)).error).toBeNull();
  });

  it.each(['complete', 'fail', 'cancel'])('an end by %s keeps the holder and ends the lease', async (end) => {
    const { id } = await world.api.held();
    world.clock.advance(5000);
    await finish(id, [end, end === 'fail' ? { error: 'x', retry: false } : {}]);
    expect(await world.api.get(id)).toMatchObject({
      instance_id: 'mac',
      completed_at: '2026-01-15T12:00:05.000Z',
      lease_expires_at: null,
    });
  });

  it('completing without notes keeps the old ones', async () => {
    const { id } = await world.api.held();
    await put(id, { notes: 'half way' });
    await finish(id, ['complete', {}]);
    expect((await world.api.get(id)).notes).toBe('half way');
  });

  it('a task keeps its place in the queue whatever happens to it', async () => {
    const { id } = await world.api.held();
    const second = await world.api.add();
    await finish(id, ['release', {}]);
    expect((await world.api.list()).tasks.map((task) => task.id)).toEqual([id, second.id]);
    await world.api.claim(id);
    await finish(id, ['fail', { error: 'x', retry: false }]);
    await world.send('POST', `/api/tasks/${id}/requeue`);
    expect(await world.api.claimNext()).toMatchObject({ task: { id } });
  });

  it('a task for one instance is offered to it alone, but open to claims by id and to people', async () => {
    const { id } = await world.api.add('for mac', { target: 'mac' });
    expect(await world.api.claimNext('linux')).toEqual({ task: null });
    expect((await world.api.claim(id, 'linux')).task.instance_id).toBe('linux');
    await finish(id, ['release', {}]);
    expect(await world.api.claimNext('mac')).toMatchObject({ task: { id } });
  });
});
