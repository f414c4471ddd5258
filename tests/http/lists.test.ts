import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';

let world: HttpWorld;
beforeEach(async () => {
  world = await createHttpWorld();
});
afterEach(() => world.store.close());

const ids = async (query: string) => (await world.api.list(query)).tasks.map(({ id }) => id);

async function pages(query: string): Promise<number[]> {
  const found: number[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page = await world.api.list(`?${query}&cursor=${cursor}`);
    found.push(...page.tasks.map(({ id }) => id));
    cursor = page.next_cursor;
  }
  return found;
}

/** 1 low, 2 medium, 3 high, 4 medium, 5 high; then 6 completed, 7 failed, 8 cancelled, 9 in progress. */
async function nineTasks() {
  for (const priority of ['low', 'medium', 'high', 'medium', 'high']) await world.api.add('x', { priority });
  for (const [end, body] of [
    ['complete', {}],
    ['fail', { error: 'x', retry: false }],
    ['cancel', {}],
  ] as const) {
    const { id } = await world.api.held();
    await world.send('POST', `/api/tasks/${id}/${end}`, { body });
  }
  await world.api.held();
}

const CLAIM_ORDER = [3, 5, 2, 4, 1];

describe('a list of tasks', () => {
  beforeEach(nineTasks);

  it('is of the pending ones in claim order, unless it is asked for more', async () => {
    for (const query of ['', '?status=pending', '?status=', '?status=pending,pending&limit=']) {
      expect(await ids(query)).toEqual(CLAIM_ORDER);
    }
    const claimed = [];
    while (claimed.length < CLAIM_ORDER.length) claimed.push(await world.api.claimNext());
    expect(claimed.map((claim) => claim.task?.id)).toEqual(CLAIM_ORDER);
  });

  it.each([
    ['all', [9, 8, 7, 6, 5, 4, 3, 2, 1]],
    ['completed', [6]],
    ['in_progress', [9]],
    ['failed,cancelled', [8, 7]],
    ['pending, in_progress', [9, 5, 4, 3, 2, 1]],
    ['completed,pending,completed', [6, 5, 4, 3, 2, 1]],
    ['pending,in_progress,completed,failed,cancelled', [9, 8, 7, 6, 5, 4, 3, 2, 1]],
  ])('with the status %s is newest first', async (status, expected) => {
    const query = `status=${encodeURIComponent(status)}`;
    expect(await ids(`?${query}`)).toEqual(expected);
    for (const limit of [1, 2, 3]) expect(await pages(`${query}&limit=${limit}`)).toEqual(expected);
  });

  it('in claim order is paged by cursor, too, without a last empty page', async () => {
    for (const limit of [1, 2, 5, 200]) expect(await pages(`limit=${limit}`)).toEqual(CLAIM_ORDER);
    expect((await world.api.list('?limit=5')).next_cursor).toBeNull();
  });

  it('goes on where it was although tasks come and go between the pages', async () => {
    const first = await world.api.list('?limit=2');
    await world.api.claimNext();
    await world.api.add('new', { priority: 'high' });
    const second = await world.api.list(`?limit=10&cursor=${first.next_cursor ?? ''}`);
    expect(second.tasks.map(({ id }) => id)).toEqual([10, 2, 4, 1]);
  });

  it('refuses a cursor of the other order', async () => {
    const { next_cursor } = await world.api.list('?limit=2');
    const reply = await world.send('GET', `/api/tasks?status=all&cursor=${next_cursor ?? ''}`);
    expect([reply.status, reply.error]).toEqual([400, 'invalid_input']);
  });
});

it('a list without a limit has fifty tasks, and at most two hundred', async () => {
  for (let n = 0; n < 201; n += 1) await world.api.add();
  expect(await ids('')).toHaveLength(50);
  const page = await world.api.list('?limit=200');
  expect([page.tasks.length, page.next_cursor === null]).toEqual([200, false]);
});

it('the priority decides the next task at once when it is changed', async () => {
  await world.api.add();
  const { id } = await world.api.add();
  await world.send('PUT', `/api/tasks/${id}/priority`, { body: { priority: 'high' } });
  expect(await world.api.claimNext()).toMatchObject({ task: { id } });
});
