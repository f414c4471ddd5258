/** The queue through its use cases and its store, without HTTP. */
import type Database from 'better-sqlite3';
import { expect } from 'vitest';
import type { ClaimRequest, Claimed, ClaimedNext } from '../../../src/core/claim-use-cases.ts';
import type { SubmitTask } from '../../../src/core/edit-use-cases.ts';
import type { Completed } from '../../../src/core/end-use-cases.ts';
import { DomainError } from '../../../src/core/errors.ts';
import { createInstanceService, type HeartbeatAnswer } from '../../../src/core/instance-service.ts';
import { OWNER_KEY } from '../../../src/core/key.ts';
import type { Store } from '../../../src/core/ports.ts';
import { NO_BUDGET, type Task } from '../../../src/core/task.ts';
import { createTaskService } from '../../../src/core/task-service.ts';
import type { QueueState, Renewal, Work } from '../../../src/core/work.ts';
import { waitingFor, type QueueFacts } from '../../../src/core/waiting-for.ts';
import {
  toInstanceView,
  toLeaseView,
  toTaskView,
  toTaskViewOrNull,
  type Waits,
} from '../../../src/http/views.ts';
import { countRows, openStore } from '../../store/world.ts';
import { manualClock, type ManualClock } from '../../support/clock.ts';
import { recordingLogger } from '../../support/logger.ts';
import { WRITES, type Body, type Command, type Write } from '../command.ts';
import type { Answer } from '../model/explain.ts';
import { createTime, isPassing, POLICY, type Driver } from './driver.ts';
import { createStoreReads } from './store-reads.ts';

interface Made<R = unknown> {
  readonly work: Work<R>;
  readonly view: (result: R, waits: Waits) => object;
}

const STATUS_OF: Readonly<Record<string, number>> = { invalid_input: 400, task_not_found: 404 };

const taskView = (task: Task, waits: Waits) => ({ task: toTaskView(task, waits) });
const statusView = (task: Task, waits: Waits) => ({ status: task.status, task: toTaskView(task, waits) });
const claimedView = (claimed: Claimed, waits: Waits) => ({
  ...statusView(claimed.task, waits),
  lease: toLeaseView(claimed),
});
const nextView = (next: ClaimedNext, waits: Waits) =>
  next.claimed === null
    ? { task: null, ...(next.paused && { paused: true }) }
    : claimedView(next.claimed, waits);
const completedView = ({ task, next }: Completed, waits: Waits) => ({
  ...statusView(task, waits),
  next_task: toTaskViewOrNull(next, waits),
});
const leaseView = ({ taskId, leaseId, expiresAt }: Renewal) => ({
  task_id: taskId,
  lease_id: leaseId,
  expires_at: expiresAt.toISOString(),
});
const heardView = (heard: HeartbeatAnswer) => ({
  instance: toInstanceView({ ...heard.instance, status: heard.instance.holdsLease ? 'working' : 'idle' }),
  leases: heard.leases.map(leaseView),
  lost: heard.lost.map(({ leaseId, taskId, reason }) => ({ lease_id: leaseId, task_id: taskId, reason })),
  unclaimed: heard.unclaimed.map(leaseView),
  cancelled_task_ids: heard.cancelledTaskIds,
  heartbeat_seconds: heard.heartbeatSeconds,
});

const caller = (body: Body) => ({ key: OWNER_KEY, instanceId: body.instance_id, leaseId: body.lease_id });
const speaker = (body: Body) => ({ key: OWNER_KEY, speaker: body.instance_id });
const delayMs = (body: Body) => (body.retry_in_seconds ?? 0) * 1000;
const claimant = (body: Body): ClaimRequest => ({
  key: OWNER_KEY,
  instanceId: body.instance_id ?? '',
  instanceName: body.instance_name,
  projects: body.projects,
  capabilities: body.capabilities,
  leaseMs: body.lease_seconds === undefined ? undefined : body.lease_seconds * 1000,
});

const submission = (body: Body): SubmitTask => ({
  description: body.description ?? '',
  priority: body.priority,
  target: body.target,
  submittedBy: body.submitted_by,
  project: body.project,
  requires: body.requires,
  model: body.model,
  budget: { ...NO_BUDGET, costUsd: body.max_cost_usd ?? null, turns: body.max_turns ?? null },
});

