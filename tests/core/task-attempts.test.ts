/** Every way an attempt begins and ends: what each sets, what it clears, and the one event it makes. */
import { describe, expect, it } from 'vitest';
import { claim, complete, expire, fail, release, undoClaim } from '../../src/core/task-attempts.ts';
import type { Act, Task, TaskChange } from '../../src/core/task.ts';
import {
  aFinishedTask,
  aLiveLease,
  aRunningTask,
  aTask,
  minutesAfterNoon,
  NOON,
} from '../support/builders.ts';

const now = minutesAfterNoon(31);
const byMac: Act = { actor: 'instance:mac', keyId: 'k7', now };
const again = { error: 'no disk', retry: true, retryInMs: 0 };
const forGood = { error: 'no disk', retry: false, retryInMs: 0 };
const claimant = {
  instanceId: 'nas',
  instanceName: 'NAS',
  leaseId: 'lease-2',
  leaseMs: 600_000,
  keyId: 'k8',
};

/** What every way back into the queue clears. */
const BACK_IN_QUEUE = {
  status: 'pending',
  instanceId: null,
  instanceName: null,
  lease: null,
  claimedAt: null,
  completedAt: null,
  notBefore: null,
  updatedAt: now,
} as const;

/** What every end sets and keeps. */
const ENDED = {
  instanceId: 'mac',
  instanceName: 'MacBook-Claude',
  lease: null,
  claimedAt: minutesAfterNoon(1),
  completedAt: now,
  notBefore: null,
  updatedAt: now,
} as const;

describe('a claim', () => {
  it('gives the task a holder, a lease and its next attempt, and keeps everything else', () => {
    const task = aTask({ error: 'the try before', notes: 'half done', attempt: 1, notBefore: NOON });
    const made = claim(task, claimant, now);
    expect(made.after).toEqual({
      ...task,
      status: 'in_progress',
      instanceId: 'nas',
      instanceName: 'NAS',
      lease: { leaseId: 'lease-2', lengthMs: 600_000, expiresAt: minutesAfterNoon(41) },
      attempt: 2,
      claimedAt: now,
      notBefore: null,
      updatedAt: now,
    });
    expect(made.before).toBe(task);
    expect(made.leaseEnd).toBeUndefined();
    expect(made.leaseStart).toEqual({
      leaseId: 'lease-2',
      taskId: 5,
      instanceId: 'nas',
      attempt: 2,
      lengthMs: 600_000,
      claimedAt: now,
      endedAt: null,
      endedBy: null,
      outcome: null,
    });
  });

  it('is told with the holder and the attempt', () => {
    const task = aTask({ submittedBy: '@ada', createdBy: 'discord:7' });
    expect(claim(task, claimant, now).event).toEqual({
      taskId: 5,
      action: 'claimed',
      actor: 'instance:nas',
      keyId: 'k8',
      instanceId: 'nas',
      timestamp: now,
      details: {
        title: 'Deploy new monitoring stack',
        submitted_by: '@ada',
        submitter: 'discord:7',
        instance_name: 'NAS',
        attempt: 1,
        max_attempts: 3,
      },
    });
  });

  it.each([
    ['in_progress', aRunningTask(), /already claimed by MacBook-Claude/],
    ['completed', aFinishedTask('completed'), /is completed \(last held by MacBook-Claude\)/],
    ['failed', aFinishedTask('failed'), /is failed \(last held by MacBook-Claude\)/],
    ['cancelled', aFinishedTask('cancelled', { instanceId: null, instanceName: null }), /is cancelled and/],
  ])('of a task that is %s is refused by naming its holder', (status, task, message) => {
    expect(() => claim(task, claimant, now)).toThrow(
      expect.objectContaining({
        code: 'task_not_claimable',
        message: expect.stringMatching(message) as string,
        details: { status, instance_id: task.instanceId, instance_name: task.instanceName },
      }),
    );
  });

  it('names the holder by its id when it has no name, also when the claimant is the holder', () => {
    const task = aRunningTask({ instanceName: null, instanceId: 'nas' });
    expect(() => claim(task, claimant, now)).toThrow(/already claimed by nas/);
  });
});

