/** Every move as a caller makes it: who may, what happens, what is told, and what is only said again. */
import { describe, expect, it } from 'vitest';
import type { Caller } from '../../src/core/ownership.ts';
import { TASK_STATUSES, type TaskStatus } from '../../src/core/vocabulary.ts';
import type { Work } from '../../src/core/work.ts';
import {
  actionsOf,
  claimed,
  refusal,
  submit,
  taskOf,
  type OpenStoreWorld,
  type StoreWorld,
} from './store-world.ts';

const OPERATOR: Caller = {};
const failure = { error: 'no disk', retry: true, retryInMs: 0 };

/** A task brought into this status by a holder called `mac`, and the lease it had. */
async function inStatus(world: StoreWorld, status: TaskStatus) {
  if (status === 'pending') return { id: (await submit(world)).id, leaseId: undefined };
  const { id, leaseId } = await claimed(world);
  if (status !== 'in_progress') await world.run(world.tasks.setStatus(id, { leaseId }, { status }));
  return { id, leaseId };
}

export function storeMovesContract(open: OpenStoreWorld): void {
  describe('setting a status', () => {
    const ALLOWED: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = {
      pending: ['pending', 'cancelled'],
      in_progress: ['in_progress', 'pending', 'completed', 'failed', 'cancelled'],
      completed: ['completed'],
      failed: ['failed', 'pending'],
      cancelled: ['cancelled', 'pending'],
    };
    const EVENT: Partial<Record<`${TaskStatus} ${TaskStatus}`, string>> = {
      'pending cancelled': 'cancelled',
      'in_progress pending': 'released',
      'in_progress completed': 'completed',
      'in_progress failed': 'failed',
      'in_progress cancelled': 'cancelled',
      'failed pending': 'requeued',
      'cancelled pending': 'requeued',
    };
    const every = TASK_STATUSES.flatMap((from) => TASK_STATUSES.map((to) => ({ from, to })));

    it.each(every)('moves a task from $from to $to, or says why not', async ({ from, to }) => {
      const world = await open();
      const { id } = await inStatus(world, from);
      const before = { task: await taskOf(world, id), actions: await actionsOf(world, id) };
      const move = world.run(world.tasks.setStatus(id, OPERATOR, { status: to }));
      if (!ALLOWED[from].includes(to)) {
        await expect(move).rejects.toThrow(refusal('invalid_transition', { status: from }));
        if (to === 'in_progress') await expect(move).rejects.toThrow(/claim/);
        expect(await taskOf(world, id)).toEqual(before.task);
        expect(await actionsOf(world, id)).toEqual(before.actions);
        return;
      }
      expect((await move).status).toBe(to);
      expect(await taskOf(world, id)).toEqual(await move);
      const told = EVENT[`${from} ${to}`];
      expect(await actionsOf(world, id)).toEqual(
        told === undefined ? before.actions : [...before.actions, told],
      );
      expect(await taskOf(world, id)).toMatchObject(from === to ? before.task : {});
    });

    it('to failed is final although attempts are left', async () => {
      const world = await open();
      const { id } = await claimed(world);
      await world.run(world.tasks.setStatus(id, OPERATOR, { status: 'failed', notes: 'see the log' }));
      expect(await taskOf(world, id)).toMatchObject({ status: 'failed', attempt: 1, notes: 'see the log' });
    });

    it.each(['completed', 'failed', 'cancelled', 'pending'] as const)(
      'to %s takes notes along in the same event',
      async (status) => {
        const world = await open();
        const { id } = await claimed(world);
        await world.run(world.tasks.setStatus(id, OPERATOR, { status, notes: 'by hand' }));
        const events = await world.store.events(id);
        expect(events).toHaveLength(3);
        expect(events.at(-1)?.details.notes).toBe('by hand');
        expect((await taskOf(world, id)).notes).toBe('by hand');
      },
    );

    it('to completed names the next task, as completing does', async () => {
      const world = await open();
      const { id } = await claimed(world);
      const next = await submit(world, { description: 'And then this' });
      await world.run(world.tasks.setStatus(id, OPERATOR, { status: 'completed' }));
      const told = (await world.store.events(id)).at(-1);
      expect(told?.details.next_task).toEqual({ id: next.id, title: 'And then this' });
    });

    it.each(TASK_STATUSES)('notes alone update the notes of a task that is %s', async (status) => {
      const world = await open();
      const { id } = await inStatus(world, status);
      await world.run(world.tasks.setStatus(id, OPERATOR, { notes: 'written later' }));
      await world.run(world.tasks.setStatus(id, OPERATOR, { notes: 'written later' }));
      expect(await taskOf(world, id)).toMatchObject({ status, notes: 'written later' });
      expect((await actionsOf(world, id)).filter((action) => action === 'notes_updated')).toHaveLength(1);
    });

    it('that it has already may still change the notes', async () => {
      const world = await open();
      const { id } = await inStatus(world, 'completed');
      await world.run(world.tasks.setStatus(id, OPERATOR, { status: 'completed', notes: 'more' }));
      expect((await actionsOf(world, id)).slice(-2)).toEqual(['completed', 'notes_updated']);
    });
  });

  describe('ownership', () => {
    const ENDS: Record<string, (world: StoreWorld, id: number, caller: Caller) => Work<unknown>> = {
      complete: ({ tasks }, id, caller) => tasks.complete(id, caller),
      fail: ({ tasks }, id, caller) => tasks.fail(id, caller, failure),
      release: ({ tasks }, id, caller) => tasks.release(id, caller, { retryInMs: 0 }),
      'set status': ({ tasks }, id, caller) => tasks.setStatus(id, caller, { status: 'completed' }),
      'write notes': ({ tasks }, id, caller) => tasks.setStatus(id, caller, { notes: 'mine' }),
    };
    const cases = Object.entries(ENDS).flatMap(([name, end]) =>
      TASK_STATUSES.map((status) => ({ name, end, status })),
    );

    it.each(cases)('is judged before the state: $name on $status by a stranger', async ({ end, status }) => {
      const world = await open();
      const { id } = await inStatus(world, status);
      const before = await taskOf(world, id);
      for (const stranger of [{ instanceId: 'nas' }, { leaseId: 'lease-none' }]) {
        await expect(world.run(end(world, id, stranger))).rejects.toThrow(refusal('lease_lost', { status }));
      }
      expect(await taskOf(world, id)).toEqual(before);
    });

    it.each(['complete', 'fail', 'release'])('lets the operator %s only what runs', async (name) => {
      const world = await open();
      for (const status of TASK_STATUSES.filter((one) => one !== 'in_progress')) {
        const { id } = await inStatus(world, status);
        await expect(world.run(ENDS[name]!(world, id, OPERATOR))).rejects.toThrow(
          refusal('invalid_transition', { status }),
        );
      }
    });

    it('of the lease alone is enough, and the trail names its instance', async () => {
      const world = await open();
      const { id, leaseId } = await claimed(world);
      await world.run(world.tasks.complete(id, { leaseId }, 'done'));
      expect((await world.store.events(id)).at(-1)).toMatchObject({
        action: 'completed',
        actor: 'instance:mac',
      });
    });

    it('of a lease does not reach another task', async () => {
      const world = await open();
      const mine = await claimed(world);
      const other = await claimed(world, 'nas');
      await expect(world.run(world.tasks.complete(other.id, { leaseId: mine.leaseId }))).rejects.toThrow(
        refusal('lease_lost', { instance_id: 'nas' }),
      );
    });

    it('ends with the lease: whoever wakes up late cannot finish what another holds by now', async () => {
      const world = await open({ leaseMs: 60_000 });
      const { id, leaseId } = await claimed(world);
      world.clock.advance(60_000);
      await world.run(world.sweeps.expireLeases());
      await world.run(world.tasks.claim(id, { instanceId: 'nas' }));
      for (const end of [ENDS.complete!, ENDS.fail!, ENDS.release!]) {
        await expect(world.run(end(world, id, { leaseId }))).rejects.toThrow(refusal('lease_lost'));
      }
      expect(await taskOf(world, id)).toMatchObject({ status: 'in_progress', instanceId: 'nas', attempt: 2 });
    });

    it('of an unknown task is no question', async () => {
      const world = await open();
      for (const end of Object.values(ENDS)) {
        await expect(world.run(end(world, 99, { instanceId: 'nas' }))).rejects.toThrow(
          refusal('task_not_found'),
        );
      }
    });
  });

  describe('a repeat by the lease that did it', () => {
    it('of complete answers with the task as it is and writes nothing', async () => {
      const world = await open();
      const { id, leaseId } = await claimed(world);
      await world.run(world.tasks.complete(id, { leaseId }, 'first'));
      const next = await submit(world);
      const before = await world.store.newestPosition();
      const again = await world.run(world.tasks.complete(id, { leaseId, instanceId: 'mac' }, 'second'));
      expect(again.task).toMatchObject({ status: 'completed', notes: 'first' });
      expect(again.next?.id).toBe(next.id);
      expect(await world.store.newestPosition()).toBe(before);
    });

    it('of fail and release stays harmless even while another holds the task', async () => {
      const world = await open();
      for (const [end, outcome] of [
        [(id: number, by: Caller) => world.tasks.fail(id, by, failure), 'retried'],
        [(id: number, by: Caller) => world.tasks.release(id, by, { retryInMs: 0 }), 'released'],
      ] as const) {
        const { id, leaseId } = await claimed(world);
        await world.run(end(id, { leaseId }));
        await world.run(world.tasks.claim(id, { instanceId: 'nas' }));
        expect(await world.run(end(id, { leaseId }))).toMatchObject({
          status: 'in_progress',
          instanceId: 'nas',
        });
        expect(await actionsOf(world, id)).toEqual(['created', 'claimed', outcome, 'claimed']);
      }
    });

    it('of a status set by hand is one too', async () => {
      const world = await open();
      for (const status of ['completed', 'failed', 'pending'] as const) {
        const { id, leaseId } = await claimed(world);
        await world.run(world.tasks.setStatus(id, { leaseId }, { status }));
        await world.run(world.tasks.setStatus(id, { leaseId }, { status, notes: 'ignored' }));
        expect(await actionsOf(world, id)).toHaveLength(3);
        expect((await taskOf(world, id)).notes).toBeNull();
      }
    });

    it('is none when the operator, a person or the clock ended that lease', async () => {
      const world = await open({ leaseMs: 60_000, maxAttempts: 1 });
      const endings = [
        (id: number) => world.run(world.tasks.complete(id, OPERATOR)),
        (id: number) => world.run(world.tasks.cancel(id, { actor: 'discord:7' })),
        () => {
          world.clock.advance(60_000);
          return world.run(world.sweeps.expireLeases());
        },
      ];
      for (const ending of endings) {
        const { id, leaseId } = await claimed(world);
        await ending(id);
        const { status } = await taskOf(world, id);
        await expect(world.run(world.tasks.complete(id, { leaseId }))).rejects.toThrow(
          refusal('lease_lost', { status }),
        );
        await expect(world.run(world.tasks.fail(id, { leaseId }, failure))).rejects.toThrow(
          refusal('lease_lost'),
        );
      }
    });

    it('is none for a lease of another task', async () => {
      const world = await open();
      const one = await claimed(world);
      const other = await claimed(world);
      await world.run(world.tasks.complete(one.id, { leaseId: one.leaseId }));
      await expect(world.run(world.tasks.complete(other.id, { leaseId: one.leaseId }))).rejects.toThrow(
        refusal('lease_lost', { status: 'in_progress' }),
      );
    });

    it('is none for another kind of end', async () => {
      const world = await open();
      const { id, leaseId } = await claimed(world);
      await world.run(world.tasks.release(id, { leaseId }, { retryInMs: 0 }));
      await expect(world.run(world.tasks.complete(id, { leaseId }))).rejects.toThrow(refusal('lease_lost'));
    });
  });

  describe('what comes back to the queue', () => {
    it('keeps its error through the next claim until a completion clears it', async () => {
      const world = await open();
      const { id } = await claimed(world);
      await world.run(world.tasks.fail(id, OPERATOR, failure));
      expect(await taskOf(world, id)).toMatchObject({ status: 'pending', error: 'no disk', attempt: 1 });
      const again = await world.run(world.tasks.claim(id, { instanceId: 'nas' }));
      expect(again.task).toMatchObject({ error: 'no disk', attempt: 2 });
      expect((await world.run(world.tasks.complete(id, OPERATOR))).task.error).toBeNull();
    });

    it('fails for good after the last attempt and starts anew when it is requeued', async () => {
      const world = await open({ maxAttempts: 2 });
      const { id } = await submit(world);
      for (let attempt = 1; attempt <= 2; attempt += 1) {
        await world.run(world.tasks.claim(id, { instanceId: 'mac' }));
        await world.run(world.tasks.fail(id, OPERATOR, failure));
      }
      expect(await taskOf(world, id)).toMatchObject({ status: 'failed', attempt: 2, error: 'no disk' });
      expect(await world.run(world.tasks.requeue(id, OPERATOR))).toMatchObject({ attempt: 0, error: null });
      expect(await actionsOf(world, id)).toEqual([
        'created',
        'claimed',
        'retried',
        'claimed',
        'failed',
        'requeued',
      ]);
    });

    it('by release uses up no attempt', async () => {
      const world = await open({ maxAttempts: 1 });
      const { id } = await submit(world);
      for (let round = 0; round < 3; round += 1) {
        const { task } = await world.run(world.tasks.claim(id, { instanceId: 'mac' }));
        expect(task.attempt).toBe(1);
        await world.run(world.tasks.release(id, OPERATOR, { retryInMs: 0 }));
      }
      expect(await taskOf(world, id)).toMatchObject({ status: 'pending', attempt: 0 });
    });

    it('because its claim was never heard of uses up no attempt either', async () => {
      const world = await open();
      const { id, leaseId } = await claimed(world);
      expect(await world.run(world.tasks.undoClaim(leaseId))).toBe(true);
      expect(await world.run(world.tasks.undoClaim(leaseId))).toBe(false);
      expect(await world.run(world.tasks.undoClaim('lease-none'))).toBe(false);
      expect(await taskOf(world, id)).toMatchObject({ status: 'pending', attempt: 0, instanceId: null });
      expect(await actionsOf(world, id)).toEqual(['created', 'claimed', 'released']);
    });
  });

  describe('people', () => {
    it('submit once per origin, however often the request is seen', async () => {
      const world = await open();
      const origin = { frontEnd: 'discord', ref: 'i-1' };
      const [one, two] = await Promise.all([submit(world, { origin }), submit(world, { origin })]);
      expect(two).toEqual(one);
      expect((await world.store.counts()).counts.pending).toBe(1);
      expect(await submit(world, { origin: { ...origin, frontEnd: 'slack' } })).toMatchObject({
        id: one.id + 1,
      });
    });

    it('edit and raise without an event where nothing changes', async () => {
      const world = await open();
      const { id, description } = await submit(world);
      await world.run(world.tasks.edit(id, OPERATOR, description));
      await world.run(world.tasks.changePriority(id, OPERATOR, 'medium'));
      expect(await actionsOf(world, id)).toEqual(['created']);
      await world.run(world.tasks.edit(id, OPERATOR, 'other'));
      await world.run(world.tasks.changePriority(id, { actor: 'discord:7' }, 'low'));
      expect(await taskOf(world, id)).toMatchObject({ description: 'other', priority: 'low' });
      expect(await actionsOf(world, id)).toEqual(['created', 'edited', 'priority_changed']);
    });
  });
}
