import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../src/contract/endpoints.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';

let world: HttpWorld;
beforeEach(async () => {
  world = await createHttpWorld();
});
afterEach(() => world.store.close());

const TASK_FIELDS = [
  'id',
  'description',
  'status',
  'priority',
  'target',
  'instance_id',
  'instance_name',
  'created_at',
  'claimed_at',
  'completed_at',
  'not_before',
  'notes',
  'submitted_by',
  'attempt',
  'max_attempts',
  'lease_expires_at',
  'updated_at',
  'error',
  'project',
  'requires',
  'model',
  'max_cost_usd',
  'max_tokens',
  'max_turns',
  'max_minutes',
  'waiting_for',
  'result',
];

const NO_WORKER = { projects: [], capabilities: [], concurrency: null, held_until: null, problem: null };

describe('adding and reading tasks', () => {
  it('a new task is answered with 201, its id and all its fields, the absent ones null', async () => {
    const reply = await world.send('POST', '/api/tasks', { body: { description: 'Deploy it' } });
    expect(reply.status).toBe(201);
    const { task_id, status, task } = reply.as(ENDPOINTS.createTask.answer);
    expect({ task_id, status }).toEqual({ task_id: 1, status: 'pending' });
    expect(Object.keys(task).sort()).toEqual([...TASK_FIELDS].sort());
    expect(task).toEqual({
      id: 1,
      description: 'Deploy it',
      status: 'pending',
      priority: 'medium',
      target: null,
      instance_id: null,
      instance_name: null,
      created_at: '2026-01-15T12:00:00.000Z',
      claimed_at: null,
      completed_at: null,
      not_before: null,
      notes: null,
      submitted_by: null,
      attempt: 0,
      max_attempts: 3,
      lease_expires_at: null,
      updated_at: '2026-01-15T12:00:00.000Z',
      error: null,
      project: null,
      requires: [],
      model: null,
      max_cost_usd: null,
      max_tokens: null,
      max_turns: null,
      max_minutes: null,
      waiting_for: null,
      result: null,
    });
  });

  it('a new task keeps priority, target, submitter and its text as sent', async () => {
    const description = '  Zeilen:\n\t„ä“ 🚀\r\n end  ';
    const more = { priority: 'high', target: 'mac', submitted_by: '@ann' };
    const task = await world.api.add(description, more);
    expect(task).toMatchObject({ description, ...more });
    expect(await world.api.get(task.id)).toEqual(task);
  });

  it('a task can be read with its history, oldest first', async () => {
    const { id } = await world.api.held();
    await world.send('POST', `/api/tasks/${id}/complete`, { body: { notes: 'ok' } });
    const logs = await world.api.logs(id);
    expect(logs.map(({ action, actor, instance_id }) => [action, actor, instance_id])).toEqual([
      ['created', 'operator', null],
      ['claimed', 'instance:mac', 'mac'],
      ['completed', 'operator', 'mac'],
    ]);
    expect(logs[2]).toMatchObject({ timestamp: '2026-01-15T12:00:00.000Z', details: { notes: 'ok' } });
  });

  it('the next task is shown without being taken, or null when there is none', async () => {
    expect((await world.send('GET', '/api/tasks/next')).json).toEqual({ task: null });
    const task = await world.api.add();
    const reply = await world.send('GET', '/api/tasks/next');
    expect(reply.as(ENDPOINTS.nextTask.answer).task).toEqual(task);
    expect((await world.api.get(task.id)).status).toBe('pending');
  });

  it('every call may say which instance makes it: a sign of life, and the actor of what it does', async () => {
    const body = { instance_id: 'mac' };
    const created = await world.send('POST', '/api/tasks', { body: { ...body, description: 'x' } });
    const { task_id: id } = created.json as { task_id: number };
    await world.send('PUT', `/api/tasks/${id}`, { body: { ...body, description: 'y' } });
    await world.send('PUT', `/api/tasks/${id}/priority`, { body: { ...body, priority: 'high' } });
    await world.send('POST', `/api/tasks/${id}/cancel`, { body });
    await world.send('POST', `/api/tasks/${id}/requeue`, { body });
    const events = await world.store.events(id);
    expect(new Set(events.map(({ actor }) => actor))).toEqual(new Set(['instance:mac']));
    for (const instance of ['a', 'b']) {
      await world.send('GET', `/api/tasks${instance === 'a' ? '' : `/${id}`}?instance_id=${instance}`);
    }
    await world.send('POST', '/api/queue/pause', { body: { instance_id: 'c' } });
    const known = (await world.store.instances()).map((instance) => instance.id);
    expect(known.sort()).toEqual(['a', 'b', 'c', 'mac']);
  });

  it('the next task for an instance may be one meant for it, and looking is a sign of life', async () => {
    await world.api.add('for mac', { target: 'mac' });
    expect((await world.send('GET', '/api/tasks/next')).json).toEqual({ task: null });
    expect((await world.send('GET', '/api/tasks/next?instance_id=linux')).json).toEqual({ task: null });
    const mine = await world.send('GET', '/api/tasks/next?instance_id=mac');
    expect(mine.as(ENDPOINTS.nextTask.answer).task?.description).toBe('for mac');
    // The sign of life is written behind the answer; a write of our own comes after it.
    await world.api.add();
    const { instances } = await world.api.instances();
    expect(instances.map(({ id }) => id).sort()).toEqual(['linux', 'mac']);
  });
});