interface End {
  readonly made: (task: Task) => TaskChange;
  readonly after: Partial<Task>;
  readonly event: { action: string; actor: string; details: object };
  readonly outcome: string;
}

const running = aRunningTask({ notes: 'old notes', error: 'the try before', attempt: 2 });
const common = {
  title: 'Deploy new monitoring stack',
  submitter: 'operator',
  instance_name: 'MacBook-Claude',
};
const attempts = { attempt: 2, max_attempts: 3 };
const silent = 'The lease of MacBook-Claude expired: nothing was heard from it in time.';

/** By which key each of them acts here; time alone needs none. */
const KEYS: Record<string, string | null> = { 'instance:mac': 'k7', operator: 'owner', system: null };

const ENDS: Record<string, End> = {
  'complete with notes': {
    made: (task) => complete(task, { notes: 'done', nextTask: { id: 6, title: 'Next' } }, byMac),
    after: { ...ENDED, status: 'completed', notes: 'done', error: null },
    event: {
      action: 'completed',
      actor: 'instance:mac',
      details: { notes: 'done', next_task: { id: 6, title: 'Next' }, duration_ms: 1_800_000 },
    },
    outcome: 'completed',
  },
  'complete without notes': {
    made: (task) => complete(task, {}, { actor: 'operator', keyId: 'owner', now }),
    after: { ...ENDED, status: 'completed', notes: 'old notes', error: null },
    event: {
      action: 'completed',
      actor: 'operator',
      details: { notes: 'old notes', duration_ms: 1_800_000 },
    },
    outcome: 'completed',
  },
  'fail with attempts left': {
    made: (task) => fail(task, again, byMac),
    after: { ...BACK_IN_QUEUE, error: 'no disk' },
    event: { action: 'retried', actor: 'instance:mac', details: { error: 'no disk', ...attempts } },
    outcome: 'retried',
  },
  'fail with a delay': {
    made: (task) => fail(task, { ...again, retryInMs: 90_000 }, byMac),
    after: { ...BACK_IN_QUEUE, error: 'no disk', notBefore: new Date(now.getTime() + 90_000) },
    event: {
      action: 'retried',
      actor: 'instance:mac',
      details: { error: 'no disk', ...attempts, not_before: '2026-01-15T12:32:30.000Z' },
    },
    outcome: 'retried',
  },
  'fail without another try': {
    made: (task) => fail(task, forGood, byMac),
    after: { ...ENDED, status: 'failed', error: 'no disk' },
    event: {
      action: 'failed',
      actor: 'instance:mac',
      details: { error: 'no disk', ...attempts, duration_ms: 1_800_000 },
    },
    outcome: 'failed',
  },
  'fail without a word': {
    made: (task) => fail(task, { error: null, notes: 'see log', retry: false, retryInMs: 0 }, byMac),
    after: { ...ENDED, status: 'failed', notes: 'see log' },
    event: {
      action: 'failed',
      actor: 'instance:mac',
      details: { error: 'the try before', notes: 'see log', ...attempts, duration_ms: 1_800_000 },
    },
    outcome: 'failed',
  },
  release: {
    made: (task) => release(task, { retryInMs: 0 }, byMac),
    after: { ...BACK_IN_QUEUE, attempt: 1 },
    event: { action: 'released', actor: 'instance:mac', details: {} },
    outcome: 'released',
  },
  'release with a reason and a delay': {
    made: (task) =>
      release(task, { reason: 'no GPU here', retryInMs: 1 }, { actor: 'operator', keyId: 'owner', now }),
    after: { ...BACK_IN_QUEUE, attempt: 1, notBefore: new Date(now.getTime() + 1) },
    event: {
      action: 'released',
      actor: 'operator',
      details: { reason: 'no GPU here', not_before: '2026-01-15T12:31:00.001Z' },
    },
    outcome: 'released',
  },
  'an undelivered claim': {
    made: (task) => undoClaim(task, now),
    after: { ...BACK_IN_QUEUE, attempt: 1 },
    event: {
      action: 'released',
      actor: 'system',
      details: { reason: 'The answer to the claim could not be delivered.' },
    },
    outcome: 'undelivered',
  },
  expiry: {
    made: (task) => expire(task, now),
    after: { ...BACK_IN_QUEUE, error: silent },
    event: {
      action: 'expired',
      actor: 'system',
      details: { reason: 'lease_expired', error: silent, ...attempts },
    },
    outcome: 'expired',
  },
};

