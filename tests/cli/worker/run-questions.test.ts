import { beforeEach, describe, expect, it } from 'vitest';
import type { QuestionView } from '../../../src/contract/question.ts';
import type { Answered, Question } from '../../../cli/worker/executor.ts';
import { createQuestions, type Questions } from '../../../cli/worker/run-questions.ts';
import { createManualClock, type ManualClock } from '../../support/worker/run-clock.ts';

const QUESTION: Question = {
  ...{ key: 'k', kind: 'permission', title: 'Run it?', detail: 'make', rule: null, call: null },
  options: [
    { id: 'allow_once', label: 'Allow once' },
    { id: 'deny', label: 'Deny' },
  ],
};
const VIEW: QuestionView = {
  ...{ id: 7, task_id: 5, kind: 'permission', title: 'Run it?', detail: 'make', options: [], status: 'open' },
  ...{ asked_at: '2026-03-01T12:00:00Z', answered_at: null, answered_by: null, answer: null },
};
const ANSWERED = {
  question: { ...VIEW, status: 'answered', answered_by: 'ada', answer: { option: 'deny', text: null } },
  ...{ key: 'k', rule: null, call: null },
};

let clock: ManualClock;
let questions: Questions;
/** What the server is told each time that something changes. */
let told: { waiting: number[]; heard: number[]; left: number[] }[];

beforeEach(() => {
  clock = createManualClock();
  told = [];
  questions = createQuestions({
    clock,
    holdMs: 60_000,
    redact: (text) => text,
    post: () => Promise.resolve(VIEW),
    changed: () => {
      told.push({ waiting: questions.waiting(), heard: questions.heard(), left: questions.left() });
    },
  });
});

async function ask(leaving?: AbortSignal): Promise<{ answer: Promise<Answered | null> }> {
  const answer = questions.ask(QUESTION, leaving);
  await clock.pass(0);
  return { answer };
}

describe('a question of a run', () => {
  it('whose answer the run goes on with is named as heard', async () => {
    const { answer } = await ask();
    questions.hear([ANSWERED]);
    expect(await answer).toEqual({ option: 'deny', text: null, by: 'ada' });
    expect(told.at(-1)).toEqual({ waiting: [], heard: [], left: [] });
    questions.took(['k']);
    expect(told.at(-1)).toEqual({ waiting: [], heard: [7], left: [] });
  });

  it('whose answer comes when the patience is over is not', async () => {
    const { answer } = await ask();
    await clock.pass(60_000);
    questions.hear([ANSWERED]);
    expect(await answer).toBeNull();
    expect(told.at(-1)).toEqual({ waiting: [], heard: [], left: [] });
  });

  it('that the run goes on without is named as left behind', async () => {
    const leaving = new AbortController();
    const { answer } = await ask(leaving.signal);
    leaving.abort();
    expect(await answer).toBeNull();
    expect(told.at(-1)).toEqual({ waiting: [], heard: [], left: [7] });
  });

  it('stays open where the run is at its end', async () => {
    const leaving = new AbortController();
    const { answer } = await ask(leaving.signal);
    questions.giveUp();
    leaving.abort();
    expect(await answer).toBeNull();
    expect(told.at(-1)).toEqual({ waiting: [], heard: [], left: [] });
  });
});
