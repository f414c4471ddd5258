import { beforeEach, describe, expect, it } from 'vitest';
import { AskQuestion } from '../../../src/contract/question.ts';
import { ClientError } from '../../../cli/errors.ts';
import type { Question } from '../../../cli/worker/executor.ts';
import { createQuestions, type Questions } from '../../../cli/worker/run-questions.ts';
import { createManualClock, type ManualClock } from '../../support/worker/run-clock.ts';

const QUESTION: Question = {
  key: 'key-1',
  kind: 'permission',
  title: 'Bash: npm test',
  detail: 'npm test',
  options: [{ id: 'deny', label: 'Deny' }],
  rule: 'Bash(npm test)',
  call: { tool: 'Bash', input: { command: 'npm test' } },
};

describe('a question of a run', () => {
  let clock: ManualClock;
  let questions: Questions;
  let posted: Omit<AskQuestion, 'lease_id'>[];
  let error: Error | null;

  beforeEach(() => {
    clock = createManualClock();
    posted = [];
    error = null;
    questions = createQuestions({
      clock,
      holdMs: 60_000,
      changed() {},
      redact: (text) => text.replaceAll('secret-word', '[redacted]'),
      post(body) {
        posted.push(body);
        const view = { id: 1, status: 'open', answer: null, answered_by: null } as never;
        return error === null ? Promise.resolve(view) : Promise.reject(error);
      },
    });
  });

  const askedWith = async (more: Partial<Question>) => {
    await questions.put({ ...QUESTION, ...more });
    void questions.ask({ ...QUESTION, ...more });
    await clock.pass(0);
    return posted.at(-1);
  };

  it('is told apart when it was not taken, and when nobody answered', async () => {
    const asked = questions.ask(QUESTION);
    await clock.pass(60_000);
    expect(await asked).toBe(null);
    error = new ClientError('limit_reached', 'Too many questions are open.', { status: 409 });
    await expect(questions.ask(QUESTION)).rejects.toBe(error);
    expect(await questions.put(QUESTION)).toBe(false);
  });

  it('holds no secret: neither its buttons, nor the rule, nor the call', async () => {
    const told = await askedWith({
      title: 'Bash: curl secret-word',
      options: [{ id: '1', label: 'Use secret-word' }],
      rule: 'Bash(curl secret-word)',
      call: { tool: 'Bash', input: { command: 'curl secret-word' } },
    });
    expect(JSON.stringify(posted)).not.toContain('secret-word');
    expect(told).toMatchObject({ rule: null, call: null, options: [{ id: '1', label: 'Use [redacted]' }] });
  });

  it('is taken whatever a command printed', async () => {
    const half = '\ud83d';
    const told = await askedWith({
      key: `k${half}`,
      title: `${'x'.repeat(198)}\ud83d\ude00 and more`,
      detail: `a\u0000b${half}`,
      options: [{ id: '1', label: `\u0000${half}` }],
      rule: `Bash(${half})`,
      call: { tool: 'Bash', input: { command: half } },
    });
    expect(AskQuestion.safeParse({ lease_id: 'lease-1', ...told }).error).toBeUndefined();
    expect(told).toMatchObject({ detail: 'a\u2400b\ufffd', title: `${'x'.repeat(198)}…` });
  });
});
