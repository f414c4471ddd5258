/** The closing report of a run that has ended without its worker: taken once, counted, and never a change of status. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../src/contract/endpoints.ts';
import { makeKey } from '../support/http-keys.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';

const DAY = 24 * 60 * 60_000;
let world: HttpWorld;
let id: number;
let lease_id: string;
beforeEach(async () => {
  world = await createHttpWorld();
  ({ id } = await world.api.add('a task', { submitted_by: 'ada' }));
  ({
    lease: { lease_id },
  } = await world.api.claim(id, 'w-1', { session: 's' }));
});
afterEach(() => world.store.close());

const TOTALS = {
  cost_usd: 0.5,
  cost_estimated: false,
  input_tokens: 1000,
  output_tokens: 50,
  turns: 3,
  duration_seconds: 12,
};
const REPORT = {
  outcome: 'cancelled',
  summary: 'Half of it.',
  branch: 'claude/1-a-task',
  commit: 'abc',
  files_changed: 2,
  totals: TOTALS,
  last_reply: 0,
};

const post = (more: object = {}, send = world.send) =>
  send('POST', `/api/tasks/${id}/report`, {
    body: {
      lease_id,
      report: REPORT,
      first: 1,
      messages: [{ kind: 'text', text: 'the last words' }],
      ...more,
    },
  });
const cancel = () => world.send('POST', `/api/tasks/${id}/cancel`);
const texts = async () =>
  (await world.send('GET', `/api/tasks/${id}/messages`))
    .as(ENDPOINTS.taskMessages.answer)
    .messages.map(({ kind, text }) => `${kind}: ${text}`);
const spent = async () => (await world.send('GET', '/api/usage?group_by=user')).json;

describe('the report of a run that was cancelled', () => {
  it('is counted, and tells where its work is; the task stays cancelled', async () => {
    await cancel();
    const actions = await world.api.actions(id);
    const reply = await post();
    expect([reply.status, reply.json]).toEqual([200, { accepted: true }]);
    expect(await world.api.get(id)).toMatchObject({
      status: 'cancelled',
      result: {
        outcome: 'cancelled',
        branch: 'claude/1-a-task',
        commit: 'abc',
        files_changed: 2,
        cost_usd: 0.5,
      },
    });
    expect(await texts()).toEqual([
      'result: Cancelled.',
      'text: the last words',
      'notice: Run 1: kept on branch claude/1-a-task.',
    ]);
    expect(await spent()).toMatchObject({ total_cost_usd: 0.5, groups: [{ user: 'ada', cost_usd: 0.5 }] });
    expect(await world.api.actions(id)).toEqual(actions);
  });

  it('is taken once, however often and differently it comes', async () => {
    await cancel();
    await post();
    const before = [await world.api.get(id), await texts(), await spent()];
    for (const more of [
      {},
      { report: { ...REPORT, summary: 'Other words', totals: { ...TOTALS, cost_usd: 9 } } },
    ])
      expect((await post(more)).json).toEqual({ accepted: true });
    expect([await world.api.get(id), await texts(), await spent()]).toEqual(before);
  });

  it('counts after the task was queued again, and leaves the newer run alone', async () => {
    await cancel();
    await world.send('POST', `/api/tasks/${id}/requeue`);
    const newer = await world.api.claim(id, 'w-2', { session: 's' });
    expect((await post()).json).toEqual({ accepted: true });
    expect(await world.api.get(id)).toMatchObject({ status: 'in_progress', instance_id: 'w-2' });
    const report = { ...REPORT, outcome: 'done', branch: 'claude/1-other', last_reply: 0 };
    await world.send('POST', `/api/tasks/${id}/complete`, {
      body: { lease_id: newer.lease.lease_id, report },
    });
    expect((await world.api.get(id)).result).toMatchObject({
      branch: 'claude/1-other',
      cost_usd: 1,
      turns: 6,
    });
  });
});

describe('the report of a run that has reported already', () => {
  it.each([
    ['completed', 'complete', {}],
    ['failed', 'fail', { error: 'x', retry: false }],
    ['pending', 'release', {}],
  ])('when it %s is no refusal and changes nothing', async (status, call, more) => {
    const body = { lease_id, report: { ...REPORT, outcome: 'done' }, ...more };
    expect((await world.send('POST', `/api/tasks/${id}/${call}`, { body })).status).toBe(200);
    const before = [await world.api.get(id), await texts(), await spent()];
    expect((await post()).json).toEqual({ accepted: true });
    expect([await world.api.get(id), await texts(), await spent()]).toEqual(before);
    expect(before).toMatchObject([{ status }, expect.anything(), { total_cost_usd: 0.5 }]);
  });

  it('is taken when the end itself brought none', async () => {
    await world.send('POST', `/api/tasks/${id}/release`, { body: { lease_id } });
    expect((await post()).json).toEqual({ accepted: true });
    expect(await spent()).toMatchObject({ total_cost_usd: 0.5 });
    expect(await world.api.get(id)).toMatchObject({
      status: 'pending',
      result: { branch: 'claude/1-a-task' },
    });
  });
});

describe('a report', () => {
  it('is refused while its run goes on', async () => {
    const reply = await post();
    expect([reply.status, reply.error]).toEqual([409, 'invalid_transition']);
  });

  it('is taken for a day and no longer', async () => {
    await cancel();
    world.clock.advance(DAY + 1);
    expect((await post()).error).toBe('lease_lost');
    expect(await spent()).toMatchObject({ total_cost_usd: 0 });
    world.clock.jump(-1);
    expect((await post()).status).toBe(200);
  });

  it('of a strange lease, or by the key of another worker, is refused', async () => {
    await cancel();
    expect((await post({ lease_id: 'never-was' })).error).toBe('lease_lost');
    const strange = await makeKey(world.send, 'worker', { instance_id: 'w-2' });
    expect((await post({}, strange.send)).error).toBe('lease_lost');
    for (const scope of ['read', 'submit'] as const)
      expect((await post({}, (await makeKey(world.send, scope)).send)).status).toBe(403);
    const bound = await makeKey(world.send, 'worker', { name: 'bound', instance_id: 'w-1' });
    expect((await post({}, bound.send)).json).toEqual({ accepted: true });
  });

  it('of which messages are missing is refused, and can be sent again', async () => {
    await cancel();
    const reply = await post({ first: 5 });
    expect([reply.status, reply.json]).toMatchObject([409, { details: { expected: 1 } }]);
    expect((await post()).json).toEqual({ accepted: true });
  });
});