describe.each(Object.entries(ENDS))('%s', (_name, { made, after, event, outcome }) => {
  it('sets and clears exactly what the rules say', () => {
    const change = made(running);
    expect(change.after).toEqual({ ...running, ...after });
    expect(change.before).toBe(running);
  });

  it('makes one event with all that a notification shows', () => {
    expect(made(running).event).toEqual({
      taskId: 5,
      action: event.action,
      actor: event.actor,
      keyId: KEYS[event.actor],
      instanceId: 'mac',
      timestamp: now,
      details: { ...common, ...event.details },
    });
  });

  it('ends the lease, naming who ended it and how', () => {
    const change = made(running);
    expect(change.leaseStart).toBeUndefined();
    expect(change.leaseEnd).toEqual({ leaseId: 'lease-1', outcome, endedBy: event.actor, endedAt: now });
  });

  it.each([aTask(), aFinishedTask('completed'), aFinishedTask('failed'), aFinishedTask('cancelled')])(
    'is refused for a task that is $status',
    (task) => {
      expect(() => made(task)).toThrow(
        expect.objectContaining({ code: 'invalid_transition', details: { status: task.status } }),
      );
    },
  );

  it('never shows a negative duration when the clock was set back', () => {
    const fromTheFuture = aRunningTask({ claimedAt: minutesAfterNoon(600) });
    expect(made(fromTheFuture).event.details.duration_ms ?? 0).toBe(0);
  });
});

describe('the last attempt', () => {
  const last = aRunningTask({ attempt: 3 });

  it('fails for good although another try was wanted', () => {
    const made = fail(last, { ...again, retryInMs: 60_000 }, byMac);
    expect(made.after).toMatchObject({
      status: 'failed',
      error: 'no disk',
      notBefore: null,
      completedAt: now,
    });
    expect(made.event.action).toBe('failed');
    expect(made.leaseEnd?.outcome).toBe('failed');
  });

  it('expires into one failed event with the reason lease_expired', () => {
    const made = expire(last, now);
    expect(made.after).toEqual({ ...last, ...ENDED, status: 'failed', error: silent });
    expect(made.event).toMatchObject({
      action: 'failed',
      actor: 'system',
      details: {
        reason: 'lease_expired',
        error: silent,
        attempt: 3,
        max_attempts: 3,
        duration_ms: 1_800_000,
      },
    });
    expect(made.leaseEnd).toMatchObject({ outcome: 'expired', endedBy: 'system' });
  });

  it('is the first one when one is all there is', () => {
    expect(fail(aRunningTask({ maxAttempts: 1 }), again, byMac).event.action).toBe('failed');
  });

  it('that is released does not count, so the task can be claimed once more', () => {
    expect(release(last, { retryInMs: 0 }, byMac).after).toMatchObject({ status: 'pending', attempt: 2 });
  });
});

describe('a completion', () => {
  it('takes away the error of the attempt before', () => {
    expect(complete(aRunningTask({ error: 'the try before' }), {}, byMac).after.error).toBeNull();
  });

  it('may empty the notes but does not forget them by silence', () => {
    expect(complete(aRunningTask({ notes: 'old' }), { notes: '' }, byMac).after.notes).toBe('');
    expect(complete(aRunningTask({ notes: 'old' }), {}, byMac).after.notes).toBe('old');
  });

  it('changes nothing about a lease that ends elsewhere', () => {
    const task = aRunningTask({ lease: aLiveLease({ leaseId: 'lease-9' }) });
    expect(complete(task, {}, byMac).leaseEnd?.leaseId).toBe('lease-9');
  });
});
