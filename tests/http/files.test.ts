/** Transcripts and attachments: who may read and write them, how large they are, and what an interrupted one leaves. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LARGEST_TRANSCRIPT_BYTES } from '../../src/contract/endpoints.ts';
import { LARGEST_ATTACHMENT_BYTES } from '../../src/core/run-files.ts';
import { aFolder } from '../store/world.ts';
import { manualClock, type ManualClock } from '../support/clock.ts';
import { makeKey } from '../support/http-keys.ts';
import { startHttpServer, type TestServer } from '../support/http-server.ts';
import { headText, openSocket } from '../support/http-socket.ts';
import { KEY, toReply } from '../support/http-world.ts';
import { until } from '../support/http-until.ts';

const DAY = 24 * 60 * 60_000;
const PATIENCE = {
  headersTimeout: 300,
  bodyTimeout: 1000,
  requestTimeout: 20_000,
  connectionsCheckingInterval: 100,
};

let server: TestServer;
let clock: ManualClock;
let folder: string;
let id: number;
let lease: string;
beforeEach(async () => {
  folder = aFolder();
  clock = manualClock();
  server = await startHttpServer({ path: join(folder, 'tasks.db'), clock, patience: PATIENCE });
  ({ id } = await server.api.add());
  lease = (await claim()).lease.lease_id;
});
afterEach(() => server.close());

const claim = (task = id) => server.api.claim(task, 'w-1', { session: 's' });
const pathOf = (query = `?lease_id=${lease}`, task = id) => `/api/tasks/${task}/transcript${query}`;
const GZIP = 'application/gzip';
const TEXT = gzipSync('{"type":"user"}\n');

interface Put {
  readonly body?: RequestInit['body'];
  readonly path?: string;
  readonly key?: string;
  readonly headers?: Record<string, string>;
}

async function put({ body = TEXT, path = pathOf(), key = KEY, headers }: Put = {}) {
  const all = { 'x-api-key': key, 'content-type': GZIP, ...headers };
  const init: RequestInit & { duplex: 'half' } = { method: 'PUT', headers: all, body, duplex: 'half' };
  return toReply(await fetch(`${server.url}${path}`, init));
}

async function get(path = pathOf(), key = KEY) {
  const response = await fetch(`${server.url}${path}`, { headers: { 'x-api-key': key } });
  return {
    status: response.status,
    headers: response.headers,
    bytes: Buffer.from(await response.arrayBuffer()),
  };
}

const files = () => join(folder, 'tasks.db-files');
const kept = (what = 'transcripts') =>
  existsSync(join(files(), what)) ? readdirSync(join(files(), what)).sort() : [];
/** Something that looks like a gzip of this length. */
const packed = (bytes: number) => Buffer.concat([TEXT, Buffer.alloc(bytes - TEXT.length)]);
const refusal = ({ status, error }: Awaited<ReturnType<typeof put>>) => [status, error];

