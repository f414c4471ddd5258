import { describe, expect, it } from 'vitest';
import { ClientError } from '../../../cli/errors.ts';
import { createRunFiles } from '../../../cli/worker/run-files.ts';
import { FOR_EVER } from '../../../cli/worker/worker-api.ts';

function filesThat(send: () => Promise<unknown>) {
  return createRunFiles({
    config: { apiUrl: 'http://127.0.0.1:1', apiKey: 'k' } as never,
    transport: { send: send as never, close() {} },
    pace: { now: () => 0, random: () => 0, sleep: () => Promise.resolve() },
  });
}

describe('the files of a run', () => {
  it('are asked for until they come, where the server is away for a while', async () => {
    let tries = 0;
    const files = filesThat(() => {
      tries += 1;
      if (tries < 20)
        return Promise.reject(new ClientError('unreachable', 'Nobody is there.', { isTransient: true }));
      return Promise.resolve({ status: 200, headers: {}, bytes: Buffer.from('x'), text: 'x' });
    });
    const at = { taskId: 5, leaseId: 'l', signal: new AbortController().signal, patience: FOR_EVER };
    expect((await files.transcript(at)).toString()).toBe('x');
    expect(tries).toBe(20);
  });
});
