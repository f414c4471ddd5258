import { describe, expect, it } from 'vitest';
import { endingOf, type Seen } from '../../../cli/worker/claude-ending.ts';

const NOTHING: Seen = {
  ...{ cause: null, result: null, trouble: null, spent: null },
  ...{ hasBegun: true, isNamed: false, error: '' },
};
const TOO_MANY = {
  type: 'result',
  subtype: 'error_max_turns',
  is_error: true,
  errors: ['Reached maximum number of turns (3)'],
} as const;

describe('how a session of Claude Code ended', () => {
  it('at the turns that one run may take: for good, with what the program said', () => {
    expect(endingOf({ ...NOTHING, result: TOO_MANY })).toEqual({
      kind: 'refused',
      detail: expect.stringMatching(/max_turns_per_run.*Reached maximum number of turns \(3\)/) as string,
    });
  });

  it('at the turns of the budget, whatever the program says of it: parked', () => {
    expect(endingOf({ ...NOTHING, spent: 'turns', result: TOO_MANY })).toEqual({
      kind: 'budget',
      which: 'turns',
    });
  });

  it('without a result, while the service refused: that refusal', () => {
    const trouble = { kind: 'overload', detail: '529: Overloaded' } as const;
    expect(endingOf({ ...NOTHING, trouble, error: 'exit code 1' })).toEqual(trouble);
  });

  it('that never began: by the machine; that began and says so in its last words: as a crash', () => {
    const error = 'spawn claude EACCES';
    expect(endingOf({ ...NOTHING, hasBegun: false, error })).toEqual({
      ...{ kind: 'fault', fault: 'binary', detail: `Claude Code does not start: ${error}` },
    });
    const printed = 'Error: ENOENT: no such file or directory, open "config.json"';
    expect(endingOf({ ...NOTHING, error: printed })).toEqual({ kind: 'crashed', detail: printed });
  });

  it('at a model that nobody knows: for good where the task named it, by the machine where the project did', () => {
    const trouble = { kind: 'model', detail: '404: model: claude-x' } as const;
    const result = { type: 'result', subtype: 'success', is_error: true } as const;
    expect(endingOf({ ...NOTHING, result, trouble })).toMatchObject({ kind: 'fault', fault: 'model' });
    expect(endingOf({ ...NOTHING, result, trouble, isNamed: true })).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('404: model: claude-x') as string,
    });
  });

  it('at a conversation that is too long: failed, and not to be gone on with', () => {
    const trouble = { kind: 'length', detail: '400: prompt is too long' } as const;
    const result = { type: 'result', subtype: 'success', is_error: true } as const;
    expect(endingOf({ ...NOTHING, result, trouble })).toMatchObject({ kind: 'failed', isSessionOver: true });
  });

  it('without a result, and nobody knows why: as a crash', () => {
    expect(endingOf({ ...NOTHING, error: 'killed by SIGKILL' })).toEqual({
      kind: 'crashed',
      detail: 'killed by SIGKILL',
    });
  });
});
