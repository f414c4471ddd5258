/** Tasks over HTTP: validate, one call, answer. */
import type { Context } from 'hono';
import type { z } from 'zod';
import { ENDPOINTS } from '../../contract/endpoints.ts';
import type { ClaimRequest } from '../../core/claim-use-cases.ts';
import type { SubmitTask } from '../../core/edit-use-cases.ts';
import { speaksForInstances } from '../../core/key.ts';
import type { Caller } from '../../core/ownership.ts';
import { required, type Task, type TaskBudget } from '../../core/task.ts';
import { ok } from '../answers.ts';
import { parseBody, readText } from '../body.ts';
import type { RouteDeps } from '../deps.ts';
import type { HttpApp, HttpEnv } from '../env.ts';
import { mount } from '../mount.ts';
import { readClaimant, readTaskId, readTaskQuery } from '../queries.ts';
import { toCause, toReportIfAny } from '../run-bodies.ts';
import { toLogEntry, toTaskView, toTaskViewOrNull, type Waits } from '../views.ts';
import type { View } from '../writes.ts';

const TASK: View<Task> = { body: (task, waits) => ({ task: toTaskView(task, waits) }) };
const STATUS_AND_TASK: View<Task> = {
  body: (task, waits) => ({ status: task.status, task: toTaskView(task, waits) }),
};
const CREATED: View<Task> = {
  status: 201,
  body: (task, waits) => ({ task_id: task.id, status: task.status, task: toTaskView(task, waits) }),
};

export function addTaskReads(app: HttpApp, { store, tasks: queue, keyring }: RouteDeps): void {
  const seen = <T>(view: (waits: Waits) => T) => store.look((facts) => view(queue.waits(facts)));

  mount(app, 'listTasks', async (c) => {
    const page = await store.tasks(readTaskQuery(c));
    const tasks = await seen((waits) => page.tasks.map((task) => toTaskView(task, waits)));
    return ok(c, { tasks, next_cursor: page.nextCursor });
  });

  mount(app, 'nextTask', async (c) => {
    const task = await store.nextReady(readClaimant(c), queue.limits());
    return ok(c, { task: await seen((waits) => toTaskViewOrNull(task, waits)) });
  });

  mount(app, 'getTask', async (c) => {
    const id = readTaskId(c);
    const task = required(await store.task(id), id);
    return ok(c, { task: await seen((waits) => toTaskView(task, waits)) });
  });

  mount(app, 'taskLogs', async (c) => {
    const id = readTaskId(c);
    required(await store.task(id), id);
    return ok(c, { logs: (await store.events(id)).map((event) => toLogEntry(event, keyring)) });
  });
}

export function addTaskWrites(app: HttpApp, { tasks, writes }: RouteDeps): void {
  mount(app, 'createTask', async (c) => {
    const text = await readText(c);
    const body = parseBody(c, text, ENDPOINTS.createTask.body);
    const work = tasks.submit(toSubmission(body), toSpeaker(c, body));
    return writes.answer(c, text, { work, view: CREATED });
  });

  mount(app, 'editTask', async (c) => {
    const id = readTaskId(c);
    const text = await readText(c);
    const body = parseBody(c, text, ENDPOINTS.editTask.body);
    return writes.answer(c, text, { work: tasks.edit(id, toSpeaker(c, body), body.description), view: TASK });
  });

  mount(app, 'setPriority', async (c) => {
    const id = readTaskId(c);
    const text = await readText(c);
    const body = parseBody(c, text, ENDPOINTS.setPriority.body);
    const work = tasks.changePriority(id, toSpeaker(c, body), body.priority);
    return writes.answer(c, text, { work, view: TASK });
  });

  mount(app, 'cancelTask', async (c) => {
    const id = readTaskId(c);
    const text = await readText(c);
    const body = parseBody(c, text, ENDPOINTS.cancelTask.body);
    const work = tasks.cancel(id, toSpeaker(c, body), body.reason ?? undefined);
    return writes.answer(c, text, { work, view: STATUS_AND_TASK });
  });

  mount(app, 'requeueTask', async (c) => {
    const id = readTaskId(c);
    const text = await readText(c);
    const body = parseBody(c, text, ENDPOINTS.requeueTask.body);
    return writes.answer(c, text, { work: tasks.requeue(id, toSpeaker(c, body)), view: STATUS_AND_TASK });
  });
}

