import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpWorld, KEY, type HttpWorld } from '../support/http-world.ts';
import { makeKey } from '../support/http-keys.ts';
import { READS, WRITES } from '../support/http-routes.ts';

let world: HttpWorld;
beforeEach(async () => {
  world = await createHttpWorld();
});
afterEach(() => world.store.close());

const get = (headers: Record<string, string | null>) => world.send('GET', '/api/tasks', { headers });

describe('the API key', () => {
  it.each([
    ['X-API-Key', { 'x-api-key': KEY }],
    ['Authorization: Bearer', { 'x-api-key': null, authorization: `Bearer ${KEY}` }],
    ['a bearer in other letters', { 'x-api-key': null, authorization: `bearer  ${KEY} ` }],
    ['both', { authorization: `Bearer ${KEY}` }],
    ['a right bearer beside an empty X-API-Key', { 'x-api-key': '', authorization: `Bearer ${KEY}` }],
    ['a right bearer beside a wrong X-API-Key', { 'x-api-key': 'wrong', authorization: `Bearer ${KEY}` }],
    ['a right X-API-Key beside a wrong bearer', { authorization: 'Bearer wrong' }],
  ])('is taken from %s', async (_where, headers) => {
    expect((await get(headers)).status).toBe(200);
  });

  it.each([
    ['nothing', { 'x-api-key': null }],
    ['an empty key', { 'x-api-key': '' }],
    ['a wrong key', { 'x-api-key': 'wrong' }],
    ['a longer key', { 'x-api-key': `${KEY}x` }],
    ['another case', { 'x-api-key': KEY.toUpperCase() }],
    ['a wrong bearer', { 'x-api-key': null, authorization: 'Bearer wrong' }],
    ['the key as basic password', { 'x-api-key': null, authorization: `Basic ${btoa(`x:${KEY}`)}` }],
    ['a bare authorization', { 'x-api-key': null, authorization: KEY }],
  ])('is refused for %s', async (_what, headers) => {
    const reply = await get(headers);
    expect([reply.status, reply.error]).toEqual([401, 'unauthenticated']);
    expect(reply.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(reply.text).not.toContain(KEY);
  });

  it.each([
    ...READS.map((path) => ['GET', path] as const),
    ...WRITES.map(({ method }) => [method, '/api/tasks/1/claim'] as const),
    ['GET', '/api'] as const,
    ['GET', '/api/nothing'] as const,
    ['OPTIONS', '/api/tasks'] as const,
    ['GET', '/%61pi/tasks'] as const,
    ['GET', '/x/../api/tasks'] as const,
    ['HEAD', '/api/tasks'] as const,
  ])('is asked for by %s %s before anything else', async (method, path) => {
    expect((await world.send(method, path, { headers: { 'x-api-key': null } })).status).toBe(401);
  });

  it('is asked for by every write, which changes nothing without it', async () => {
    for (const { method, prepare } of WRITES) {
      const { path, body } = await prepare(world);
      const before = await world.api.stats();
      const reply = await world.send(method, path, { body, headers: { 'x-api-key': 'wrong' } });
      expect([401, 429]).toContain(reply.status);
      expect(await world.api.stats()).toEqual(before);
    }
  });

  it.each(['/health', '/client/claude-task-client.mjs'])('is not asked for by %s', async (path) => {
    expect((await world.send('GET', path, { headers: { 'x-api-key': null } })).status).not.toBe(401);
  });
});

describe('a named key', () => {
  it('is taken from either header, beside a wrong one too', async () => {
    const { secret } = await makeKey(world.send, 'read');
    for (const headers of [
      { 'x-api-key': secret },
      { 'x-api-key': null, authorization: `Bearer ${secret}` },
      { 'x-api-key': 'wrong', authorization: `Bearer ${secret}` },
    ])
      expect((await get(headers)).status).toBe(200);
  });

  it.each<[string, (secret: string) => string]>([
    ['another secret', (secret) => `${secret.slice(0, -2)}${secret.endsWith('AA') ? 'BB' : 'AA'}`],
    ['another id', (secret) => secret.replace(/_[a-z2-7]{8}_/, '_aaaaaaaa_')],
    ['its id alone', (secret) => secret.split('_').slice(0, 2).join('_')],
    ['its secret alone', (secret) => secret.split('_').slice(2).join('_')],
    ['a longer secret', (secret) => `${secret}A`],
    ['other letters', (secret) => secret.toUpperCase()],
  ])('is refused with %s', async (_what, change) => {
    const { secret } = await makeKey(world.send, 'read');
    expect((await get({ 'x-api-key': change(secret) })).status).toBe(401);
  });

  it('does not work by the hash that is kept of it', async () => {
    await makeKey(world.send, 'read');
    const [key] = await world.store.keys();
    expect((await get({ 'x-api-key': key!.hash })).status).toBe(401);
    expect((await get({ 'x-api-key': `athena_${key!.id}_${key!.hash.slice(0, 43)}` })).status).toBe(401);
  });

  it('works also where many wrong ones come from, and a revoked one is a wrong one', async () => {
    const { id, secret } = await makeKey(world.send, 'read');
    for (let n = 0; n < 20; n += 1) await get({ 'x-api-key': 'wrong' });
    expect((await get({ 'x-api-key': secret })).status).toBe(200);
    await world.send('DELETE', `/api/keys/${id}`);
    expect((await get({ 'x-api-key': secret })).status).toBe(429);
  });
});

/** A request's connection, as far as the key check looks at it. */
function from(remoteAddress: string): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress });
  return new IncomingMessage(socket);
}

