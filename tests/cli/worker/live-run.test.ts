import { beforeEach, describe, expect, it } from 'vitest';
import type { Claim } from '../../../cli/worker/claim.ts';
import { openRun, type LiveRun } from '../../../cli/worker/live-run.ts';
import type { WatchedRun } from '../../../cli/worker/signal-listener.ts';
import type { Kit } from '../../../cli/worker/worker-kit.ts';
import { createRunsOfTasks } from '../../../cli/worker/runs-of-tasks.ts';
import { createManualClock, type ManualClock } from '../../support/worker/run-clock.ts';
import { projectSettings } from '../../support/worker/run-world.ts';

const CLAIM = {
  task: { id: 7 },
  lease: { lease_id: 'lease-of-seven', heartbeat_seconds: 60 },
  run: { number: 1, replies: [], replies_after: 0 },
} as unknown as Claim;

const QUESTION = {
  key: 'budget-1',
  kind: 'choice',
  title: 'The budget of 2 turns is used up',
  detail: '',
  options: [{ id: 'more', label: 'The same again' }],
} as const;

describe('what a run tells and asks while it lives', () => {
  let clock: ManualClock;
  let calls: string[];
  let answered: () => void;
  let gate: Promise<void>;
  let kit: Kit;
  let known: WatchedRun['known'] | undefined;
  let run: LiveRun;

  beforeEach(() => {
    clock = createManualClock();
    calls = [];
    gate = Promise.resolve();
    const api: Partial<Kit['api']> = {
      async postMessages(_id, { first, messages }) {
        calls.push(`messages ${messages.map(({ text }) => text).join(', ')}`);
        await gate;
        return { next: first + messages.length };
      },
      askQuestion(_id, { title }) {
        calls.push(`question ${title}`);
        return Promise.reject(new Error('not needed here'));
      },
    };
    kit = {
      api,
      clock,
      runsOfTasks: createRunsOfTasks(clock),
      settings: { holdMs: 60_000 },
      redact: (text: string) => text,
      keeper: { hold: () => ({ fence: () => Promise.resolve('held'), lost() {}, letGo() {} }) },
      listener: { watch: (one: WatchedRun) => ((known = one.known), () => {}), renew() {} },
      log: { info() {}, warn() {} },
    } as unknown as Kit;
    run = openRun(CLAIM, projectSettings(), kit);
  });

  it('a reply that came with the claim counts as heard once the run says so, not before', () => {
    const replies = [{ number: 3, text: 'More.', author: 'ada', now: false }];
    const claim = { ...CLAIM, run: { ...CLAIM.run, replies_after: 2, replies } };
    run = openRun(claim, projectSettings(), kit);
    expect(run.watcher.lastReply()).toBe(2);
    expect(known?.().repliesAfter).toBe(3);
    run.watcher.tookIn(3);
    expect(run.watcher.lastReply()).toBe(3);
  });

  it('a question comes after the words before it, also those that are still gathered', async () => {
    run.poster.add({ kind: 'text', text: 'Before.' });
    await run.questions.put(QUESTION);
    expect(calls).toEqual(['messages Before.', `question ${QUESTION.title}`]);
  });

  it('and after those that are on their way', async () => {
    gate = new Promise((resolve) => (answered = resolve));
    run.poster.add({ kind: 'text', text: 'On its way.' });
    await clock.pass(1000);
    run.poster.add({ kind: 'text', text: 'Behind it.' });
    const put = run.questions.put(QUESTION);
    await clock.pass(1000);
    expect(calls).toEqual(['messages On its way.']);
    answered();
    await put;
    expect(calls.slice(1)).toEqual(['messages Behind it.', `question ${QUESTION.title}`]);
  });
});
