import { describe, expect, it } from 'vitest';
import { markOf, promptOf, type PromptParts } from '../../../cli/worker/run-prompt.ts';

const PARTS: PromptParts = {
  task: { description: 'Read the plan', attempt: 1, error: null },
  run: { answers: [], replies: [], summary: null } as unknown as PromptParts['run'],
  isResumed: false,
  attachments: ['/runs/1-1/attachments/1-plan.md'],
  isRestored: false,
};
const reply = { number: 1, author: 'Alice', text: 'Go on', now: false };

describe('what a run is told first', () => {
  it('the task and where its files lie', () => {
    expect(promptOf(PARTS)).toBe(
      'Read the plan\n\nFiles that came with the task:\n- /runs/1-1/attachments/1-plan.md',
    );
  });

  it('a session that goes on is told where the files lie now, since each run has its own folder', () => {
    const attachments = ['/runs/1-2/attachments/1-plan.md'];
    const run = { ...PARTS.run, replies: [reply] };
    expect(promptOf({ ...PARTS, run, attachments, isResumed: true })).toBe(
      'Reply from Alice:\nGo on\n\nThe files that came with the task lie here now:\n- /runs/1-2/attachments/1-plan.md',
    );
  });

  it('replies that are part of the text already are not told twice', () => {
    const description = 'Read the plan\n\nAlice: Go on';
    const inText = { ...reply, is_in_text: true };
    const run = { ...PARTS.run, replies: [inText, { ...reply, number: 2 }] };
    const parts = { ...PARTS, task: { ...PARTS.task, description }, run, attachments: [] };
    // The second is another one, whatever its words are.
    expect(promptOf(parts)).toBe(`${description}\n\nReply from Alice:\nGo on`);
  });

  it('a session that goes on is told each new reply, whatever the text of the task has already', () => {
    const description = 'Read the plan\n\nAlice: Go on';
    const run = { ...PARTS.run, replies: [reply, { ...reply, number: 2, is_in_text: true }] };
    const parts = { ...PARTS, task: { ...PARTS.task, description }, run, attachments: [], isResumed: true };
    expect(promptOf(parts)).toBe('Reply from Alice:\nGo on\n\nReply from Alice:\nGo on');
  });

  it('a session that goes on is told the text of the task where that was changed since', () => {
    const told = (text: string | null) =>
      promptOf({
        ...PARTS,
        run: { ...PARTS.run, replies: [reply], session_text: text },
        ...{ attachments: [], isResumed: true },
      });
    expect(told(markOf('Read the plan'))).toBe('Reply from Alice:\nGo on');
    expect(told(markOf('Read the old plan'))).toBe(
      'The text of the task was changed since you were told it. It reads now:\nRead the plan\n\nReply from Alice:\nGo on',
    );
    // Nobody knows what it was told.
    expect(told(null)).toBe('The text of the task reads now:\nRead the plan\n\nReply from Alice:\nGo on');
  });

  it('a session that was given more of its budget did not ask for it, and goes on', () => {
    const question = {
      ...{ id: 1, task_id: 1, kind: 'choice', detail: 'Go on with 4 turns more?', status: 'answered' },
      ...{ title: 'The budget of 4 turns is used up', asked_at: '', answered_at: '', answered_by: 'Alice' },
      options: [{ id: 'more', label: 'The same again' }],
      answer: { option: 'more', text: null },
    };
    const run = { ...PARTS.run, answers: [{ question, key: 'budget-1', rule: null, call: null }] };
    expect(promptOf({ ...PARTS, run, attachments: [], isResumed: true })).toBe(
      'The run before this one was stopped: The budget of 4 turns is used up. Alice has given more of it. Go on where it stopped.',
    );
  });

  it('a session that was interrupted goes on', () => {
    expect(promptOf({ ...PARTS, attachments: [], isResumed: true })).toBe(
      'Go on where you stopped: the run before this one was interrupted.',
    );
  });
});