describe('wrong keys', () => {
  const wrong = () => get({ 'x-api-key': 'wrong' });

  it('are slowed with Retry-After, while the right key always works', async () => {
    const statuses = [];
    for (let n = 0; n < 11; n += 1) statuses.push((await wrong()).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
    world.clock.advance(20_500);
    const reply = await wrong();
    expect([reply.status, reply.error, reply.headers.get('retry-after')]).toEqual([
      429,
      'rate_limited',
      '40',
    ]);
    expect((await get({})).status).toBe(200);
    expect((await wrong()).status).toBe(429);
  });

  it('may be tried again after the time that was named', async () => {
    for (let n = 0; n < 20; n += 1) await wrong();
    world.clock.advance(60_000);
    expect((await wrong()).status).toBe(401);
  });

  it('are not the same as no key, which is never slowed', async () => {
    for (let n = 0; n < 20; n += 1) expect((await get({ 'x-api-key': null })).status).toBe(401);
    expect((await wrong()).status).toBe(401);
  });

  it('of many addresses are remembered for a bounded number only', async () => {
    const guess = (remoteAddress: string) =>
      world.app.fetch(new Request('http://athena/api/tasks', { headers: { 'x-api-key': 'wrong' } }), {
        incoming: from(remoteAddress),
      });
    for (let n = 0; n < 12; n += 1) await guess('10.0.0.1');
    expect((await guess('10.0.0.1')).status).toBe(429);
    expect((await guess('10.0.0.2')).status).toBe(401);
    for (let n = 0; n < 10_000; n += 1) await guess(`address-${n}`);
    expect((await guess('10.0.0.1')).status).toBe(401);
  });

  it('of one IPv6 network of 64 bits count together', async () => {
    const guess = guessing(world);
    for (let n = 0; n < 11; n += 1) await guess(`2001:db8:1:2::${n}`);
    expect(await guess('2001:db8:1:2:ffff::1')).toBe(429);
    expect(await guess('2001:db8:1:3::1')).toBe(401);
  });

  it('through a trusted proxy count by the client that it names, whatever else the header says', async () => {
    const behind = await createHttpWorld({ trustedProxies: ['10.0.0.0/8'] });
    const guess = guessing(behind);
    for (let n = 0; n < 11; n += 1) await guess('10.0.0.1', `198.51.100.${n}, 203.0.113.9`);
    expect(await guess('10.0.0.1', '203.0.113.9')).toBe(429);
    expect(await guess('10.0.0.2', '203.0.113.9')).toBe(429);
    expect(await guess('10.0.0.1', '203.0.113.10')).toBe(401);
    await behind.store.close();
  });

  it('without a trusted proxy count by the connection, so that nobody chooses an address', async () => {
    const guess = guessing(world);
    for (let n = 0; n < 11; n += 1) await guess('203.0.113.9', `198.51.100.${n}`);
    expect(await guess('203.0.113.9', '198.51.100.99')).toBe(429);
    expect(await guess('203.0.113.8', '198.51.100.1')).toBe(401);
  });
});

/** Sends a wrong key from an address, through proxies or not; gives the status. */
function guessing({ app }: Pick<HttpWorld, 'app'>) {
  return async (address: string, forwardedFor?: string): Promise<number> => {
    const headers = {
      'x-api-key': 'wrong',
      ...(forwardedFor !== undefined && { 'x-forwarded-for': forwardedFor }),
    };
    const request = new Request('http://athena/api/tasks', { headers });
    return (await app.fetch(request, { incoming: from(address) })).status;
  };
}