describe('changing tasks', () => {
  it('a pending task gets another description', async () => {
    const { id } = await world.api.add();
    const reply = await world.send('PUT', `/api/tasks/${id}`, { body: { description: 'new' } });
    expect(reply.status).toBe(200);
    expect(reply.as(ENDPOINTS.editTask.answer).task.description).toBe('new');
    expect(await world.api.actions(id)).toEqual(['created', 'edited']);
  });

  it('a claim by id is answered with the task and a lease', async () => {
    const { id } = await world.api.add();
    const reply = await world.send('POST', `/api/tasks/${id}/claim`, {
      body: { instance_id: 'mac', instance_name: 'MacBook' },
    });
    expect(reply.status).toBe(200);
    const { status, task, lease } = reply.as(ENDPOINTS.claimTask.answer);
    expect(status).toBe('in_progress');
    expect(task).toMatchObject({ instance_id: 'mac', instance_name: 'MacBook', attempt: 1 });
    expect(task.claimed_at).toBe('2026-01-15T12:00:00.000Z');
    expect(lease).toEqual({
      lease_id: 'lease-1',
      expires_at: '2026-01-15T14:00:00.000Z',
      heartbeat_seconds: 60,
    });
    expect(task.lease_expires_at).toBe(lease.expires_at);
  });

  it('claim-next takes the first task, or answers with null', async () => {
    expect(await world.api.claimNext()).toEqual({ task: null });
    const { id } = await world.api.add();
    expect(await world.api.claimNext()).toMatchObject({ status: 'in_progress', task: { id } });
  });

  it('completing answers with the task and the next pending one', async () => {
    const { id } = await world.api.held();
    const next = await world.api.add('after that');
    const reply = await world.send('POST', `/api/tasks/${id}/complete`, { body: { notes: 'well' } });
    expect(reply.status).toBe(200);
    expect(reply.as(ENDPOINTS.completeTask.answer)).toMatchObject({
      status: 'completed',
      task: { id, notes: 'well', completed_at: '2026-01-15T12:00:00.000Z', lease_expires_at: null },
      next_task: { id: next.id },
    });
  });

  it('the last completion has no next task', async () => {
    const { id } = await world.api.held();
    const reply = await world.send('POST', `/api/tasks/${id}/complete`);
    expect(reply.as(ENDPOINTS.completeTask.answer).next_task).toBeNull();
  });

  it('failing puts the task back while attempts are left, not before the delay that was asked for', async () => {
    const { id } = await world.api.held();
    const reply = await world.send('POST', `/api/tasks/${id}/fail`, {
      body: { error: 'no network', retry_in_seconds: 60 },
    });
    expect(reply.as(ENDPOINTS.failTask.answer)).toMatchObject({
      status: 'pending',
      task: { error: 'no network', attempt: 1, not_before: '2026-01-15T12:01:00.000Z' },
    });
    expect(await world.api.claimNext()).toEqual({ task: null });
  });

  it.each([
    ['without a retry', { retry: false }, 3],
    ['after the last attempt', {}, 1],
  ])('failing %s is final', async (_when, more, maxAttempts) => {
    const other = await createHttpWorld({ policy: { maxAttempts } });
    const { id } = await other.api.held();
    const reply = await other.send('POST', `/api/tasks/${id}/fail`, { body: { error: 'no', ...more } });
    expect(reply.as(ENDPOINTS.failTask.answer)).toMatchObject({
      status: 'failed',
      task: { error: 'no', completed_at: '2026-01-15T12:00:00.000Z', instance_id: 'mac' },
    });
    await other.store.close();
  });

  it('releasing gives the task back and uses up no attempt', async () => {
    const { id } = await world.api.held();
    const reply = await world.send('POST', `/api/tasks/${id}/release`, {
      body: { reason: 'going home', retry_in_seconds: 5 },
    });
    expect(reply.as(ENDPOINTS.releaseTask.answer)).toMatchObject({
      status: 'pending',
      task: { attempt: 0, instance_id: null, claimed_at: null, not_before: '2026-01-15T12:00:05.000Z' },
    });
    expect((await world.api.logs(id)).at(-1)).toMatchObject({
      action: 'released',
      details: { reason: 'going home' },
    });
  });

  it.each(['pending', 'in_progress'])('a task that is %s can be cancelled', async (status) => {
    const { id } = status === 'pending' ? await world.api.add() : await world.api.held();
    const reply = await world.send('POST', `/api/tasks/${id}/cancel`, { body: { reason: 'no need' } });
    expect(reply.as(ENDPOINTS.cancelTask.answer)).toMatchObject({ status: 'cancelled', task: { id } });
  });

  it('requeueing gives a failed task its attempts back, clears the error and keeps the notes', async () => {
    const { id } = await world.api.held();
    await world.send('PUT', `/api/tasks/${id}/status`, { body: { notes: 'half done' } });
    await world.send('POST', `/api/tasks/${id}/fail`, { body: { error: 'no', retry: false } });
    const reply = await world.send('POST', `/api/tasks/${id}/requeue`, { body: {} });
    expect(reply.as(ENDPOINTS.requeueTask.answer)).toMatchObject({
      status: 'pending',
      task: { attempt: 0, error: null, notes: 'half done', completed_at: null, instance_id: null },
    });
  });

  it('the priority changes, and saying it twice is one event', async () => {
    const { id } = await world.api.add();
    for (let n = 0; n < 2; n += 1) {
      const reply = await world.send('PUT', `/api/tasks/${id}/priority`, { body: { priority: 'low' } });
      expect(reply.as(ENDPOINTS.setPriority.answer).task.priority).toBe('low');
    }
    expect(await world.api.actions(id)).toEqual(['created', 'priority_changed']);
  });
});