function createWrites(clock: ManualClock) {
  let leases = 0;
  const ids = { leaseId: () => `lease-${(leases += 1)}` };
  const tasks = createTaskService({ clock, ids, policy: POLICY });
  const instances = createInstanceService({ clock });
  const made = <R>(work: Work<R>, view: Made<R>['view']) => ({ work, view }) as Made;
  const queue = (work: Work<QueueState>) => made(work, (state) => state);
  const makers: Readonly<Record<Write, (id: number, body: Body) => Made>> = {
    add: (_, body) =>
      made(tasks.submit(submission(body), speaker(body)), (task, waits) => ({
        task_id: task.id,
        ...statusView(task, waits),
      })),
    edit: (id, body) => made(tasks.edit(id, speaker(body), body.description ?? ''), taskView),
    priority: (id, body) =>
      made(tasks.changePriority(id, speaker(body), body.priority ?? 'medium'), taskView),
    cancel: (id, body) => made(tasks.cancel(id, speaker(body), body.reason), statusView),
    requeue: (id, body) => made(tasks.requeue(id, speaker(body)), statusView),
    claim: (id, body) => made(tasks.claim(id, claimant(body)), claimedView),
    claimNext: (_, body) => made(tasks.claimNext(claimant(body)), nextView),
    complete: (id, body) => made(tasks.complete(id, caller(body), body.notes), completedView),
    fail(id, body) {
      const failure = { error: body.error ?? '', retry: body.retry ?? true, retryInMs: delayMs(body) };
      return made(tasks.fail(id, caller(body), failure), statusView);
    },
    release: (id, body) =>
      made(tasks.release(id, caller(body), { reason: body.reason, retryInMs: delayMs(body) }), statusView),
    setStatus: (id, body) =>
      made(tasks.setStatus(id, caller(body), { status: body.status, notes: body.notes }), taskView),
    pause: (_, body) => queue(tasks.pause(body.reason, speaker(body))),
    resume: (_, body) => queue(tasks.resume(body.reason, speaker(body))),
    heartbeat: (_, { instance_id: instanceId = '', instance_name: instanceName, lease_ids: leaseIds }) =>
      made(instances.heartbeat({ instanceId, instanceName, leaseIds }), heardView),
  };
  return { makers, seen: (instance: string) => instances.seen(instance) };
}

const isWrite = (command: Command): command is Command & { do: Write } =>
  (WRITES as readonly string[]).includes(command.do);

/** As the HTTP side answers a refusal. */
async function orRefusal(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const body = { error: error.code, message: error.message, details: error.details };
    return { status: STATUS_OF[error.code] ?? 409, body };
  }
}

export async function createStoreDriver(): Promise<Driver> {
  const clock = manualClock();
  const { store, client } = await openStore({ path: ':memory:', clock, logger: recordingLogger() });
  const { makers, seen } = createWrites(clock);
  const pass = createTime({ clock, store });
  const read = createStoreReads({ store, clock });

  async function write(command: Command & { do: Write }): Promise<Answer> {
    const { work, view } = makers[command.do](command.id ?? 0, command.body);
    const status = command.do === 'add' ? 201 : 200;
    const { key, ...rest } = command;
    const show = (result: unknown, facts: QueueFacts) => view(result, (task) => waitingFor(task, facts));
    if (key === undefined) return { status, body: await store.decideShown(work, { render: show }) };
    const render = (result: unknown, facts: QueueFacts) => {
      const body = show(result, facts) as { lease?: { lease_id: string } };
      return { status, body: JSON.stringify(body), leaseId: body.lease?.lease_id ?? null };
    };
    const answer = await store.decideOnce(work, { key, fingerprint: JSON.stringify(rest), render });
    return { status: answer.status, body: JSON.parse(answer.body) as unknown };
  }

  return {
    async ask(command) {
      if (isPassing(command)) return pass(command);
      if (isWrite(command)) return orRefusal(write(command));
      const { instance_id: reader } = command.body;
      // As over HTTP: answered first.
      const answer = await orRefusal(read(command));
      if (reader !== undefined) await store.decide(seen(reader));
      return answer;
    },
    inspect: () => inspect(store, client),
    close: () => store.close(),
  };
}

/** Counters are counted, and no task is held twice: what no answer shows. */
async function inspect(store: Store, client: Database.Database): Promise<void> {
  expect((await store.counts()).counts).toEqual(countRows(client));
  const rows = (query: string) => client.prepare(query).pluck().all();
  const live = rows('SELECT lease_id FROM leases WHERE ended_at IS NULL ORDER BY lease_id');
  expect(live).toEqual(rows('SELECT lease_id FROM tasks WHERE lease_id IS NOT NULL ORDER BY lease_id'));
}
