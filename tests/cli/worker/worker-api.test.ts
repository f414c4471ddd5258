/** Calls of a worker past something on the way that answers in the place of the server while that is restarted. */
import type http from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCall } from '../../../cli/call.ts';
import { createTransport } from '../../../cli/http.ts';
import { createWorkerApi, FOR_EVER, type WorkerApi } from '../../../cli/worker/worker-api.ts';
import { refusal, startCliServer, type Answer, type CliServer } from '../../support/cli-server.ts';

const RELEASE = { instance_id: 'lab', lease_id: 'lease-1', cause: { kind: 'stopping' } } as const;

const page = (status: number, headers: http.OutgoingHttpHeaders = {}): Answer => ({
  raw: (response) => {
    response.writeHead(status, { 'content-type': 'text/html', ...headers }).end('<html>one moment</html>');
  },
});

describe('a call that is made until it is answered', () => {
  let server: CliServer;
  let answers: Answer[];
  let api: WorkerApi;
  let sleep: (ms: number) => Promise<void>;
  const transport = createTransport();

  beforeEach(async () => {
    answers = [];
    sleep = () => Promise.resolve();
    server = await startCliServer(() => answers.shift() ?? refusal(409, 'lease_lost'));
    api = createWorkerApi((signal, patience) =>
      createCall({
        config: { apiUrl: server.url, apiKey: 'k', instanceId: 'lab', instanceName: 'lab' },
        transport,
        pending: { open: () => ({ key: 'k', body: '', done: () => {} }) },
        pace: { now: () => 0, random: () => 0.5, sleep: (ms) => sleep(ms) },
        signal,
        patience,
        newKey: () => 'key',
      }),
    );
  });

  afterEach(() => server.close());

  const release = (patience?: typeof FOR_EVER) =>
    api.release(5, RELEASE, { signal: new AbortController().signal, ...(patience && { patience }) });

  it.each([
    ['a page that says that there is nothing', page(404)],
    ['a redirection', page(302, { location: 'https://login.example.org/' })],
    ['a page with 200', page(200)],
    ['a wall that wants another key', page(401)],
    ['a wall that lets nobody through', page(403)],
    ['no HTTP at all', { raw: (response) => response.socket?.end('what?\r\n\r\n') } satisfies Answer],
  ])('takes %s for no answer', async (_what, answer) => {
    answers = [answer, answer, answer];
    await expect(release(FOR_EVER)).rejects.toMatchObject({ code: 'lease_lost' });
    expect(server.seen).toHaveLength(4);
    answers = [answer];
    await expect(release()).rejects.toMatchObject({ facts: { isForeign: true } });
  });

  it('takes the word of the server for one', async () => {
    answers = [refusal(404, 'not_found')];
    await expect(release(FOR_EVER)).rejects.toMatchObject({ code: 'not_found' });
    expect(server.seen).toHaveLength(1);
  });

  it('is given up at once, though it was asked to wait for an hour', async () => {
    const over = new AbortController();
    answers = [page(503, { 'retry-after': '3600' })];
    sleep = () => {
      over.abort();
      return new Promise(() => {});
    };
    const reach = { signal: over.signal, patience: FOR_EVER };
    await expect(api.release(5, RELEASE, reach)).rejects.toMatchObject({ code: 'interrupted' });
    expect(server.seen).toHaveLength(1);
  });
});
