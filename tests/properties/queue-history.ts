/** Plays one history on the real store and on the model side by side, comparing at every step. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { DomainError } from '../../src/core/errors.ts';
import { createInstanceService } from '../../src/core/instance-service.ts';
import type { Answer } from '../../src/core/ports.ts';
import { createSweepService } from '../../src/core/sweep-service.ts';
import type { Task } from '../../src/core/task.ts';
import { createTaskService } from '../../src/core/task-service.ts';
import type { Work } from '../../src/core/work.ts';
import { manualClock } from '../support/clock.ts';
import { recordingLogger } from '../support/logger.ts';
import { countRows, openStore } from '../store/world.ts';
import {
  MODEL_ATTEMPTS,
  MODEL_LEASE_MS,
  QueueModel,
  type ModelTask,
  type Said,
  type Who,
} from './queue-model.ts';

const INSTANCES = ['mac', 'nas', 'pi'] as const;

const id = fc.constantFrom(1, 1, 1, 2, 2, 3, 4);
const instance = fc.constantFrom(...INSTANCES);
/** How a caller names itself: by nothing, its instance, a lease it had on the task, or one of any task. */
const who = fc.record({
  instance: fc.option(instance, { nil: undefined, freq: 1 }),
  /** Counted from the newest. */
  lease: fc.option(fc.constantFrom(0, 0, 0, 1, 2), { nil: undefined, freq: 2 }),
  ofTask: fc.constantFrom(true, true, true, false),
});
const priority = fc.constantFrom('high' as const, 'medium' as const, 'low' as const);
const key = fc.option(fc.constantFrom('k-1', 'k-2'), { nil: undefined, freq: 3 });

export const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('submit' as const),
      priority,
      key,
      target: fc.option(instance, { freq: 3 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('claim' as const), id, instance, key }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('next' as const), instance }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('complete' as const),
      id,
      who,
      notes: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('fail' as const),
      id,
      who,
      retry: fc.boolean(),
      delay: fc.constantFrom(0, 20_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('release' as const), id, who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), id }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('requeue' as const), id }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('edit' as const), id, text: fc.constantFrom('x', 'y') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('raise' as const), id, priority }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pause' as const), on: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('undo' as const), lease: fc.nat(3) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('beat' as const),
      instance,
      named: fc.option(fc.array(fc.nat(4), { maxLength: 3 }), { nil: undefined }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1000, 25_000, 60_000) }),
  },
);

type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;
type Naming = Extract<Command, { do: 'release' }>;

export async function playHistory(history: Command[]): Promise<void> {
  const play = await createPlay();
  try {
    for (const step of history) {
      await play.step(step);
      await play.compare();
    }
  } finally {
    await play.close();
  }
}

