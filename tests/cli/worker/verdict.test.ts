import { describe, expect, it } from 'vitest';
import type { Ending } from '../../../cli/worker/executor.ts';
import { GitError } from '../../../cli/worker/git-fault.ts';
import type { StopCause } from '../../../cli/worker/stop-cause.ts';
import {
  afterDelivery,
  brokenVerdict,
  gitVerdict,
  isDelivered,
  verdictOf,
} from '../../../cli/worker/verdict.ts';

const until = new Date('2026-03-01T13:00:00Z');
const DONE: Ending = { kind: 'done', summary: 'It is done.' };

describe('why a run ended', () => {
  it.each<[Ending, object]>([
    [DONE, { kind: 'complete', outcome: 'done', summary: 'It is done.' }],
    [{ kind: 'parked' }, { kind: 'answer' }],
    [
      { kind: 'budget', which: 'tokens' },
      { kind: 'budget', which: 'tokens' },
    ],
    [
      { kind: 'quota', until, detail: '429' },
      { kind: 'quota', until, reason: '429' },
    ],
    [
      { kind: 'overload', detail: '529' },
      { kind: 'overload', reason: '529' },
    ],
    [
      { kind: 'failed', detail: 'exit 1' },
      { kind: 'fail', error: 'exit 1', isFinal: false },
    ],
    [
      { kind: 'crashed', detail: 'SIGSEGV' },
      { kind: 'fail', error: 'SIGSEGV', isFinal: false },
    ],
    [
      { kind: 'refused', detail: 'no' },
      { kind: 'fail', error: 'no', isFinal: true },
    ],
    [
      { kind: 'fault', fault: 'key', detail: '401' },
      { kind: 'fault', fault: 'key', reason: '401' },
    ],
  ])('%j is %j', (ending, verdict) => {
    expect(verdictOf(null, ending)).toEqual(verdict);
  });

  it.each<[StopCause, Ending, object]>([
    [{ kind: 'lost', reason: 'cancelled' }, { kind: 'stopped' }, { kind: 'gone', reason: 'cancelled' }],
    // Nothing that a run says counts once its lease is over.
    [{ kind: 'lost', reason: 'expired' }, DONE, { kind: 'gone', reason: 'expired' }],
    [{ kind: 'minutes' }, { kind: 'stopped' }, { kind: 'budget', which: 'minutes' }],
    [{ kind: 'leaving' }, { kind: 'stopped' }, { kind: 'stopping' }],
    // It was through by itself before it could be stopped.
    [{ kind: 'leaving' }, DONE, { kind: 'complete', outcome: 'done', summary: 'It is done.' }],
  ])('stopped for %j, it is judged by that: %j', (cause, ending, verdict) => {
    expect(verdictOf(cause, ending)).toEqual(verdict);
  });

  it('delivers what has ended, and saves what goes on later', () => {
    expect(isDelivered(verdictOf(null, DONE))).toBe(true);
    expect(isDelivered(verdictOf(null, { kind: 'failed', detail: '' }))).toBe(true);
    expect(isDelivered(verdictOf({ kind: 'lost', reason: 'x' }, { kind: 'stopped' }))).toBe(true);
    expect(isDelivered(verdictOf(null, { kind: 'budget', which: 'turns' }))).toBe(true);
    for (const ending of [
      { kind: 'parked' },
      { kind: 'stopped' },
      { kind: 'overload', detail: '' },
    ] as const) {
      expect(isDelivered(verdictOf(null, ending))).toBe(false);
    }
  });

  it('is not done while the push is refused, and failed all the same', () => {
    const refused = new GitError('rejected', 'The repository did not take the push.');
    const done = verdictOf(null, DONE);
    const failed = verdictOf(null, { kind: 'failed', detail: 'exit 1' });
    expect(afterDelivery(done, refused)).toMatchObject({ kind: 'fault', fault: 'push' });
    expect(afterDelivery(done, null)).toBe(done);
    expect(afterDelivery(failed, refused)).toBe(failed);
  });

  it.each([
    ['disk', 'push', 'disk'],
    ['unreachable', 'push', 'repository'],
    ['refused', 'push', 'push'],
    ['refused', 'repository', 'repository'],
  ] as const)('git that fails with %s at the %s is a fault of the %s', (kind, doing, fault) => {
    expect(gitVerdict(new GitError(kind, 'why'), doing)).toMatchObject({
      kind: 'fault',
      fault,
      reason: 'why',
    });
  });

  it('is a fault of the machine where its disk is full, and of the attempt for anything else', () => {
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    expect(brokenVerdict(full)).toEqual({ kind: 'fault', fault: 'disk', reason: 'no space left' });
    expect(brokenVerdict(new Error('odd'))).toEqual({ kind: 'fail', error: 'odd', isFinal: false });
  });
});
