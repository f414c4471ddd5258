/** The judge judged: faultless evidence passes, and each kind of fault is noticed and called by its name. */
import { describe, expect, it } from 'vitest';
import { checkAcknowledged } from '../../torture/oracle/acknowledged.ts';
import { checkCauses } from '../../torture/oracle/causes.ts';
import { checkHistory } from '../../torture/oracle/history.ts';
import { event, evidence, lease, op, type Evidence } from './evidence.ts';

function judge(made: Evidence): string[] {
  const tables = made.tables();
  return [...checkHistory(tables), ...checkAcknowledged(made.ops, tables), ...checkCauses(made.ops, tables)];
}

function after(spoil: (made: Evidence) => unknown): string[] {
  const made = evidence();
  spoil(made);
  return judge(made);
}

const drop = <T>(from: T[], is: (one: T) => boolean) =>
  from.splice(
    from.findIndex((one) => is(one)),
    1,
  );

it('finds nothing where nothing is wrong', () => {
  expect(judge(evidence())).toEqual([]);
});

describe('a loss is noticed:', () => {
  it('an acknowledged task that is not there', () => {
    const found = after(({ ops }) => ops.push(op('op20', 'add', { text: 'op20 x' }, { answeredTask: 3 })));
    expect(found).toEqual([expect.stringMatching(/^lost: op20 .*no task #3/)]);
  });

  it('another text than the one that was acknowledged', () => {
    const found = after((made) => {
      made.events[0]!.details = { description: 'op1 first, garbled', priority: 'medium' };
      made.tasks[0]!.description = 'op1 first, garbled';
    });
    expect(found).toEqual([expect.stringMatching(/^lost: op1 .*garbled/)]);
  });

  it('an acknowledged completion that left no event', () => {
    const found = after((made) => {
      drop(made.events, ({ id }) => id === 3);
      Object.assign(made.tasks[0]!, { status: 'in_progress', lease_id: 'lease-2' });
      Object.assign(made.leases[0]!, { outcome: null });
      Object.assign(made.counts, { in_progress: 1, completed: 0 });
    });
    expect(found).toEqual([expect.stringMatching(/^lost: op3 /)]);
  });

  it('an acknowledged completion whose lease says something else', () => {
    const found = after(({ op: find }) => Object.assign(find('op3'), { leaseId: 'lease-5' }));
    expect(found).toEqual([expect.stringMatching(/^lost: op3 .*lease-5 is retried/)]);
  });

  it('an acknowledged lease that does not exist, or was given back as undelivered', () => {
    expect(after(({ op: find }) => (find('op2').answeredLease = 'lease-9'))).toContainEqual(
      expect.stringMatching(/^lost: op2 .*no lease lease-9/),
    );
    const undelivered = after((made) => {
      Object.assign(made.leases[1]!, { outcome: 'undelivered' });
    });
    expect(undelivered).toContainEqual(expect.stringMatching(/^lost: op5 .*undelivered/));
  });

  it('an acknowledged requeue that left no event', () => {
    const found = after((made) => {
      made.ops.push(op('op20', 'requeue', { taskId: 1, actor: 'operator' }));
    });
    expect(found).toEqual([expect.stringMatching(/^lost: requeue of #1/)]);
  });

  it('only what had been acknowledged is asked of an earlier copy', () => {
    const { ops, tables } = evidence();
    const late = op('op20', 'add', { text: 'op20 x' }, { answeredTask: 3, answeredAt: 50 });
    expect(checkAcknowledged([...ops, late], tables(), 49)).toEqual([]);
    expect(checkAcknowledged([...ops, late], tables(), 50)).toHaveLength(1);
  });
});

describe('a double is noticed:', () => {
  it('one operation that made two tasks', () => {
    const found = after((made) => {
      made.tasks.push({ ...made.tasks[1]!, id: 3 });
      made.events.push({ ...made.events[3]!, id: 10, task_id: 3 });
      made.counts['pending'] = 2;
    });
    expect(found).toEqual([expect.stringMatching(/^doubled: op4 /)]);
  });

  it('one claim that took two tasks, unless the first answer could not be sent', () => {
    const twice = (outcome: string) =>
      after((made) => {
        made.events.push(event(10, 2, 'claimed', { instance_name: 'mac op7', attempt: 1 }));
        made.events.push(event(11, 2, 'released', { reason: 'not sent' }, 'system'));
        made.leases.push(lease('lease-10', { task_id: 2, claimed_at: 10, outcome }));
      });
    expect(twice('released')).toEqual([expect.stringMatching(/^doubled: op7 /)]);
    expect(twice('undelivered')).toEqual([]);
  });

  it('one lease that was told to two claimants', () => {
    const found = after((made) => {
      made.ops.push(op('op20', 'claim', {}, { answeredTask: 1, answeredLease: 'lease-2' }));
    });
    expect(found).toEqual([expect.stringMatching(/^doubled: lease lease-2/)]);
  });

  it('more requeues than anybody asked for', () => {
    const found = after(({ ops }) => drop(ops, ({ token }) => token === 'op9'));
    expect(found).toEqual([expect.stringMatching(/^doubled: requeue of #2.*1 events, asked for 0/)]);
  });
});

describe('what the rules forbid is noticed:', () => {
  it('a task completed twice', () => {
    const found = after((made) => {
      made.events.push(event(10, 1, 'completed', { notes: 'op3 is done' }));
    });
    expect(found).toContainEqual(expect.stringContaining('completed while completed'));
    expect(found).toContainEqual(expect.stringMatching(/^doubled: op3/));
  });

  it('two live leases on one task', () => {
    const found = after((made) => {
      Object.assign(made.leases[1]!, { outcome: null });
      Object.assign(made.leases[2]!, { outcome: null });
    });
    expect(found).toContainEqual(expect.stringContaining('2 live leases'));
  });

  it('a claim of a task that somebody holds', () => {
    const found = after((made) => {
      drop(made.events, ({ id }) => id === 6);
    });
    expect(found).toContainEqual('task #2: event 7 claimed while in_progress');
  });

  it('attempts that do not add up', () => {
    const wrongEvent = after((made) => {
      made.events[6]!.details = { instance_name: 'mac op7', attempt: 1 };
      Object.assign(made.leases[2]!, { attempt: 1 });
    });
    expect(wrongEvent).toEqual(['task #2: event 7 says attempt 1, it is 2']);
    const wrongRow = after((made) => (made.tasks[1]!.attempt = 2));
    expect(wrongRow).toEqual(['task #2: attempt is 2, its trail says 0']);
  });

  it('a lease that ended otherwise than its claim', () => {
    const found = after((made) => Object.assign(made.leases[0]!, { outcome: 'expired' }));
    expect(found).toContainEqual(
      expect.stringContaining('lease lease-2 is expired, but its claim ended with completed'),
    );
  });

  it('a counter that counts wrong', () => {
    expect(after(({ counts }) => (counts['pending'] = 7))).toEqual(['counter pending is 7, there are 1']);
  });

  it('something done although it was refused', () => {
    const found = after(({ op: find }) =>
      Object.assign(find('op3'), { outcome: 'refused', said: '409 lease_lost' }),
    );
    expect(found).toEqual([expect.stringMatching(/^refused, and yet done: op3/)]);
  });

  it('a task that was handed out to nobody who knows of it', () => {
    const found = after(({ op: find }) =>
      Object.assign(find('op5'), { answeredTask: null, answeredLease: null }),
    );
    expect(found).toEqual([expect.stringMatching(/^refused, and yet done: op5/)]);
  });

  it('an event that nobody asked for, or somebody else', () => {
    expect(after(({ events }) => (events[2]!.details = {}))).toContainEqual(
      'event 3: completed by instance:mac, which nobody asked for',
    );
    expect(after(({ events }) => (events[2]!.actor = 'instance:lab'))).toEqual([
      expect.stringContaining('comes from op3 by instance:mac'),
    ]);
  });
});

it('the same end twice with one lease is one event and two acknowledgements', () => {
  const again = op('op20', 'complete', { taskId: 1, leaseId: 'lease-2' });
  expect(after(({ ops }) => ops.push(again))).toEqual([]);
});
