/** The whole API over a real store, without a socket: what a request says, and what the answer says. */
import type { z } from 'zod';
import { ENDPOINTS } from '../../src/contract/endpoints.ts';
import { createInstanceService } from '../../src/core/instance-service.ts';
import { createKeyService } from '../../src/core/key-service.ts';
import type { Clock, DeliveryStatus, IdSource, Store } from '../../src/core/ports.ts';
import type { QueuePolicy } from '../../src/core/task-deps.ts';
import { createNewsRoom } from '../../src/core/news-room.ts';
import { createRunService } from '../../src/core/run-service.ts';
import { createTaskService } from '../../src/core/task-service.ts';
import { createWaitingClaims } from '../../src/core/waiting-claims.ts';
import { createHttpApp } from '../../src/http/app.ts';
import type { FrontEndHealth, HttpDeps } from '../../src/http/deps.ts';
import type { HttpApp } from '../../src/http/env.ts';
import { createKeyring } from '../../src/http/keyring.ts';
import { createRunFiles } from '../../src/store/run-files.ts';
import { createSqliteStore } from '../../src/store/sqlite-store.ts';
import { manualClock } from './clock.ts';
import { recordingLogger } from './logger.ts';

export const KEY = 'the-key-of-this-test';
const NO_DELIVERY: DeliveryStatus = { undelivered: 0, oldestSeconds: null, blocked: null };

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
  /** The error code, if it is a refusal. */
  readonly error: string | undefined;
  /** Reads the answer with the contract's own shape. */
  as<S extends z.ZodType>(shape: S): z.output<S>;
}

export interface Sent {
  /** An object is sent as JSON, text as it is. */
  readonly body?: unknown;
  /** `null` leaves a header out that would be there otherwise. */
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly idempotencyKey?: string;
}

export type Send = (method: string, path: string, sent?: Sent) => Promise<Reply>;

export interface PartsOptions {
  readonly path?: string;
  readonly policy?: Partial<QueuePolicy>;
  /** Counts up if not given: enough for one life of a database. */
  readonly ids?: IdSource;
  readonly frontEndHealth?: () => Promise<FrontEndHealth>;
  /** Puts something between the API and its store. */
  readonly wrap?: (store: Store) => Store;
  readonly clientFile?: string;
  readonly trustedProxies?: readonly string[];
  readonly timeZone?: string;
}

/** Everything that an HTTP app is made of; the caller closes the store. */
export async function createParts<C extends Clock>(clock: C, options: PartsOptions = {}) {
  const logger = recordingLogger();
  const real = await createSqliteStore({ path: options.path ?? ':memory:', clock, logger });
  const store = options.wrap?.(real) ?? real;
  const policy = { leaseMs: 120 * 60_000, maxAttempts: 3, ...options.policy };
  const waitingClaims = createWaitingClaims({ store, clock });
  const keys = createKeyService({ clock });
  const files = createRunFiles({
    path: options.path ?? ':memory:',
    largestTranscriptBytes: 16 * 1024 * 1024,
  });
  const room = createNewsRoom({ store, clock });
  const ids = options.ids ?? countingIds();
  const deps: HttpDeps = {
    store,
    tasks: createTaskService({ clock, ids, policy, hasTranscript: files.hasTranscript }),
    instances: createInstanceService({ clock }),
    runs: createRunService({ clock }),
    files,
    room,
    waitingClaims,
    clock,
    logger,
    apiKey: KEY,
    keys,
    keyring: await createKeyring({ store, keys, clock, logger }),
    trustedProxies: options.trustedProxies ?? [],
    timeZone: options.timeZone,
    version: '1.2.3',
    clientFile: options.clientFile ?? '/nowhere/claude-task-client.mjs',
    frontEndHealth:
      options.frontEndHealth ?? (() => Promise.resolve({ discord: 'disabled', delivery: NO_DELIVERY })),
  };
  return {
    app: createHttpApp(deps),
    store,
    tasks: deps.tasks,
    clock,
    logger,
    waitingClaims,
    runs: deps.runs,
    files,
    room,
  };
}

