/** Who may finish a task, and what counts as merely saying it again. */
import { describe, expect, it } from 'vitest';
import { actorOf, isRepeat, requireOwnership, type Caller } from '../../src/core/ownership.ts';
import type { Lease } from '../../src/core/lease.ts';
import { aFinishedTask, aLease, aRunningTask, aTask, NOON } from '../support/builders.ts';

describe('ownership', () => {
  it.each<[string, Caller]>([
    ['the operator, who names nothing', {}],
    ['the holder by its id', { instanceId: 'mac' }],
    ['the holder of the live lease', { leaseId: 'lease-1' }],
    ['the holder by both', { instanceId: 'mac', leaseId: 'lease-1' }],
    ['a person of a front end', { actor: 'discord:7' }],
  ])('is granted to %s', (_who, caller) => {
    expect(() => {
      requireOwnership(aRunningTask(), caller);
    }).not.toThrow();
  });

  it.each<[string, Caller]>([
    ['another instance', { instanceId: 'nas' }],
    ['another instance with the right lease', { instanceId: 'nas', leaseId: 'lease-1' }],
    ['the holder with an older lease', { instanceId: 'mac', leaseId: 'lease-0' }],
    ['an unknown lease', { leaseId: 'nonsense' }],
  ])('is refused to %s', (_who, caller) => {
    expect(() => {
      requireOwnership(aRunningTask(), caller);
    }).toThrow(
      expect.objectContaining({
        code: 'lease_lost',
        details: { status: 'in_progress', instance_id: 'mac', instance_name: 'MacBook-Claude' },
      }),
    );
  });

  it.each([aTask(), aFinishedTask('completed'), aFinishedTask('failed'), aFinishedTask('cancelled')])(
    'of a lease is lost once the task is $status, and the refusal tells so',
    (task) => {
      expect(() => {
        requireOwnership(task, { leaseId: 'lease-1' });
      }).toThrow(
        expect.objectContaining({
          code: 'lease_lost',
          message: expect.stringContaining(`the task is ${task.status} now`) as string,
          details: expect.objectContaining({ status: task.status }) as object,
        }),
      );
    },
  );

  it('names the present holder to a stranger', () => {
    expect(() => {
      requireOwnership(aRunningTask(), { instanceId: 'nas' });
    }).toThrow(/held by MacBook-Claude/);
  });
});

describe('the actor in the trail', () => {
  it.each<[string, Caller, Lease | null, string]>([
    ['the person a front end knows', { actor: 'discord:7', instanceId: 'mac' }, null, 'discord:7'],
    ['the instance that is named', { instanceId: 'mac' }, null, 'instance:mac'],
    ['the instance that the lease belongs to', { leaseId: 'lease-1' }, aLease(), 'instance:mac'],
    ['the operator when nothing is named', {}, null, 'operator'],
  ])('is %s', (_who, caller, lease, actor) => {
    expect(actorOf(caller, lease)).toBe(actor);
  });
});

describe('a repeat', () => {
  const ended = aLease({ endedAt: NOON, endedBy: 'instance:mac', outcome: 'completed' });
  const task = aFinishedTask('completed');
  const caller: Caller = { leaseId: 'lease-1' };

  it.each<[string, boolean, Parameters<typeof isRepeat>[0]]>([
    ['the lease that did it', true, { task, lease: ended, caller }],
    ['the same, naming its instance', true, { task, lease: ended, caller: { ...caller, instanceId: 'mac' } }],
    [
      'another instance with that lease',
      false,
      { task, lease: ended, caller: { ...caller, instanceId: 'nas' } },
    ],
    ['a lease ended by the operator', false, { task, lease: { ...ended, endedBy: 'operator' }, caller }],
    [
      'a lease ended by another instance',
      false,
      { task, lease: { ...ended, endedBy: 'instance:nas' }, caller },
    ],
    ['a lease ended by the system', false, { task, lease: { ...ended, endedBy: 'system' }, caller }],
    ['a lease of another task', false, { task, lease: { ...ended, taskId: 6 }, caller }],
    ['a lease that lives', false, { task: aRunningTask(), lease: aLease(), caller }],
    ['a lease that ended in another way', false, { task, lease: { ...ended, outcome: 'released' }, caller }],
    ['no lease at all', false, { task, lease: null, caller: { instanceId: 'mac' } }],
  ])('by %s: %s', (_who, repeats, made) => {
    expect(isRepeat(made, ['completed'])).toBe(repeats);
  });
});