describe('a transcript', () => {
  it('comes back byte by byte, to its run and to the owner, and is nobody else’s file', async () => {
    expect((await put()).json).toEqual({ bytes: TEXT.length });
    for (const query of [undefined, '']) {
      const { status, headers, bytes } = await get(pathOf(query));
      expect([status, bytes.equals(TEXT)]).toEqual([200, true]);
      expect(headers.get('content-type')).toBe(GZIP);
      expect(headers.get('content-disposition')).toBe(`attachment; filename*=UTF-8''task-${id}.jsonl.gz`);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
    expect(statSync(files()).mode & 0o077).toBe(0);
    expect(statSync(join(files(), 'transcripts', `${id}.jsonl.gz`)).mode & 0o777).toBe(0o600);
  });

  it('is replaced by a later one, and the next run is told that there is one', async () => {
    await put();
    const more = gzipSync('{"type":"user"}\n{"type":"assistant"}\n');
    await put({
      body: more,
      headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
    });
    expect((await get()).bytes.equals(more)).toBe(true);
    await server.send('POST', `/api/tasks/${id}/release`, { body: { lease_id: lease } });
    expect((await claim()).run).toMatchObject({ has_transcript: true });
    expect(kept()).toEqual([`${id}.jsonl.gz`]);
  });

  it('is dropped by its run where it has grown too large, so that the next one begins afresh', async () => {
    await put();
    const drop = (path: string) => server.send('DELETE', path);
    expect((await drop(pathOf(''))).status).toBe(400);
    expect(refusal(await drop(pathOf('?lease_id=nobody')))).toEqual([409, 'lease_lost']);
    expect((await drop(pathOf())).status).toBe(200);
    expect((await drop(pathOf())).status).toBe(200);
    await server.send('POST', `/api/tasks/${id}/release`, { body: { lease_id: lease } });
    expect((await claim()).run).toMatchObject({ has_transcript: false });
  });

  it('is not there before, nor for a task that is not', async () => {
    expect((await get()).status).toBe(404);
    expect((await get(pathOf('', 99))).status).toBe(404);
    expect(refusal(await put({ path: pathOf(undefined, 99) }))).toEqual([404, 'task_not_found']);
  });

  it('takes 16 MiB, and not a byte more', async () => {
    expect((await put({ body: packed(LARGEST_TRANSCRIPT_BYTES) })).status).toBe(200);
    const tooLarge = packed(LARGEST_TRANSCRIPT_BYTES + 1);
    expect(refusal(await put({ body: tooLarge }))).toEqual([413, 'payload_too_large']);
    const chunked = new Blob([tooLarge]).stream();
    const reply = await put({ body: chunked }).catch((error: unknown) => error);
    // Who is still sending may be cut off before it reads the refusal.
    if (!(reply instanceof Error)) expect(refusal(reply as never)).toEqual([413, 'payload_too_large']);
    expect((await get()).bytes.length).toBe(LARGEST_TRANSCRIPT_BYTES);
    expect(kept()).toHaveLength(1);
  });

  it.each([
    ['plain text', { body: 'x', headers: { 'content-type': 'text/plain' } }],
    ['lines that are not packed', { body: '{}\n', headers: { 'content-type': 'application/x-ndjson' } }],
    ['something else under that name', { body: 'no gzip' }],
    ['one byte', { body: TEXT.subarray(0, 1) }],
    ['nothing', { body: '' }],
  ])('is no %s', async (_what, sent) => {
    expect(refusal(await put(sent))).toEqual([415, 'unsupported_media_type']);
    expect((await get()).status).toBe(404);
  });

  it.each([
    ['without a lease', '', 400, 'invalid_input'],
    ['with a lease that is none', `?lease_id=${'x'.repeat(101)}`, 400, 'invalid_input'],
    ['with a strange lease', '?lease_id=never-was', 409, 'lease_lost'],
  ])('is not taken %s', async (_how, query, status, error) => {
    expect(refusal(await put({ path: pathOf(query) }))).toEqual([status, error]);
  });

  it('is not taken for another task, nor from a claim that began no run', async () => {
    const other = await server.api.add();
    expect((await put({ path: pathOf(undefined, other.id) })).error).toBe('lease_lost');
    const byHand = await server.api.claim(other.id, 'mac');
    expect((await put({ path: pathOf(`?lease_id=${byHand.lease.lease_id}`, other.id) })).error).toBe(
      'lease_lost',
    );
  });

  it('is for the key of its worker, and for no key that only reads or submits', async () => {
    await put();
    const bound = await makeKey(server.send, 'worker', { name: 'bound', instance_id: 'w-1' });
    expect((await put({ key: bound.secret })).status).toBe(200);
    expect((await get(undefined, bound.secret)).status).toBe(200);
    const strange = await makeKey(server.send, 'worker', { name: 'strange', instance_id: 'w-2' });
    expect((await put({ key: strange.secret })).error).toBe('lease_lost');
    expect((await get(undefined, strange.secret)).status).toBe(409);
    for (const scope of ['read', 'submit'] as const) {
      const key = await makeKey(server.send, scope);
      expect(refusal(await put({ key: key.secret }))).toEqual([403, 'not_permitted']);
    }
    for (const scope of ['read', 'submit', 'worker', 'admin'] as const) {
      const key = await makeKey(server.send, scope, { name: `${scope} again` });
      expect([scope, (await get(pathOf(''), key.secret)).status]).toEqual([scope, 403]);
    }
  });

  it('is read by a live lease, and for a day after its end still written', async () => {
    await put();
    await server.send('POST', `/api/tasks/${id}/cancel`);
    expect((await get()).status).toBe(409);
    clock.advance(DAY);
    expect((await put()).status).toBe(200);
    clock.advance(1);
    expect((await put()).error).toBe('lease_lost');
    expect((await get(pathOf(''))).status).toBe(200);
  });

  it('of an older run is taken no more once another has begun', async () => {
    await server.send('POST', `/api/tasks/${id}/release`, { body: { lease_id: lease } });
    const newer = (await claim()).lease.lease_id;
    expect((await put()).error).toBe('lease_lost');
    expect((await put({ path: pathOf(`?lease_id=${newer}`) })).status).toBe(200);
  });
});

/** An upload of which a test sends every byte. */
async function upload(bytes: number, secret = KEY) {
  const socket = await openSocket(server.port);
  const requests = server.requests();
  const head = headText('PUT', pathOf(), [`Content-Type: ${GZIP}`, `Content-Length: ${bytes}`]);
  socket.write(head.replace(KEY, secret));
  await until(() => server.requests() === requests + 1, 'the request');
  return socket;
}

describe('an upload that does not come whole', () => {
  const SIZE = 200_000;
  const some = packed(SIZE);

  const begun = async (secret = KEY) => {
    const socket = await upload(SIZE, secret);
    socket.write(some.subarray(0, SIZE / 2));
    await until(() => kept().some((name) => name.endsWith('.part')), 'the first part');
    return {
      socket,
      finish: () => {
        socket.write(some.subarray(SIZE / 2));
      },
    };
  };

  it('leaves what was there, and nothing else', async () => {
    await put();
    const { socket } = await begun();
    socket.cut();
    await until(() => kept().length === 1, 'the part to go');
    expect((await get()).bytes.equals(TEXT)).toBe(true);
  });

  it('is cut off when it stops, and may take its time as long as it goes on', async () => {
    const { socket: stopped } = await begun();
    expect((await stopped.answer()).status).toBe(408);
    await until(() => kept().length === 0, 'the part to go');

    const slow = await upload(SIZE);
    const began = performance.now();
    for (let sent = 0; sent < SIZE; sent += 20_000) {
      slow.write(some.subarray(sent, sent + 20_000));
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect((await slow.answer()).json).toEqual({ bytes: SIZE });
    expect(performance.now() - began).toBeGreaterThan(2 * PATIENCE.bodyTimeout);
  });

  it('counts for nothing when its key was revoked meanwhile', async () => {
    const key = await makeKey(server.send, 'worker');
    const { socket, finish } = await begun(key.secret);
    await server.send('DELETE', `/api/keys/${key.id}`);
    finish();
    expect((await socket.answer()).status).toBe(401);
    expect(kept()).toEqual([]);
  });

  it('counts for nothing when another run has begun meanwhile', async () => {
    const { socket, finish } = await begun();
    await server.send('POST', `/api/tasks/${id}/release`, { body: { lease_id: lease } });
    await claim();
    finish();
    expect((await socket.answer()).error).toBe('lease_lost');
    expect(kept()).toEqual([]);
  });

  it('of which the server died goes at the next start', async () => {
    await put();
    const { socket } = await begun();
    expect(kept()).toHaveLength(2);
    await server.files.tidy();
    expect(kept()).toEqual([`${id}.jsonl.gz`]);
    socket.cut();
  });
});

describe('an attachment', () => {
  async function withFile(name: string, type: string | null, content = 'hello') {
    const file = await server.files.keep({ name, type, content: new Blob([content]).stream() });
    const task = await server.store.decide(
      server.tasks.submit({ description: 'with a file', attachments: [file] }),
    );
    return { id: task.id, path: (query = '') => `/api/tasks/${task.id}/attachment${query}` };
  }

  it('is told to its run, and given to it and to the owner', async () => {
    const task = await withFile('../résumé "1".txt', 'text/html; charset=utf-8');
    const { lease: held, run } = await claim(task.id);
    const told = { number: 1, name: 'résumé _1_.txt', type: 'text/html', bytes: 5 };
    expect(run?.attachments).toEqual([told]);
    for (const query of ['?number=1', `?number=1&lease_id=${held.lease_id}`, '']) {
      const { status, headers, bytes } = await get(task.path(query));
      expect([query, status, bytes.toString()]).toEqual([query, 200, 'hello']);
      expect(headers.get('content-type')).toBe('text/html');
      expect(headers.get('content-disposition')).toBe(
        "attachment; filename*=UTF-8''r%C3%A9sum%C3%A9%20_1_.txt",
      );
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    }
  });

  it('is for nobody else, and not there under another number', async () => {
    const task = await withFile('a.bin', null);
    const { lease: held } = await claim(task.id);
    const worker = await makeKey(server.send, 'worker', { instance_id: 'w-1' });
    const mine = `?number=1&lease_id=${held.lease_id}`;
    expect((await get(task.path(mine), worker.secret)).status).toBe(200);
    expect((await get(task.path('?number=1'), worker.secret)).status).toBe(403);
    expect((await get(task.path(`?lease_id=${lease}`), worker.secret)).status).toBe(409);
    expect((await get(task.path('?number=2'))).status).toBe(404);
    expect((await get(task.path('?number=0'))).status).toBe(400);
    expect((await get('/api/tasks/99/attachment')).status).toBe(404);
    await server.send('POST', `/api/tasks/${task.id}/cancel`);
    expect((await get(task.path(mine), worker.secret)).status).toBe(409);
  });

  it('that is too large leaves nothing', async () => {
    const content = new Blob([Buffer.alloc(LARGEST_ATTACHMENT_BYTES + 1)]).stream();
    await expect(server.files.keep({ name: 'a', type: null, content })).rejects.toThrow('10 MiB');
    expect(kept('attachments')).toEqual([]);
  });
});