export async function createHttpWorld(options: PartsOptions = {}) {
  const parts = await createParts(manualClock(), options);
  const send = sender(parts.app);
  return { ...parts, send, api: createApi(send) };
}

export type HttpWorld = Awaited<ReturnType<typeof createHttpWorld>>;

function countingIds(): IdSource {
  let count = 0;
  return { leaseId: () => `lease-${(count += 1)}` };
}

function sender(app: HttpApp): Send {
  return async (method, path, sent = {}) => {
    const { body, headers } = toRequest(sent);
    const init = { method, headers, ...(body !== undefined && { body }) };
    return toReply(await app.fetch(new Request(`http://athena${path}`, init), {}));
  };
}

/** What goes over the wire for what a test says. */
export function toRequest({ body, headers = {}, idempotencyKey }: Sent) {
  const all: Record<string, string | null> = {
    'x-api-key': KEY,
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
    ...headers,
  };
  const given = Object.entries(all).filter((header): header is [string, string] => header[1] !== null);
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  return { body: text, headers: Object.fromEntries(given) };
}

export async function toReply(response: Response): Promise<Reply> {
  const text = await response.text();
  return replyOf(response.status, response.headers, text);
}

export function replyOf(status: number, headers: Headers, text: string): Reply {
  const json: unknown = isJson(headers) && text !== '' ? JSON.parse(text) : undefined;
  const error = (json as { error?: unknown } | undefined)?.error;
  return {
    status,
    headers,
    text,
    json,
    error: status >= 400 && typeof error === 'string' ? error : undefined,
    as: (shape) => shape.parse(json),
  };
}

const isJson = (headers: Headers) => headers.get('content-type')?.includes('json') === true;

/** The calls that tests make most, each as one line. They fail unless the answer is a success. */
export function createApi(send: Send) {
  async function ask<S extends z.ZodType>(shape: S, method: string, ...[path, body]: [string, unknown?]) {
    const reply = await send(method, path, body === undefined ? {} : { body });
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${reply.text}`);
    return reply.as(shape);
  }

  return {
    async add(description = 'a task', more: object = {}) {
      return (await ask(ENDPOINTS.createTask.answer, 'POST', '/api/tasks', { description, ...more })).task;
    },
    async get(id: number) {
      return (await ask(ENDPOINTS.getTask.answer, 'GET', `/api/tasks/${id}`)).task;
    },
    async logs(id: number) {
      return (await ask(ENDPOINTS.taskLogs.answer, 'GET', `/api/tasks/${id}/logs`)).logs;
    },
    async actions(id: number) {
      return (await ask(ENDPOINTS.taskLogs.answer, 'GET', `/api/tasks/${id}/logs`)).logs.map(
        ({ action }) => action,
      );
    },
    claim: (id: number, instance = 'mac', more: object = {}) =>
      ask(ENDPOINTS.claimTask.answer, 'POST', `/api/tasks/${id}/claim`, { instance_id: instance, ...more }),
    /** A new task, held by this instance. */
    async held(instance = 'mac', more: object = {}) {
      const { task_id: id } = await ask(ENDPOINTS.createTask.answer, 'POST', '/api/tasks', {
        description: 'a task',
      });
      const body = { instance_id: instance, ...more };
      const { lease, task } = await ask(ENDPOINTS.claimTask.answer, 'POST', `/api/tasks/${id}/claim`, body);
      return { id, lease, task };
    },
    claimNext: (instance = 'mac', more: object = {}) =>
      ask(ENDPOINTS.claimNext.answer, 'POST', '/api/tasks/claim', { instance_id: instance, ...more }),
    beat: (instance = 'mac', more: object = {}) =>
      ask(ENDPOINTS.heartbeat.answer, 'POST', '/api/instance/heartbeat', { instance_id: instance, ...more }),
    stats: () => ask(ENDPOINTS.stats.answer, 'GET', '/api/stats'),
    instances: () => ask(ENDPOINTS.instances.answer, 'GET', '/api/instances'),
    async list(query = '') {
      return ask(ENDPOINTS.listTasks.answer, 'GET', `/api/tasks${query}`);
    },
  };
}
