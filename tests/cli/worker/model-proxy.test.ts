import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../cli/worker/clock.ts';
import type { Totals } from '../../../cli/worker/executor.ts';
import { openModelProxy, type ModelProxy } from '../../../cli/worker/model-proxy.ts';
import type { ModelProxyOptions } from '../../../cli/worker/model-proxy-options.ts';
import { createDispatcher } from '../../../cli/worker/remotes.ts';
import { createQuotaPatience, type Trouble } from '../../../cli/worker/model-trouble.ts';
import type { Budget } from '../../../cli/worker/settings.ts';
import { startMessagesApi, type MessagesApi } from '../../support/messages-api/index.ts';
import { answer, refuse, say } from '../../support/messages-api/replies.ts';

const REAL_KEY = 'fake-real-key-0123456789';
const MODEL = 'claude-sonnet-4-5';
const NO_LIMIT: Budget = { costUsd: null, tokens: null, turns: null, minutes: null };

describe('the proxy between a run and the model', () => {
  let api: MessagesApi;
  let proxy: ModelProxy;
  let agent: ReturnType<typeof createDispatcher>;
  let spent: string[];
  let troubles: (Trouble | null)[];
  let told: Totals[];
  let signs: number;

  beforeEach(async () => {
    api = await startMessagesApi();
    agent = createDispatcher({});
    spent = [];
    troubles = [];
    told = [];
    signs = 0;
    await open();
  });

  afterEach(async () => {
    await proxy.close();
    await agent.destroy();
    await api.close();
  });

  async function open(over: Partial<ModelProxyOptions> = {}): Promise<void> {
    proxy = await openModelProxy({
      upstream: api.url,
      credential: { kind: 'key', value: REAL_KEY },
      models: [MODEL],
      left: NO_LIMIT,
      isDaySpent: () => false,
      dispatcher: agent,
      patience: createQuotaPatience(systemClock),
      clock: systemClock,
      stallMs: 60_000,
      events: {
        alive: () => (signs += 1),
        totals: (totals) => told.push(totals),
        spent: (which) => spent.push(which),
        trouble: (trouble) => troubles.push(trouble),
      },
      ...over,
    });
  }

  async function reopen(over: Partial<ModelProxyOptions>): Promise<void> {
    await proxy.close();
    await open(over);
  }

  interface Asking {
    readonly path?: string;
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly model?: string;
    readonly text?: string;
    readonly stream?: boolean;
  }

  function ask({ path = '/v1/messages?beta=true', headers, ...more }: Asking = {}): Promise<Response> {
    const { method = 'POST', model = MODEL, text = 'hello', stream = true } = more;
    const body = JSON.stringify({ model, stream, messages: [{ role: 'user', content: text }] });
    return fetch(proxy.url + path, {
      method,
      headers: { 'x-api-key': proxy.token, 'content-type': 'application/json', ...headers },
      ...(method === 'POST' && { body }),
    });
  }

  test('swaps the token for the key, and passes everything else on', async () => {
    api.script({ when: /hello/, then: say('Hi.') });
    const response = await ask({ headers: { 'anthropic-version': '2023-06-01', cookie: 'a=b' } });
    expect(await response.text()).toContain('"text":"Hi."');
    expect(response.headers.get('request-id')).toBe('req_1');
    const [seen] = api.requests;
    expect(seen?.path).toBe('/v1/messages?beta=true');
    expect(seen?.headers).toMatchObject({ 'x-api-key': REAL_KEY, 'anthropic-version': '2023-06-01' });
    expect(seen?.headers).not.toHaveProperty('cookie');
    expect(JSON.stringify([seen?.headers, seen?.all])).not.toContain(proxy.token);
  });

  test('an OAuth token goes as Bearer, with the beta that it needs', async () => {
    await reopen({ credential: { kind: 'oauth', value: REAL_KEY } });
    api.script({ when: /hello/, then: say('Hi.') });
    const headers = { authorization: `Bearer ${proxy.token}`, 'x-api-key': '', 'anthropic-beta': 'one,two' };
    await (await ask({ headers })).text();
    const seen = api.requests[0]?.headers;
    expect(seen?.authorization).toBe(`Bearer ${REAL_KEY}`);
    expect(seen).not.toHaveProperty('x-api-key');
    expect(seen?.['anthropic-beta']).toBe('one,two,oauth-2025-04-20');
  });

  test('an address with a path keeps it', async () => {
    await reopen({ upstream: `${api.url}/gateway/` });
    api.script({ when: /hello/, then: say('Hi.') });
    await (await ask()).text();
    expect(api.requests[0]?.path).toBe('/gateway/v1/messages?beta=true');
  });

  test.each([
    ['another token', { headers: { 'x-api-key': 'athena-run-guessed' } }, 401],
    ['no token', { headers: { 'x-api-key': '' } }, 401],
    ['another call', { path: '/v1/files' }, 404],
    ['a call behind dots', { path: '/v1/messages/../files' }, 404],
    ['another method', { method: 'GET' }, 404],
    ['another model', { model: 'claude-opus-4-1' }, 404],
  ])('%s is refused and never reaches the API', async (_, asking, status) => {
    const response = await ask(asking);
    expect(response.status).toBe(status);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(api.requests).toEqual([]);
  });

  test('the probe is answered here, without a token', async () => {
    expect((await fetch(`${proxy.url}/api/hello`, { method: 'HEAD' })).status).toBe(200);
    expect(api.requests).toEqual([]);
  });

  test('counts a stream from its events, caches included', async () => {
    const usage = {
      input_tokens: 1_000,
      output_tokens: 200,
      cache_read_input_tokens: 10_000,
      cache_creation_input_tokens: 4_000,
    };
    api.script({ when: /hello/, then: say('Hi.', usage) });
    await (await ask()).text();
    // 1,000 x 3 + 10,000 x 0.3 + 4,000 x 3.75 + 200 x 15 millionths.
    expect(proxy.totals()).toMatchObject({ inputTokens: 15_000, outputTokens: 200, turns: 1 });
    expect(proxy.totals().costUsd).toBeCloseTo(0.024, 6);
    expect(proxy.totals().costEstimated).toBe(false);
    expect(told.at(-1)).toEqual(proxy.totals());
    expect(signs).toBeGreaterThan(0);
  });

  test('counts an answer in one piece too', async () => {
    api.script({ when: /hello/, then: say('Hi.') });
    await (await ask({ stream: false })).text();
    expect(proxy.totals()).toMatchObject({ inputTokens: 100, outputTokens: 20, turns: 1 });
  });

  test('an answer that was cut counts as far as it came, as an estimate', async () => {
    api.script({ when: /hello/, then: answer([{ type: 'text', text: 'Half' }], { end: 'cut' }) });
    await expect(ask().then((response) => response.text())).rejects.toThrow();
    expect(proxy.totals()).toMatchObject({
      inputTokens: 100,
      outputTokens: 1,
      turns: 0,
      costEstimated: true,
    });
    expect(troubles).toHaveLength(1);
    expect(troubles[0]?.kind).toBe('overload');
  });

  test('the price of an unknown model is a guess', async () => {
    await reopen({ models: ['some-model-of-tomorrow'] });
    api.script({ when: /hello/, then: say('Hi.') });
    await (await ask({ model: 'some-model-of-tomorrow' })).text();
    expect(proxy.totals().costEstimated).toBe(true);
  });

  test.each([
    ['turns', { turns: 1 }],
    ['tokens', { tokens: 120 }],
    ['costUsd', { costUsd: 0.0006 }],
  ])('once %s are spent nothing more is asked', async (which, limit) => {
    await reopen({ left: { ...NO_LIMIT, ...limit } });
    api.script({ when: /hello/, then: say('Hi.') });
    expect((await ask()).status).toBe(200);
    await api.bell.waitFor(() => api.open() === 0);
    const second = await ask();
    expect(second.status).toBe(403);
    expect(await second.text()).toContain('budget');
    expect(spent).toEqual([which]);
    expect(api.requests).toHaveLength(1);
  });

  test('once the day of the worker is spent nothing more is asked, but what is open is told to its end', async () => {
    let isSpent = false;
    let goOn = () => {};
    const after = new Promise<void>((resolve) => (goOn = resolve));
    await reopen({ isDaySpent: () => isSpent });
    api.script({ when: /hello/, then: answer([{ type: 'text', text: 'The last words.' }], { after }) });
    const first = await ask();
    isSpent = true;
    const second = await ask();
    expect([second.status, second.headers.get('x-should-retry')]).toEqual([403, 'false']);
    expect(await second.text()).toContain('daily limit');
    goOn();
    expect(await first.text()).toContain('The last words.');
    expect(spent).toEqual(['day']);
    expect(api.requests).toHaveLength(1);
  });

  test.each([
    ['turns', { ...NO_LIMIT, turns: 2 }, 2],
    ['tokens', { ...NO_LIMIT, tokens: 1_000 }, 10],
    ['no limit at all', NO_LIMIT, 40],
  ])('a command that asks forty times at once is held to %s', async (_what, left, most) => {
    await reopen({ left });
    let mostOpen = 0;
    api.script({
      when: /hello/,
      then: () => {
        mostOpen = Math.max(mostOpen, api.open());
        return say('Hi.');
      },
    });
    const asked = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const response = await ask();
        await response.text();
        return response.status;
      }),
    );
    expect(api.requests.length).toBeLessThanOrEqual(most);
    expect(asked.filter((status) => status === 200).length).toBe(api.requests.length);
    expect(mostOpen).toBeLessThanOrEqual(8);
    expect(api.requests.length).toBeGreaterThanOrEqual(Math.min(most, 2));
  });

  test('bytes pass as they come: the beginning is read while the end is not written', async () => {
    let goOn = () => {};
    const after = new Promise<void>((resolve) => (goOn = resolve));
    api.script({ when: /hello/, then: answer([{ type: 'text', text: 'Hi.' }], { after }) });
    const response = await ask();
    const reader = response.body!.getReader();
    const first = await reader.read();
    expect(Buffer.from(first.value ?? []).toString()).toContain('message_start');
    expect(told.at(-1)).toMatchObject({ inputTokens: 100 });
    goOn();
    while (!(await reader.read()).done);
  });

  test('from refuse on what is open is cut, and nothing new goes out', async () => {
    api.script({ when: /hello/, then: answer([{ type: 'text', text: 'Hi' }], { end: 'stalled' }) });
    const response = await ask();
    expect(api.open()).toBe(1);
    proxy.refuse();
    await expect(response.text()).rejects.toThrow();
    await api.bell.waitFor(() => api.open() === 0);
    expect((await ask()).status).toBe(403);
    expect(api.requests).toHaveLength(1);
    // That was us: nothing is wrong with the API.
    expect(troubles).toEqual([]);
  });

  test('when the run lets go of a request, so does the proxy', async () => {
    api.script({ when: /hello/, then: answer([{ type: 'text', text: 'Hi' }], { end: 'stalled' }) });
    const response = await ask();
    await response.body?.cancel();
    await api.bell.waitFor(() => api.open() === 0);
  });

  test('a stream that stalls is cut, so that the run asks again', async () => {
    await reopen({ stallMs: 200 });
    api.script({ when: /hello/, then: answer([{ type: 'text', text: 'Hi' }], { end: 'stalled' }) });
    const response = await ask();
    await expect(response.text()).rejects.toThrow();
    await api.bell.waitFor(() => api.open() === 0);
    expect(troubles[0]).toEqual({
      kind: 'overload',
      detail: 'The API stopped in the middle of an answer.',
    });
  });

  test.each([
    [529, 'Overloaded', 'overload'],
    [500, 'Oops', 'overload'],
    [401, 'invalid x-api-key', 'key'],
    [403, 'not allowed', 'key'],
    [400, 'Your credit balance is too low to access the API.', 'billing'],
    [403, 'Billing is off for this organization.', 'billing'],
    [402, 'Pay first', 'billing'],
  ])('%i "%s" is a trouble of kind %s', async (status, message, kind) => {
    api.script({ when: /hello/, then: refuse(status, message) });
    const response = await ask();
    expect(response.status).toBe(status);
    await response.text();
    expect(troubles).toEqual([{ kind, detail: `${status}: ${message}` }]);
  });

  test('a request that is wrong is no trouble of the world', async () => {
    api.script({ when: /hello/, then: refuse(400, 'messages: too long') });
    await (await ask()).text();
    expect(troubles).toEqual([]);
  });

  test('a quota names its end: retry-after first, the reset of the account else', async () => {
    const reset = Math.floor(Date.now() / 1_000) + 7_200;
    const unified = { 'anthropic-ratelimit-unified-reset': `${reset}` };
    api.script(
      { when: /one/, then: refuse(429, 'Limit', { ...unified, 'retry-after': '3600' }) },
      { when: /two/, then: refuse(429, 'Limit', unified) },
    );
    const before = Date.now();
    for (const text of ['one', 'two']) await (await ask({ text })).text();
    const [first, second] = troubles.map((trouble) =>
      trouble?.kind === 'quota' ? trouble.until.getTime() : 0,
    );
    expect(first! - before).toBeGreaterThanOrEqual(3_600_000);
    expect(first! - before).toBeLessThan(3_620_000);
    expect(second).toBe(reset * 1_000);
  });

  test('nobody there is an overload, and tells which fault', async () => {
    const server = http.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    await reopen({ upstream: `http://127.0.0.1:${port}` });
    expect((await ask()).status).toBe(502);
    expect(troubles).toEqual([{ kind: 'overload', detail: 'The API cannot be reached (ECONNREFUSED).' }]);
  });

  test('an answer after trouble says that it is over', async () => {
    api.script({ when: /bad/, then: refuse(529, 'Overloaded') }, { when: /hello/, then: say('Hi.') });
    await (await ask({ text: 'bad' })).text();
    await (await ask()).text();
    expect(troubles.at(-1)).toBeNull();
  });

  test('after close nobody listens', async () => {
    await proxy.close();
    await expect(ask()).rejects.toThrow();
  });
});
