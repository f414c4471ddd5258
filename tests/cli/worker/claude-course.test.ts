import { describe, expect, it } from 'vitest';
import { onResult, type Session } from '../../../cli/worker/claude-course.ts';
import { endingOf } from '../../../cli/worker/claude-ending.ts';

describe('a session that goes on with a reply', () => {
  it('and dies in the turn of it has crashed, however well the turn before it ended', () => {
    let isAnswered = false;
    const input = { isWaiting: () => true, answered: () => (isAnswered = true) };
    const session = { input, cause: null, result: null, trouble: null };
    onResult(session as unknown as Session, { type: 'result', subtype: 'success', result: 'Half of it.' });
    expect(isAnswered).toBe(true);
    expect(
      endingOf({ ...session, spent: null, hasBegun: true, isNamed: false, error: 'exited with code 137' }),
    ).toEqual({
      kind: 'crashed',
      detail: 'exited with code 137',
    });
  });
});
