import { once } from 'node:events';
import { connect } from 'node:net';
import { Events, HTTPError, type REST } from 'discord.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { login, newRest, startTwin } from './fixture.ts';
import type { DiscordTwin } from './index.ts';

describe('when Discord misbehaves', () => {
  let twin: DiscordTwin;
  let rest: REST;
  const sends = { method: 'POST', path: /^\/channels\/\d+\/messages$/ };
  const send = (body: object = { content: 'a' }, by = rest): Promise<unknown> =>
    by.post(`/channels/${twin.channel('claude-tasks').id}/messages`, { body });
  const sent = (): string[] => twin.channel('claude-tasks').messages.map((message) => message.content);

  beforeEach(async () => {
    twin = await startTwin();
    rest = newRest(twin);
  });
  afterEach(() => twin.stop());

  test('a 502 has no effect', async () => {
    const fault = twin.fault(sends, { kind: 'status', status: 502 });
    await expect(send()).rejects.toBeInstanceOf(HTTPError);
    expect([sent(), fault.hits]).toEqual([[], 1]);
    await send();
    expect(sent()).toEqual(['a']);
  });

  test('a message applied but answered 502 is posted twice by discord.js, unless its nonce is enforced', async () => {
    rest.options.retries = 3;
    twin.fault(sends, { kind: 'status', status: 502, applied: true });
    await send({ content: 'bare' });
    expect(sent()).toEqual(['bare', 'bare']);
    twin.fault(sends, { kind: 'status', status: 502, applied: true });
    await send({ content: 'with nonce', nonce: '1.a.0', enforce_nonce: true });
    expect(sent()).toEqual(['bare', 'bare', 'with nonce']);
  });

  test('a connection is cut before or after the effect', async () => {
    twin.fault(sends, { kind: 'cut', when: 'before' });
    await expect(send()).rejects.toThrow();
    expect(sent()).toEqual([]);
    twin.fault(sends, { kind: 'cut', when: 'after' });
    await expect(send()).rejects.toThrow();
    expect(sent()).toEqual(['a']);
    expect(twin.requests.map((request) => request.status)).toEqual([null, null]);
  });

  test('a 429 is waited out by discord.js', async () => {
    twin.fault(sends, { kind: 'rate-limit', retryAfterMs: 10 });
    twin.fault(sends, { kind: 'rate-limit', retryAfterMs: 10, isGlobal: true });
    await send();
    expect(twin.requests.map((request) => request.status)).toEqual([429, 429, 200]);
    expect(sent()).toEqual(['a']);
  });

  test('an answer is held until it is released', async () => {
    const before = twin.fault(sends, { kind: 'hold', when: 'before' });
    const sending = send();
    await twin.waitFor(() => before.held === 1);
    expect(sent()).toEqual([]);
    before.release();
    await sending;
    const after = twin.fault(sends, { kind: 'hold', when: 'after' });
    const second = send({ content: 'b' });
    await twin.waitFor(() => after.held === 1);
    expect(sent()).toEqual(['a', 'b']);
    twin.clearFaults();
    await second;
  });

  test('a predicate chooses the request, and a count how often', async () => {
    const fault = twin.fault(
      (call) => JSON.stringify(call.body).includes('unlucky'),
      { kind: 'status', status: 403, body: { message: 'Missing Access', code: 50001 } },
      { times: 2 },
    );
    await send({ content: 'lucky' });
    await expect(send({ content: 'unlucky' })).rejects.toMatchObject({ code: 50001 });
    await expect(send({ content: 'unlucky' })).rejects.toMatchObject({ code: 50001 });
    await send({ content: 'unlucky' });
    expect([sent(), fault.hits]).toEqual([['lucky', 'unlucky'], 2]);
  });

  test.each(['bad-gateway', 'refused'] as const)(
    'an outage (%s) ends and the client comes back',
    async (kind) => {
      const client = await login(twin);
      client.on(Events.ShardError, () => {});
      await twin.beginOutage(kind);
      await expect(send()).rejects.toThrow();
      expect(sent()).toEqual([]);
      await twin.endOutage();
      await send();
      await twin.waitFor(() => twin.gateway.connected === 1);
      await client.destroy();
      expect(sent()).toEqual(['a']);
    },
  );

  test('a bot that is killed while it asks for the gateway takes nothing along', async () => {
    await twin.beginOutage('bad-gateway');
    const bot = connect(Number(new URL(twin.url).port), '127.0.0.1');
    bot.write(
      'GET /?v=10&encoding=json HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    await once(bot, 'data');
    bot.resetAndDestroy();
    await once(bot, 'close');
    await twin.endOutage();
    await send();
    expect(sent()).toEqual(['a']);
  });

  test('messages beyond the limit of a channel are refused when that is asked for', async () => {
    await twin.stop();
    twin = await startTwin({ rateLimits: { perChannel: 2, windowMs: 100 } });
    const clients = [newRest(twin), newRest(twin), newRest(twin)];
    for (const client of clients) await send({ content: 'a' }, client);
    expect(twin.requests.map((request) => request.status)).toEqual([200, 200, 429, 200]);
    expect(sent()).toEqual(['a', 'a', 'a']);
  });

  test('a wait that runs out says what was going on', async () => {
    await send({ content: 'hello' });
    const waiting = twin.waitFor(() => sent().length === 2, { timeoutMs: 5, what: 'a second message' });
    await expect(waiting).rejects.toThrow(/5 ms for a second message[^]*-> 200[^]*"hello"/);
  });
});
