/**
 * Many workers at once, each with one run that says something several times a second, while somebody else keeps
 * asking. The same questions were asked before anybody worked: that is what the answers are compared with.
 */
import { setTimeout as after } from 'node:timers/promises';
import { openConnection, type Connection } from './connection.ts';

export interface CrewOrder {
  readonly kind: 'crew';
  readonly port: number;
  readonly key: string;
  readonly workers: number;
  /** Messages of each run in a second; they are sent as one batch, as the worker does. */
  readonly perSecond: number;
  readonly seconds: number;
}

/** Milliseconds. */
export interface CrewReport {
  readonly idle: readonly number[];
  readonly busy: readonly number[];
  readonly claims: readonly number[];
  readonly batches: readonly number[];
  readonly messages: number;
  /** Tasks that more than one worker got. */
  readonly doubled: number;
}

const PROBE_EVERY_MS = 10;
const TEXT = 'Looked at the next file, and there is nothing in it that has to change.';

export async function runCrew(order: CrewOrder): Promise<CrewReport> {
  const prober = await openConnection(order.port, order.key);
  const idle = await probeUntil(prober, after(3000));
  const crew = await Promise.all(
    Array.from({ length: order.workers }, () => openConnection(order.port, order.key)),
  );
  const claims: number[] = [];
  const batches: number[] = [];
  const got: number[] = [];
  const working = Promise.all(
    crew.map((connection, index) => work({ connection, index, order, claims, batches, got })),
  );
  const busy = await probeUntil(prober, working);
  for (const connection of [prober, ...crew]) connection.close();
  const messages = batches.length * order.perSecond;
  return { idle, busy, claims, batches, messages, doubled: got.length - new Set(got).size };
}

async function probeUntil(connection: Connection, end: Promise<unknown>): Promise<number[]> {
  const state = { isOver: false };
  const ended = end.finally(() => (state.isOver = true));
  const times: number[] = [];
  while (!state.isOver) {
    times.push(await timed(() => connection.get('/api/tasks?status=pending&limit=20')));
    await after(PROBE_EVERY_MS);
  }
  await ended;
  return times;
}

interface Working {
  readonly connection: Connection;
  readonly index: number;
  readonly order: CrewOrder;
  readonly claims: number[];
  readonly batches: number[];
  readonly got: number[];
}

async function work({ connection, index, order, claims, batches, got }: Working): Promise<void> {
  const instance = `crew-${index}`;
  const session = `session-${index}`;
  // Not all in the same moment: they would measure one another.
  await after((index * 1000) / order.workers);
  const worker = { session, projects: [null], capabilities: [], concurrency: 1 };
  await ask(connection, '/api/instance/heartbeat', { instance_id: instance, worker });
  let task = { id: 0, leaseId: '' };
  claims.push(
    await timed(async () => {
      const wish = { instance_id: instance, session, projects: [null], wait_seconds: 20 };
      const answer = await ask(connection, '/api/tasks/claim', wish);
      const claimed = answer as { task: { id: number }; lease: { lease_id: string } };
      task = { id: claimed.task.id, leaseId: claimed.lease.lease_id };
    }),
  );
  got.push(task.id);
  const totals = { cost_usd: 0.01, cost_estimated: false, input_tokens: 100, output_tokens: 10, turns: 1 };
  for (let second = 0; second < order.seconds; second += 1) {
    const sentAt = performance.now();
    await ask(connection, `/api/tasks/${task.id}/messages`, {
      lease_id: task.leaseId,
      first: second * order.perSecond + 1,
      messages: Array.from({ length: order.perSecond }, () => ({ kind: 'text', text: TEXT })),
      totals: { ...totals, duration_seconds: second },
    });
    batches.push(performance.now() - sentAt);
    await after(Math.max(0, 1000 - (performance.now() - sentAt)));
  }
  const report = {
    outcome: 'no_changes',
    totals: { ...totals, duration_seconds: order.seconds },
    last_reply: 0,
  };
  await ask(connection, `/api/tasks/${task.id}/complete`, { lease_id: task.leaseId, report });
}

async function ask(connection: Connection, path: string, body: object): Promise<unknown> {
  const answer = await connection.post(path, JSON.stringify(body));
  if (answer.status >= 300) throw new Error(`${path} was answered ${answer.status}: ${answer.body}`);
  return JSON.parse(answer.body);
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const sentAt = performance.now();
  await run();
  return performance.now() - sentAt;
}