export function addAttemptRoutes(app: HttpApp, { tasks, writes, claims }: RouteDeps): void {
  mount(app, 'claimNext', async (c) => {
    const text = await readText(c);
    const body = parseBody(c, text, ENDPOINTS.claimNext.body);
    return claims.next(c, text, { by: toClaimRequest(c, body), waitMs: (body.wait_seconds ?? 0) * 1000 });
  });

  mount(app, 'claimTask', async (c) => {
    const id = readTaskId(c);
    const text = await readText(c);
    return claims.byId(c, text, { id, by: toClaimRequest(c, parseBody(c, text, ENDPOINTS.claimTask.body)) });
  });

  mount(app, 'setStatus', async (c) => {
    const id = readTaskId(c);
    const text = await readText(c);
    const body = parseBody(c, text, ENDPOINTS.setStatus.body);
    const wish = { status: body.status, notes: body.notes ?? undefined };
    return writes.answer(c, text, { work: tasks.setStatus(id, toCaller(c, body), wish), view: TASK });
  });

  addEndRoutes(app, { tasks, writes });
}

function addEndRoutes(app: HttpApp, { tasks, writes }: Pick<RouteDeps, 'tasks' | 'writes'>): void {
  mount(app, 'completeTask', async (c) => {
    const id = readTaskId(c);
    const text = await readText(c);
    const body = parseBody(c, text, ENDPOINTS.completeTask.body);
    return writes.answer(c, text, {
      work: tasks.complete(id, toCaller(c, body), {
        notes: body.notes ?? undefined,
        report: toReportIfAny(body.report),
      }),
      view: {
        body: ({ task, next }, waits) => ({
          status: task.status,
          task: toTaskView(task, waits),
          next_task: toTaskViewOrNull(next, waits),
        }),
      },
    });
  });

  mount(app, 'failTask', async (c) => {
    const id = readTaskId(c);
    const text = await readText(c);
    const body = parseBody(c, text, ENDPOINTS.failTask.body);
    const failure = {
      error: body.error,
      retry: body.retry ?? true,
      retryInMs: (body.retry_in_seconds ?? 0) * 1000,
      report: toReportIfAny(body.report),
    };
    return writes.answer(c, text, {
      work: tasks.fail(id, toCaller(c, body), failure),
      view: STATUS_AND_TASK,
    });
  });

  mount(app, 'releaseTask', async (c) => {
    const id = readTaskId(c);
    const text = await readText(c);
    const body = parseBody(c, text, ENDPOINTS.releaseTask.body);
    const how = {
      reason: body.reason ?? undefined,
      retryInMs: (body.retry_in_seconds ?? 0) * 1000,
      cause: toCause(body.cause),
      report: toReportIfAny(body.report),
    };
    const work = tasks.release(id, toCaller(c, body), how);
    return writes.answer(c, text, { work, view: STATUS_AND_TASK });
  });
}

type NewTask = z.output<typeof ENDPOINTS.createTask.body>;

function toSubmission(body: NewTask): SubmitTask {
  return {
    description: body.description,
    priority: body.priority ?? undefined,
    target: body.target ?? undefined,
    submittedBy: body.submitted_by ?? undefined,
    project: body.project ?? undefined,
    requires: body.requires ?? undefined,
    model: body.model ?? undefined,
    budget: toBudget(body),
  };
}

function toBudget(body: NewTask): TaskBudget {
  return {
    costUsd: body.max_cost_usd ?? null,
    tokens: body.max_tokens ?? null,
    turns: body.max_turns ?? null,
    minutes: body.max_minutes ?? null,
  };
}

interface Proof {
  readonly instance_id?: string | null | undefined;
  readonly lease_id?: string | null | undefined;
}

/** People do these to any task, and an instance may say who it is; by a key that is for no instance it is not heard. */
function toSpeaker(c: Context<HttpEnv>, body: Pick<Proof, 'instance_id'>): Caller {
  const key = c.get('key');
  return { key, speaker: speaksForInstances(key) ? (body.instance_id ?? undefined) : undefined };
}

function toCaller(c: Context<HttpEnv>, body: Proof): Caller {
  const { instance_id: instanceId, lease_id: leaseId } = body;
  return { key: c.get('key'), instanceId: instanceId ?? undefined, leaseId: leaseId ?? undefined };
}

interface Wish {
  readonly instance_id: string;
  readonly projects?: readonly (string | null)[] | null | undefined;
  readonly capabilities?: readonly string[] | null | undefined;
  readonly instance_name?: string | null | undefined;
  readonly lease_seconds?: number | null | undefined;
  readonly session?: string | null | undefined;
  readonly account?: string | null | undefined;
}

function toClaimRequest(c: Context<HttpEnv>, body: Wish): ClaimRequest {
  return {
    key: c.get('key'),
    instanceId: body.instance_id,
    instanceName: body.instance_name ?? undefined,
    leaseMs: body.lease_seconds == null ? undefined : body.lease_seconds * 1000,
    projects: body.projects ?? undefined,
    capabilities: body.capabilities ?? undefined,
    session: body.session ?? undefined,
    account: body.account ?? undefined,
  };
}
