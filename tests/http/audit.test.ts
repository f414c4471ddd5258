import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../src/contract/endpoints.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';

let world: HttpWorld;
beforeEach(async () => {
  world = await createHttpWorld();
});
afterEach(() => world.store.close());

const audit = async (query = '') =>
  (await world.send('GET', `/api/audit${query}`)).as(ENDPOINTS.audit.answer);
const turn = (way: string, body: object = {}) => world.send('POST', `/api/queue/${way}`, { body });

describe('the audit trail of the queue', () => {
  it('names who paused and resumed it, why and when, newest first', async () => {
    await turn('pause', { reason: 'lunch' });
    world.clock.advance(1_000);
    await turn('resume', { instance_id: 'mac' });
    expect(await audit()).toEqual({
      entries: [
        {
          id: 2,
          action: 'queue_resumed',
          actor: 'instance:mac',
          key: { id: 'owner', name: 'owner' },
          details: {},
          timestamp: '2026-01-15T12:00:01.000Z',
        },
        {
          id: 1,
          action: 'queue_paused',
          actor: 'operator',
          key: { id: 'owner', name: 'owner' },
          details: { reason: 'lunch' },
          timestamp: '2026-01-15T12:00:00.000Z',
        },
      ],
      next_cursor: null,
    });
  });

  it('holds a call that changed nothing or was repeated only once', async () => {
    const sent = { body: {}, idempotencyKey: 'k' };
    await world.send('POST', '/api/queue/pause', sent);
    await world.send('POST', '/api/queue/pause', sent);
    await turn('pause');
    expect((await audit()).entries).toHaveLength(1);
  });

  it('comes in pages', async () => {
    for (const way of ['pause', 'resume', 'pause']) await turn(way);
    const first = await audit('?limit=2');
    expect(first.entries.map(({ id }) => id)).toEqual([3, 2]);
    const rest = await audit(`?limit=2&cursor=${first.next_cursor ?? ''}`);
    expect(rest.entries.map(({ id }) => id)).toEqual([1]);
    expect(rest.next_cursor).toBeNull();
  });

  it.each(['?limit=0', '?limit=201', '?limit=x', '?cursor=x'])('refuses %s', async (query) => {
    expect(await world.send('GET', `/api/audit${query}`)).toMatchObject({
      status: 400,
      error: 'invalid_input',
    });
  });

  it('is not for those without a key, and not to be written', async () => {
    expect((await world.send('GET', '/api/audit', { headers: { 'x-api-key': null } })).status).toBe(401);
    expect((await world.send('POST', '/api/audit', { body: {} })).status).toBe(405);
  });
});