async function createPlay() {
  const clock = manualClock();
  const { store, client } = await openStore({ path: ':memory:', clock, logger: recordingLogger() });
  const given: string[] = [];
  const ids = { leaseId: () => `lease-${given.push(`lease-${given.length + 1}`)}` };
  const policy = { leaseMs: MODEL_LEASE_MS, maxAttempts: MODEL_ATTEMPTS };
  const tasks = createTaskService({ clock, ids, policy });
  const [instances, sweeps] = [createInstanceService({ clock }), createSweepService({ clock })];
  const model = new QueueModel();
  const start = clock.now().getTime();
  /** What each key stands for: the command, its answer, and the lease in it. */
  const kept = new Map<string, { print: string; said: string; lease: string | null }>();
  const leaseAt = (fromNewest: number, task?: number) => {
    const leases = [...model.leases.values()].filter((lease) => lease.task === (task ?? lease.task));
    return leases.at(-1 - fromNewest)?.id ?? 'lease-none';
  };
  const named = ({ id: task, who: by }: Pick<Naming, 'id' | 'who'>): Who => ({
    instance: by.instance,
    lease: by.lease === undefined ? undefined : leaseAt(by.lease, by.ofTask ? task : undefined),
  });
  const caller = (by: Who) => ({ instanceId: by.instance, leaseId: by.lease });

  /** The real answer beside the model's. */
  async function same(real: Promise<Task | null>, said: Said): Promise<void> {
    const answer = await real.then(
      (task) => ({ task: task && toModelView(task) }),
      (error: unknown) => {
        if (error instanceof DomainError) return { refused: error.code };
        throw error;
      },
    );
    expect(answer).toEqual('task' in said ? { task: said.task && withoutEvents(said.task) } : said);
  }

  /** Work under a key: done once, then answered again, or refused as the contract says. */
  async function keyed<R>(
    print: string,
    underKey: string,
    made: { work: Work<R>; toTask: (result: R) => Task; model: () => Said },
  ) {
    const lease = given.length;
    const render = (result: R): Answer => {
      const task = made.toTask(result);
      return { status: 200, body: JSON.stringify(task), leaseId: task.lease?.leaseId ?? null };
    };
    const answer = store.decideOnce(made.work, { key: underKey, fingerprint: print, render });
    const first = kept.get(underKey);
    if (first === undefined) {
      const said = made.model();
      if ('refused' in said) return expect(answer).rejects.toMatchObject({ code: said.refused });
      const { body, leaseId } = await answer;
      kept.set(underKey, { print, said: body, lease: leaseId });
      expect(leaseId).toBe(said.task?.lease ?? null);
      return;
    }
    if (first.print !== print) return expect(answer).rejects.toMatchObject({ code: 'idempotency_conflict' });
    if (first.lease !== null && model.leases.get(first.lease)?.outcome !== null)
      return expect(answer).rejects.toMatchObject({ code: 'lease_lost' });
    expect((await answer).body).toBe(first.said);
    expect(given).toHaveLength(lease);
  }

  const nextLease = () => `lease-${given.length + 1}`;

  const STEPS: { [K in Command['do']]: (step: Extract<Command, { do: K }>) => Promise<unknown> } = {
    submit(step) {
      const work = tasks.submit({
        description: 'x',
        priority: step.priority,
        target: step.target ?? undefined,
      });
      const submit = () => model.submit('x', step.priority, step.target);
      if (step.key === undefined) return same(store.decide(work), submit());
      return keyed(JSON.stringify(step), step.key, { work, toTask: (task) => task, model: submit });
    },
    claim(step) {
      const work = tasks.claim(step.id, { instanceId: step.instance });
      const claim = () => model.claim(step.id, step.instance, nextLease());
      if (step.key === undefined) {
        // The model goes first only where the real one will draw the same lease id.
        const said = model.tasks.get(step.id)?.status === 'pending' ? null : claim();
        return same(
          store.decide(work).then(({ task }) => task),
          said ?? model.claim(step.id, step.instance, drawn()),
        );
      }
      return keyed(JSON.stringify(step), step.key, {
        work,
        toTask: ({ task }) => task,
        model: () => model.claim(step.id, step.instance, drawn()),
      });
    },
    async next(step) {
      const wanted = model.next(step.instance);
      const said: Said = wanted === null ? { task: null } : model.claim(wanted, step.instance, nextLease());
      const work = tasks.claimNext({ instanceId: step.instance });
      await same(
        store.decide(work).then(({ claimed }) => claimed?.task ?? null),
        said,
      );
    },
    complete: (step) => {
      const by = named(step);
      const real = store.decide(tasks.complete(step.id, caller(by), step.notes));
      return same(
        real.then(({ task }) => task),
        model.complete(step.id, by, step.notes),
      );
    },
    fail: (step) => {
      const by = named(step);
      const how = { error: 'broken', retry: step.retry, retryInMs: step.delay };
      return same(store.decide(tasks.fail(step.id, caller(by), how)), model.fail(step.id, by, step));
    },
    release: (step) => {
      const by = named(step);
      return same(
        store.decide(tasks.release(step.id, caller(by), { retryInMs: 0 })),
        model.release(step.id, by),
      );
    },
    cancel: (step) => same(store.decide(tasks.cancel(step.id, {})), model.cancel(step.id)),
    requeue: (step) => same(store.decide(tasks.requeue(step.id, {})), model.requeue(step.id)),
    edit: (step) => same(store.decide(tasks.edit(step.id, {}, step.text)), model.edit(step.id, step.text)),
    raise: (step) =>
      same(
        store.decide(tasks.changePriority(step.id, {}, step.priority)),
        model.raise(step.id, step.priority),
      ),
    pause: (step) => {
      model.paused = step.on;
      return store.decide(step.on ? tasks.pause() : tasks.resume());
    },
    async undo(step) {
      const lease = leaseAt(step.lease);
      const underKey = [...kept].find(([, first]) => first.lease === lease)?.[0];
      const undone = model.undo(lease);
      expect(await store.decide(tasks.undoClaim(lease, underKey))).toBe(undone);
      if (undone && underKey !== undefined) kept.delete(underKey);
    },
    async beat(step) {
      const leaseIds = step.named?.map((fromNewest) => leaseAt(fromNewest));
      const heard = await store.decide(instances.heartbeat({ instanceId: step.instance, leaseIds }));
      const said = model.beat(step.instance, leaseIds);
      expect(heard.leases.map((lease) => lease.leaseId)).toEqual(said.renewed);
      expect(heard.lost.map((lease) => lease.leaseId)).toEqual(said.lost);
    },
    async pass(step) {
      clock.advance(step.ms);
      model.pass(step.ms);
      await store.decide(sweeps.expireLeases());
      await store.decide(sweeps.promoteDueTasks());
    },
  };

  /** The lease id that the claim on its way will draw: one after those given so far. */
  function drawn(): string {
    return nextLease();
  }

  function toModelView(task: Task): Omit<ModelTask, 'events'> {
    const at = (date: Date | null | undefined) => (date == null ? null : date.getTime() - start);
    const { id: number, status, description, target, attempt, notes } = task;
    const live = { lease: task.lease?.leaseId ?? null, expires: at(task.lease?.expiresAt) };
    const facts = { status, description, target, attempt, notes, priority: task.priority };
    return { id: number, ...facts, holder: task.instanceId, ...live, notBefore: at(task.notBefore) };
  }

  async function compare(): Promise<void> {
    const events = await store.eventsAfter('0', 10_000);
    for (const task of model.tasks.values()) {
      const real = await store.task(task.id);
      expect(real && toModelView(real)).toEqual(withoutEvents(task));
      expect(events.filter((event) => event.taskId === task.id).map((event) => event.action)).toEqual(
        task.events,
      );
    }
    expect((await store.counts()).counts).toEqual(countRows(client));
    const twice = client.prepare(
      'SELECT task_id FROM leases WHERE ended_at IS NULL GROUP BY task_id HAVING count(*) > 1',
    );
    expect(twice.all()).toEqual([]);
    const live = client
      .prepare('SELECT lease_id FROM leases WHERE ended_at IS NULL ORDER BY task_id')
      .pluck()
      .all();
    expect(live).toEqual([...model.tasks.values()].flatMap((task) => task.lease ?? []));
  }

  return {
    compare,
    step: (step: Command) => (STEPS[step.do] as (step: Command) => Promise<unknown>)(step),
    close: () => store.close(),
  };
}

function withoutEvents(task: ModelTask): Omit<ModelTask, 'events'> {
  const { events, ...facts } = task;
  expect(events[0]).toBe('created');
  return facts;
}