describe('the queue and its instances', () => {
  it('statistics count every status and say how long the oldest has waited', async () => {
    expect(await world.api.stats()).toEqual({
      pending: 0,
      in_progress: 0,
      completed: 0,
      failed: 0,
      cancelled: 0,
      total: 0,
      oldest_pending_seconds: null,
      paused: false,
      instances: { idle: 0, working: 0, offline: 0 },
    });
    const { id } = await world.api.held();
    await world.send('POST', `/api/tasks/${id}/complete`);
    await world.api.held('linux');
    await world.api.add();
    world.clock.advance(90_500);
    await world.api.beat('new');
    expect(await world.api.stats()).toMatchObject({
      pending: 1,
      in_progress: 1,
      completed: 1,
      total: 3,
      oldest_pending_seconds: 90,
      instances: { idle: 2, working: 1, offline: 0 },
    });
  });

  it('pausing and resuming answer with the state and its reason, and say it in the statistics', async () => {
    const paused = await world.send('POST', '/api/queue/pause', { body: { reason: 'lunch' } });
    expect(paused.as(ENDPOINTS.pauseQueue.answer)).toEqual({ paused: true, reason: 'lunch' });
    expect((await world.api.stats()).paused).toBe(true);
    const resumed = await world.send('POST', '/api/queue/resume', { body: {} });
    expect(resumed.as(ENDPOINTS.resumeQueue.answer)).toEqual({ paused: false, reason: null });
    expect((await world.api.stats()).paused).toBe(false);
  });

  it('a heartbeat renews what the instance holds and answers with it', async () => {
    const { id, lease } = await world.api.held();
    world.clock.advance(60_000);
    expect(await world.api.beat('mac', { instance_name: 'MacBook' })).toEqual({
      instance: {
        id: 'mac',
        name: 'MacBook',
        status: 'working',
        current_task_id: id,
        last_seen: '2026-01-15T12:01:00.000Z',
        ...NO_WORKER,
        running: [{ task_id: id, since: '2026-01-15T12:00:00.000Z' }],
      },
      leases: [{ task_id: id, lease_id: lease.lease_id, expires_at: '2026-01-15T14:01:00.000Z' }],
      lost: [],
      unclaimed: [],
      cancelled_task_ids: [],
      heartbeat_seconds: 60,
    });
  });

  it('instances are idle, working, or offline after two minutes of silence without a lease', async () => {
    await world.api.beat('idle-one');
    const { id } = await world.api.held('worker');
    const statuses = async () =>
      Object.fromEntries((await world.api.instances()).instances.map((one) => [one.id, one.status]));
    expect(await statuses()).toEqual({ 'idle-one': 'idle', worker: 'working' });
    world.clock.advance(121_000);
    expect(await statuses()).toEqual({ 'idle-one': 'offline', worker: 'working' });
    await world.send('POST', `/api/tasks/${id}/complete`);
    expect(await statuses()).toEqual({ 'idle-one': 'offline', worker: 'offline' });
  });
});
