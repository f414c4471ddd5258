/** Tasks over HTTP: validate, one call, answer. */
import type { Context, Hono } from 'hono';
import { ENDPOINTS } from '../../contract/endpoints.ts';
import { lanesFor } from '../../core/lanes.ts';
import type { Caller } from '../../core/ownership.ts';
import { required, type Task } from '../../core/task.ts';
import { ok } from '../answers.ts';
import { parseBody, readText } from '../body.ts';
import type { RouteDeps } from '../deps.ts';
import type { HttpEnv } from '../env.ts';
import { readInstanceId, readTaskId, readTaskQuery } from '../queries.ts';
import { toLogEntry, toTaskView, toTaskViewOrNull } from '../views.ts';
import type { View } from '../writes.ts';

const TASK: View<Task> = { body: (task) => ({ task: toTaskView(task) }) };
const STATUS_AND_TASK: View<Task> = { body: (task) => ({ status: task.status, task: toTaskView(task) }) };
const CREATED: View<Task> = {
  status: 201,
  body: (task) => ({ task_id: task.id, status: task.status, task: toTaskView(task) }),
};

export function addTaskReads(app: Hono<HttpEnv>, { store }: RouteDeps): void {
  app.get(ENDPOINTS.listTasks.path, async (c) => {
    const page = await store.tasks(readTaskQuery(c));
    return ok(c, { tasks: page.tasks.map(toTaskView), next_cursor: page.nextCursor });
  });

  app.get(ENDPOINTS.nextTask.path, async (c) => {
    const instanceId = readInstanceId(c);
    return ok(c, { task: toTaskViewOrNull(await store.nextReady(lanesFor(instanceId))) });
  });

  app.get(ENDPOINTS.getTask.path, async (c) => {
    const id = readTaskId(c);
    return ok(c, { task: toTaskView(required(await store.task(id), id)) });
  });

  app.get(ENDPOINTS.taskLogs.path, async (c) => {
    const id = readTaskId(c);
    required(await store.task(id), id);
    return ok(c, { logs: (await store.events(id)).map(toLogEntry) });
  });
}

export function addTaskWrites(app: Hono<HttpEnv>, { tasks, writes }: RouteDeps): void {
  app.post(ENDPOINTS.createTask.path, async (c) => {
    const text = await readText(c);
    const body = parseBody(text, ENDPOINTS.createTask.body);
    const wanted = {
      description: body.description,
      priority: body.priority ?? undefined,
      target: body.target ?? undefined,
      submittedBy: body.submitted_by ?? undefined,
    };
    return writes.answer(c, text, { work: tasks.submit(wanted, toSpeaker(body)), view: CREATED });
  });

  app.put(ENDPOINTS.editTask.path, async (c) => {
    const id = readTaskId(c);
    const text = await readText(c);
    const body = parseBody(text, ENDPOINTS.editTask.body);
    return writes.answer(c, text, { work: tasks.edit(id, toSpeaker(body), body.description), view: TASK });
  });

  app.put(ENDPOINTS.setPriority.path, async (c) => {
    const id = readTaskId(c);
    const text = await readText(c);
    const body = parseBody(text, ENDPOINTS.setPriority.body);
    const work = tasks.changePriority(id, toSpeaker(body), body.priority);
    return writes.answer(c, text, { work, view: TASK });
  });

  app.post(ENDPOINTS.cancelTask.path, async (c) => {
    const id = readTaskId(c);
    const text = await readText(c);
    const body = parseBody(text, ENDPOINTS.cancelTask.body);
    const work = tasks.cancel(id, toSpeaker(body), body.reason ?? undefined);
    return writes.answer(c, text, { work, view: STATUS_AND_TASK });
  });

  app.post(ENDPOINTS.requeueTask.path, async (c) => {
    const id = readTaskId(c);
    const text = await readText(c);
    const body = parseBody(text, ENDPOINTS.requeueTask.body);
    return writes.answer(c, text, { work: tasks.requeue(id, toSpeaker(body)), view: STATUS_AND_TASK });
  });
}

export function addAttemptRoutes(app: Hono<HttpEnv>, { tasks, writes, claims }: RouteDeps): void {
  app.post(ENDPOINTS.claimNext.path, async (c) => {
    const text = await readText(c);
    const body = parseBody(text, ENDPOINTS.claimNext.body);
    return claims.next(c, text, { by: toClaimRequest(body), waitMs: (body.wait_seconds ?? 0) * 1000 });
  });

  app.post(ENDPOINTS.claimTask.path, async (c) => {
    const id = readTaskId(c);
    const text = await readText(c);
    return claims.byId(c, text, { id, by: toClaimRequest(parseBody(text, ENDPOINTS.claimTask.body)) });
  });

  app.put(ENDPOINTS.setStatus.path, async (c) => {
    const id = readTaskId(c);
    const text = await readText(c);
    const body = parseBody(text, ENDPOINTS.setStatus.body);
    const wish = { status: body.status, notes: body.notes ?? undefined };
    return writes.answer(c, text, { work: tasks.setStatus(id, toCaller(body), wish), view: TASK });
  });

  addEndRoutes(app, { tasks, writes });
}

function addEndRoutes(app: Hono<HttpEnv>, { tasks, writes }: Pick<RouteDeps, 'tasks' | 'writes'>): void {
  app.post(ENDPOINTS.completeTask.path, async (c: Context<HttpEnv>) => {
    const id = readTaskId(c);
    const text = await readText(c);
    const body = parseBody(text, ENDPOINTS.completeTask.body);
    return writes.answer(c, text, {
      work: tasks.complete(id, toCaller(body), body.notes ?? undefined),
      view: {
        body: ({ task, next }) => ({
          status: task.status,
          task: toTaskView(task),
          next_task: toTaskViewOrNull(next),
        }),
      },
    });
  });

  app.post(ENDPOINTS.failTask.path, async (c) => {
    const id = readTaskId(c);
    const text = await readText(c);
    const body = parseBody(text, ENDPOINTS.failTask.body);
    const failure = {
      error: body.error,
      retry: body.retry ?? true,
      retryInMs: (body.retry_in_seconds ?? 0) * 1000,
    };
    return writes.answer(c, text, { work: tasks.fail(id, toCaller(body), failure), view: STATUS_AND_TASK });
  });

  app.post(ENDPOINTS.releaseTask.path, async (c) => {
    const id = readTaskId(c);
    const text = await readText(c);
    const body = parseBody(text, ENDPOINTS.releaseTask.body);
    const how = { reason: body.reason ?? undefined, retryInMs: (body.retry_in_seconds ?? 0) * 1000 };
    return writes.answer(c, text, { work: tasks.release(id, toCaller(body), how), view: STATUS_AND_TASK });
  });
}

interface Proof {
  readonly instance_id?: string | null | undefined;
  readonly lease_id?: string | null | undefined;
}

/** People do these to any task, and an instance may say who it is. */
function toSpeaker(body: Pick<Proof, 'instance_id'>): Caller {
  return { speaker: body.instance_id ?? undefined };
}

function toCaller(body: Proof): Caller {
  return { instanceId: body.instance_id ?? undefined, leaseId: body.lease_id ?? undefined };
}

function toClaimRequest(body: {
  readonly instance_id: string;
  readonly instance_name?: string | null | undefined;
  readonly lease_seconds?: number | null | undefined;
}) {
  return {
    instanceId: body.instance_id,
    instanceName: body.instance_name ?? undefined,
    leaseMs: body.lease_seconds == null ? undefined : body.lease_seconds * 1000,
  };
}
