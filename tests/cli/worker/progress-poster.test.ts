import { beforeEach, describe, expect, it } from 'vitest';
import { ClientError } from '../../../cli/errors.ts';
import { createPoster, type Batch, type Poster } from '../../../cli/worker/progress-poster.ts';
import { createManualClock, type ManualClock } from '../../support/worker/run-clock.ts';

const TOTALS = {
  cost_usd: 0.5,
  cost_estimated: false,
  input_tokens: 1,
  output_tokens: 2,
  turns: 3,
  duration_seconds: 4,
};

describe('what a run tells', () => {
  let clock: ManualClock;
  let batches: Batch[];
  let refused: unknown[];
  /** Thrown by the next calls, one each. */
  let errors: Error[];
  let poster: Poster;
  /** While it is set, nothing is answered. */
  let gate: Promise<void>;

  beforeEach(() => {
    clock = createManualClock();
    batches = [];
    refused = [];
    errors = [];
    gate = Promise.resolve();
    poster = createPoster({
      clock,
      totals: () => TOTALS,
      redact: (text) => text.replaceAll('secret-word', '[redacted]'),
      refused: (error) => refused.push(error),
      async send(batch) {
        batches.push(batch);
        await gate;
        const error = errors.shift();
        if (error !== undefined) throw error;
        return { next: batch.first + batch.messages.length };
      },
    });
  });

  const say = (...texts: string[]) => {
    for (const text of texts) poster.add({ kind: 'text', text });
  };
  const told = () => batches.map(({ first, messages }) => [first, ...messages.map(({ text }) => text)]);

  it('goes out together, numbered from 1, with the totals', async () => {
    say('one', 'two');
    await clock.pass(1000);
    say('three');
    await clock.pass(1000);
    expect(told()).toEqual([
      [1, 'one', 'two'],
      [3, 'three'],
    ]);
    expect(batches[0]).toMatchObject({ totals: TOTALS });
    expect(batches[0]?.messages[0]).toMatchObject({ at: '2026-03-01T12:00:00.000Z' });
  });

  it('waits for the answer before the next batch', async () => {
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    say('one');
    await clock.pass(1000);
    say('two', 'three');
    await clock.pass(1000);
    expect(batches).toHaveLength(1);
    open();
    await clock.pass(1000);
    expect(told()).toEqual([
      [1, 'one'],
      [2, 'two', 'three'],
    ]);
  });

  it('goes on where the server says that it is', async () => {
    errors = [new ClientError('invalid_transition', 'next', { details: { expected: 2, first: 1 } })];
    say('one', 'two');
    await clock.pass(1000);
    expect(told()).toEqual([
      [1, 'one', 'two'],
      [2, 'two'],
    ]);
    expect(refused).toEqual([]);
  });

  it('stops when the lease is over, and keeps what was not confirmed', async () => {
    say('one');
    await clock.pass(1000);
    errors = [new ClientError('lease_lost', 'gone', { status: 409 })];
    say('two', 'three');
    await clock.pass(1000);
    say('four');
    await clock.pass(10_000);
    expect(batches).toHaveLength(2);
    expect(refused).toMatchObject([{ code: 'lease_lost' }]);
    const unsent = poster.unsent();
    expect([unsent.first, ...unsent.messages.map(({ text }) => text)]).toEqual([2, 'two', 'three', 'four']);
    await poster.flush();
  });

  it('sends without its texts what the server calls bad, once, and goes on', async () => {
    errors = [new ClientError('invalid_input', 'text must be ...', { status: 400 })];
    say('one');
    await clock.pass(1000);
    say('two');
    await clock.pass(1000);
    expect(told().slice(1)).toEqual([
      [1, '[a message that the server did not take]'],
      [2, 'two'],
    ]);
    errors = [400, 400].map((status) => new ClientError('invalid_input', 'no', { status }));
    say('three');
    await clock.pass(1000);
    expect(refused).toHaveLength(1);
  });

  it.each([
    [
      'something on the way goes on refusing',
      new ClientError('http_403', 'no', { status: 403, isForeign: true }),
    ],
    ['is refused before it is sent', new ClientError('invalid_input', 'activity must ...')],
  ])('goes on after a batch that %s', async (_what, error) => {
    errors = [error];
    say('one');
    await clock.pass(1000);
    say('two');
    await clock.pass(1000);
    expect(told().at(-1)).toEqual([2, 'two']);
    expect(refused).toEqual([]);
  });

  it('holds no secret, whoever said it', async () => {
    poster.add({ kind: 'notice', text: 'Setup: login --token secret-word' });
    await poster.flush();
    expect(told()).toEqual([[1, 'Setup: login --token [redacted]']]);
  });

  it('fits into a request, and holds nothing that would be refused', async () => {
    say('x\u0000y \ud800', 'z'.repeat(20_000), ...Array.from({ length: 30 }, () => '\u0001'.repeat(15_000)));
    await poster.flush();
    expect(batches[0]?.messages[0]?.text).toBe('x\u2400y \ufffd');
    expect(batches[0]?.messages[1]?.text).toMatch(/^z{15900,15999}\n\[\d+ more characters left out\]$/);
    for (const batch of batches) expect(Buffer.byteLength(JSON.stringify(batch))).toBeLessThan(256 * 1024);
    expect(batches.flatMap(({ messages }) => messages)).toHaveLength(32);
  });

  it('tells the newest standing with the next batch, and again when that one failed', async () => {
    errors = [new ClientError('invalid_transition', 'next', { details: { expected: 2 } })];
    say('one');
    poster.set({ session_id: 'a', activity: null });
    poster.set({ session_id: 'b' });
    await clock.pass(1000);
    expect(batches.map(({ session_id, activity }) => ({ session_id, activity }))).toEqual([
      { session_id: 'b', activity: null },
      { session_id: 'b', activity: null },
    ]);
  });

  it('tells totals without messages, but not at once', async () => {
    poster.touch();
    await clock.pass(1000);
    expect(batches).toEqual([]);
    await clock.pass(5000);
    expect(batches).toMatchObject([{ first: 1, messages: [] }]);
  });
});
