import { describe, expect, it } from 'vitest';
import { createInput } from '../../../cli/worker/claude-input.ts';

describe('what people say to a session', () => {
  it('has reached the model with the prompt once the model has answered, and is told once', () => {
    const taken: number[] = [];
    const input = createInput({ prompt: 'Go on', replies: [2, 3] }, (number) => taken.push(number));
    expect(taken).toEqual([]);
    input.answered();
    input.answered();
    expect(taken).toEqual([2, 3]);
  });
});
