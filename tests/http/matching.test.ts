/** Tasks that ask for a project or capabilities, and claims that have them, over HTTP. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../src/contract/endpoints.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';
import { until } from '../support/http-until.ts';

let world: HttpWorld;
beforeEach(async () => {
  world = await createHttpWorld();
});
afterEach(async () => {
  world.waitingClaims.stop();
  await world.store.close();
});

async function add(facts: object): Promise<number> {
  const reply = await world.send('POST', '/api/tasks', { body: { description: 'Deploy it', ...facts } });
  expect(reply.status).toBe(201);
  return reply.as(ENDPOINTS.createTask.answer).task_id;
}

async function claim(said: object): Promise<number | null> {
  const reply = await world.send('POST', '/api/tasks/claim', { body: { instance_id: 'mac', ...said } });
  return (reply.json as { task: { id: number } | null }).task?.id ?? null;
}

async function next(query: string): Promise<number | null> {
  const reply = await world.send('GET', `/api/tasks/next${query}`);
  return reply.as(ENDPOINTS.nextTask.answer).task?.id ?? null;
}

const FACTS = {
  project: 'notes',
  requires: ['gpu', 'docker'],
  model: 'claude-sonnet-4-5',
  max_cost_usd: 0.5,
  max_tokens: 1000,
  max_turns: 3,
  max_minutes: 1.5,
};

describe('what a task asks for and may cost', () => {
  it('is told wherever the task is, and stays over edits and second chances', async () => {
    const id = await add(FACTS);
    const told = { ...FACTS, requires: ['docker', 'gpu'] };
    const path = `/api/tasks/${id}`;
    expect((await world.send('GET', path)).json).toMatchObject({ task: told });
    await world.send('PUT', path, { body: { description: 'Deploy it twice' } });
    await world.send('PUT', `${path}/priority`, { body: { priority: 'high' } });
    await world.send('POST', `${path}/cancel`, { body: {} });
    await world.send('POST', `${path}/requeue`, { body: {} });
    expect((await world.send('GET', '/api/tasks')).json).toMatchObject({
      tasks: [{ ...told, status: 'pending', priority: 'high', description: 'Deploy it twice' }],
    });
  });

  it('may be left out or null', async () => {
    const nothing = Object.fromEntries(Object.keys(FACTS).map((name) => [name, null]));
    const id = await add(nothing);
    expect((await world.send('GET', `/api/tasks/${id}`)).json).toMatchObject({
      task: { ...nothing, requires: [] },
    });
  });
});

describe('a claim', () => {
  it('says which projects and capabilities it is for', async () => {
    const notes = await add({ project: 'notes' });
    const gpu = await add({ project: 'notes', requires: ['gpu'], priority: 'high' });
    const plain = await add({});
    expect(await claim({ projects: ['web'], capabilities: ['gpu'] })).toBeNull();
    expect(await claim({})).toBe(plain);
    expect(await claim({ projects: null, capabilities: null })).toBeNull();
    expect(await claim({ projects: ['notes', null], capabilities: ['usb', 'gpu'] })).toBe(gpu);
    expect(await claim({ projects: ['notes', null] })).toBe(notes);
  });

  it('by id asks for neither', async () => {
    const id = await add({ project: 'notes', requires: ['gpu'] });
    const reply = await world.send('POST', `/api/tasks/${id}/claim`, { body: { instance_id: 'mac' } });
    expect(reply.json).toMatchObject({ status: 'in_progress', task: { id, project: 'notes' } });
  });

  it('that waits hears of what it may take, and of nothing else', async () => {
    const people = claim({ wait_seconds: 30 });
    const worker = claim({ projects: ['notes'], capabilities: ['gpu'], wait_seconds: 30 });
    await until(() => world.waitingClaims.count() === 2, 'waiting');
    await add({ project: 'web' });
    const id = await add({ project: 'notes', requires: ['gpu'] });
    expect(await worker).toBe(id);
    expect(world.waitingClaims.count()).toBe(1);
    const plain = await add({});
    expect(await people).toBe(plain);
  });
});

describe('a look at the next task', () => {
  it.each([
    ['', 3],
    ['?projects=notes', 1],
    ['?projects=notes,web', 2],
    ['?projects=notes&projects=web', 2],
    ['?projects=notes,null', 1],
    ['?projects=web,', 2],
    ['?projects=', 3],
    ['?projects=web&capabilities=gpu,usb', 4],
    ['?projects=web&capabilities=gpu', 2],
    ['?projects=other', null],
    ['?instance_id=nas', 5],
    ['?instance_id=nas&projects=notes', 1],
  ])('says the same in its query (%s)', async (query, expected) => {
    await add({ project: 'notes' });
    await add({ project: 'web', priority: 'high' });
    await add({});
    await add({ project: 'web', priority: 'high', requires: ['gpu', 'usb'] });
    await add({ target: 'nas', priority: 'high' });
    // Of two that fit, the older one is next; so the one that needs more has to be older.
    if (expected === 4) await world.send('POST', '/api/tasks/2/cancel', { body: {} });
    expect(await next(query)).toBe(expected);
  });

  it.each(['?projects=Notes', '?projects=a;b', '?capabilities=a_b', `?projects=${'a,'.repeat(300)}`])(
    'refuses what is no name (%s)',
    async (query) => {
      const reply = await world.send('GET', `/api/tasks/next${query}`);
      expect({ status: reply.status, error: reply.error }).toEqual({ status: 400, error: 'invalid_input' });
    },
  );
});

it('a thousand combinations have tasks ready; one more is refused in clear words', async () => {
  for (let n = 0; n < 1000; n += 1) await add({ project: `p-${n}` });
  const refused = await world.send('POST', '/api/tasks', { body: { description: 'x', project: 'notes' } });
  expect(refused.json).toMatchObject({ error: 'invalid_input', details: { most: 1000 } });
  expect(refused.status).toBe(400);
  expect((refused.json as { message: string }).message).toMatch(/1000 .*target, project and requires/);
  await add({ project: 'p-7' });
  expect(await claim({ projects: ['p-3'] })).toBe(4);
  await add({ project: 'notes' });
});
