import { describe, expect, it } from 'vitest';
import type { AskSignals } from '../../../src/contract/run.ts';
import { fetchEarlierReplies } from '../../../cli/worker/earlier-replies.ts';
import { ClientError } from '../../../cli/errors.ts';
import { retry } from '../../../cli/retry.ts';
import type { LiveRun } from '../../../cli/worker/live-run.ts';
import type { Reach } from '../../../cli/worker/worker-api.ts';

const replyOf = (number: number) => ({ number, text: `reply ${number}`, author: 'ada', now: false });

function runWith(repliesAfter: number, answer: (reach: Reach) => Promise<unknown>) {
  const asked: AskSignals[] = [];
  const notices: string[] = [];
  const run = {
    claim: { lease: { lease_id: 'lease-of-seven' }, run: { replies_after: repliesAfter } },
    stopper: { signal: new AbortController().signal },
    poster: { add: ({ text }: { text: string }) => notices.push(text) },
    kit: {
      settings: { name: 'lab' },
      api: { signals: (body: AskSignals, reach: Reach) => (asked.push(body), answer(reach)) },
    },
  } as unknown as LiveRun;
  return { run, asked, notices };
}

const answered = (...numbers: number[]) =>
  Promise.resolve({ runs: [{ replies: numbers.map(replyOf), answers: [] }] });

describe('what people said before a claim', () => {
  it('is fetched from the first reply to the last that a run has taken in', async () => {
    const { run, asked } = runWith(2, () => answered(1, 2, 3));
    expect(await fetchEarlierReplies(run)).toEqual([replyOf(1), replyOf(2)]);
    expect(asked).toEqual([
      {
        instance_id: 'lab',
        wait_seconds: 0,
        runs: [{ lease_id: 'lease-of-seven', replies_after: 0, questions: [] }],
      },
    ]);
  });

  it('is not asked for where there is none', async () => {
    const { run, asked } = runWith(0, () => answered());
    expect(await fetchEarlierReplies(run)).toEqual([]);
    expect(asked).toEqual([]);
  });

  it('is missed where it is refused, and the log of the run says so', async () => {
    const { run, notices } = runWith(1, () => Promise.reject(new Error('no')));
    expect(await fetchEarlierReplies(run)).toEqual([]);
    expect(notices).toEqual(['The earlier replies could not be fetched: no']);
  });

  it('is missed where the server goes on failing', async () => {
    let nowMs = 0;
    const pace = {
      now: () => nowMs,
      random: () => 0.5,
      sleep: (ms: number) => ((nowMs += ms), Promise.resolve()),
    };
    const fault = new ClientError('internal', 'broken', { status: 500, isTransient: true, isAnswer: true });
    const { run, notices } = runWith(1, ({ patience }) =>
      retry(() => (nowMs > 3_600_000 ? answered(1) : Promise.reject(fault)), pace, patience),
    );
    expect(await fetchEarlierReplies(run)).toEqual([]);
    expect(notices).toEqual(['The earlier replies could not be fetched: broken']);
  });
});
