import { describe, expect, it } from 'vitest';
import { promptOf, type PromptParts } from '../../../cli/worker/run-prompt.ts';

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
    const run = { ...PARTS.run, replies: [reply, { ...reply, number: 2, text: 'Go' }] };
    expect(promptOf({ ...PARTS, task: { ...PARTS.task, description }, run, attachments: [] })).toBe(
      `${description}\n\nReply from Alice:\nGo`,
    );
  });

  it('a session that was interrupted goes on', () => {
    expect(promptOf({ ...PARTS, attachments: [], isResumed: true })).toBe(
      'Go on where you stopped: the run before this one was interrupted.',
    );
  });
});
