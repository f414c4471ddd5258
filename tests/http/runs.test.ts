/** A run over HTTP from its claim to its end: what each side is told. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';

let world: HttpWorld;
beforeEach(async () => {
  world = await createHttpWorld();
});
afterEach(() => world.store.close());

const TOTALS = {
  cost_usd: 0.25,
  cost_estimated: false,
  input_tokens: 1000,
  output_tokens: 50,
  turns: 3,
  duration_seconds: 12.5,
};
const REPORT = {
  outcome: 'done',
  summary: 'It works.',
  branch: 'claude/1-a-task',
  totals: TOTALS,
  last_reply: 0,
};

it('tells a run from its claim to its end', async () => {
  const { api, send } = world;
  const { id } = await api.add('A task: Überprüfe "alles"!');
  const { lease, run } = await api.claim(id, 'worker', { session: 's-1' });
  expect(run).toMatchObject({
    number: 1,
    branch: `claude/${id}-a-task-uberprufe-alles`,
    replies: [],
    spent: { turns: 0 },
  });
  const lease_id = lease.lease_id;
  const post = (first: number, texts: string[]) =>
    send('POST', `/api/tasks/${id}/messages`, {
      body: {
        lease_id,
        first,
        messages: texts.map((text) => ({ kind: 'text', text })),
        totals: TOTALS,
        session_id: 'sess',
      },
    });
  expect((await post(1, ['one', 'two'])).json).toEqual({ next: 3 });
  expect((await post(1, ['one', 'two'])).json).toEqual({ next: 3 });
  const gap = await post(4, ['four']);
  expect([gap.status, gap.error]).toEqual([409, 'invalid_transition']);
  const reply = await send('POST', `/api/tasks/${id}/reply`, { body: { text: 'Also this' } });
  expect([reply.status, reply.json]).toEqual([202, { reply_id: 1, delivery: 'now' }]);
  const signals = await send('POST', '/api/instance/signals', {
    body: { instance_id: 'worker', runs: [{ lease_id, replies_after: 0, questions: [] }] },
  });
  expect(signals.json).toMatchObject({
    runs: [{ ended: false, replies: [{ number: 1, text: 'Also this', author: 'owner' }] }],
  });
  const asked = await send('POST', `/api/tasks/${id}/questions`, {
    body: { lease_id, key: 'k', kind: 'permission', title: 'Run it?', detail: 'rm -rf', rule: 'Bash(rm:*)' },
  });
  expect(asked.json).toMatchObject({
    question: {
      id: 1,
      status: 'open',
      options: [{ id: 'allow_once' }, { id: 'allow_task' }, { id: 'deny' }],
      rule: 'Bash(rm:*)',
    },
  });
  expect((await send('GET', '/api/questions?status=open')).json).toMatchObject({ questions: [{ id: 1 }] });
  const answer = await send('POST', '/api/questions/1/answer', { body: { option: 'allow_task' } });
  expect(answer.json).toMatchObject({ question: { status: 'answered', answered_by: 'owner' } });
  const done = await send('POST', `/api/tasks/${id}/complete`, {
    body: { lease_id, report: { ...REPORT, last_reply: 1 } },
  });
  expect(done.json).toMatchObject({
    status: 'completed',
    task: { result: { outcome: 'done', cost_usd: 0.25, turns: 3 } },
  });
  const { json } = await send('GET', `/api/tasks/${id}/messages`);
  expect(json).toMatchObject({
    truncated: false,
    messages: [
      { seq: 1, run: 1, kind: 'text', text: 'one' },
      { seq: 2, run: 1, kind: 'text', text: 'two' },
      { seq: 3, run: null, kind: 'notice', text: 'owner replied: Also this' },
      { seq: 4, run: 1, kind: 'question' },
      { seq: 5, run: 1, kind: 'result', text: 'It works.' },
    ],
  });
  expect((await send('GET', '/api/usage?group_by=user,model')).json).toMatchObject({
    total_cost_usd: 0.25,
    tasks: 1,
    groups: [{ user: null }],
  });
});

it('tells whoever claims a task what was said about it, a person as well as a worker', async () => {
  const { api, send } = world;
  const { id } = await api.add('Clean up');
  await send('POST', `/api/tasks/${id}/reply`, { body: { text: 'The attic too' } });
  const said = [{ number: 1, text: 'The attic too', author: 'owner', now: false }];
  const { lease } = await api.claim(id, 'mac');
  const byHand = await send('POST', `/api/tasks/${id}/release`, { body: { lease_id: lease.lease_id } });
  expect(byHand.status).toBe(200);
  const next = await send('POST', '/api/tasks/claim', { body: { instance_id: 'mac' } });
  expect(next.json).toMatchObject({ replies: said });
  await send('POST', `/api/tasks/${id}/release`, { body: { instance_id: 'mac' } });
  expect((await api.claim(id, 'worker', { session: 's-1' })).run?.replies).toEqual(said);
});

it('says why a run was given back whose question was answered before it had closed', async () => {
  const { api, send } = world;
  const { id } = await api.add('A task');
  const { lease } = await api.claim(id, 'worker', { session: 's-1' });
  const lease_id = lease.lease_id;
  const question = { key: 'k', kind: 'text', title: 'Which port?', detail: '' };
  await send('POST', `/api/tasks/${id}/questions`, { body: { lease_id, ...question } });
  await send('POST', '/api/questions/1/answer', { body: { text: '8080' } });
  const report = { ...REPORT, outcome: 'parked' };
  const body = { lease_id, report, cause: { kind: 'parked', waits_for: 'answer' } };
  expect((await send('POST', `/api/tasks/${id}/release`, { body })).status).toBe(200);
  const { json } = await send('GET', `/api/tasks/${id}/messages`);
  const { messages } = json as { messages: { text: string }[] };
  expect(messages.at(-1)?.text).toBe(
    'Run 1 was given back. Its question has been answered meanwhile: the next run is told.',
  );
});

it('counts usage from the first of the month on, as it is for people', async () => {
  const there = await createHttpWorld({ timeZone: 'Pacific/Auckland' });
  const spend = async () => {
    const { id } = await there.api.add('A task');
    const { lease } = await there.api.claim(id, 'worker', { session: 's-1' });
    const body = { lease_id: lease.lease_id, report: REPORT };
    await there.send('POST', `/api/tasks/${id}/complete`, { body });
  };
  const until = (time: string) => {
    there.clock.advance(Date.parse(time) - there.clock.now().getTime());
  };
  until('2026-01-31T10:59:59Z');
  await spend();
  until('2026-01-31T11:00:00Z');
  await spend();
  expect((await there.send('GET', '/api/usage')).json).toMatchObject({ tasks: 1 });
  expect((await there.send('GET', '/api/usage?since=2026-01-01')).json).toMatchObject({ tasks: 2 });
  await there.store.close();
});

it.each([
  ['cost_usd', 1e308],
  ['duration_seconds', 1e306],
  ['input_tokens', Number.MAX_SAFE_INTEGER],
  ['turns', -1],
])('refuses what no run can have used: %s %d', async (field, value) => {
  const { api, send } = world;
  const { id } = await api.add('x');
  const { lease } = await api.claim(id, 'worker', { session: 's-1' });
  const totals = { ...TOTALS, [field]: value };
  const { lease_id } = lease;
  const ends = [
    send('POST', `/api/tasks/${id}/messages`, { body: { lease_id, first: 1, messages: [], totals } }),
    send('POST', `/api/tasks/${id}/complete`, { body: { lease_id, report: { ...REPORT, totals } } }),
  ];
  for (const { status, error, text } of await Promise.all(ends)) {
    expect([status, error]).toEqual([400, 'invalid_input']);
    expect(text).toContain(`${field} must be a`);
  }
  expect((await send('GET', '/api/usage')).json).toMatchObject({ total_cost_usd: 0 });
});

it('groups usage by several keys, however they are named', async () => {
  const { api, send } = world;
  const { id } = await api.add('x', { project: 'notes', submitted_by: '@ada' });
  const { lease } = await api.claim(id, 'worker', { session: 's-1' });
  await send('POST', `/api/tasks/${id}/complete`, { body: { lease_id: lease.lease_id, report: REPORT } });
  for (const query of ['group_by=user,project', 'group_by=user&group_by=project']) {
    expect((await send('GET', `/api/usage?${query}`)).json).toMatchObject({
      groups: [{ user: '@ada', project: 'notes', cost_usd: 0.25 }],
    });
  }
});
