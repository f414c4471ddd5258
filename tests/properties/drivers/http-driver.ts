/** The queue through its REST API: the app's own `fetch`, or a server on a real socket. */
import { createParts, toReply, toRequest, type Send } from '../../support/http-world.ts';
import { turns } from '../../support/http-until.ts';
import { manualClock } from '../../support/clock.ts';
import { listen } from '../../../src/http/server.ts';
import type { Command, Read, Write } from '../command.ts';
import type { Answer } from '../model/explain.ts';
import { byId, createTime, isPassing, POLICY, type Driver, type Named } from './driver.ts';

const CALLS: Readonly<Record<Write | Exclude<Read, 'list'>, readonly [method: string, path: string]>> = {
  add: ['POST', '/api/tasks'],
  edit: ['PUT', '/api/tasks/:id'],
  priority: ['PUT', '/api/tasks/:id/priority'],
  cancel: ['POST', '/api/tasks/:id/cancel'],
  requeue: ['POST', '/api/tasks/:id/requeue'],
  claim: ['POST', '/api/tasks/:id/claim'],
  claimNext: ['POST', '/api/tasks/claim'],
  complete: ['POST', '/api/tasks/:id/complete'],
  fail: ['POST', '/api/tasks/:id/fail'],
  release: ['POST', '/api/tasks/:id/release'],
  setStatus: ['PUT', '/api/tasks/:id/status'],
  pause: ['POST', '/api/queue/pause'],
  resume: ['POST', '/api/queue/resume'],
  heartbeat: ['POST', '/api/instance/heartbeat'],
  get: ['GET', '/api/tasks/:id'],
  logs: ['GET', '/api/tasks/:id/logs'],
  peek: ['GET', '/api/tasks/next'],
  stats: ['GET', '/api/stats'],
  instances: ['GET', '/api/instances'],
};

/** What goes over the wire for one command; a list may take several. */
export function requestOf(command: Command & { do: keyof typeof CALLS }) {
  const [method, pattern] = CALLS[command.do];
  const path = pattern.replace(':id', String(command.id));
  if (method === 'GET') {
    const query = new URLSearchParams(command.body as Record<string, string>).toString();
    return { method, path: query === '' ? path : `${path}?${query}`, sent: {} };
  }
  const sent = { body: command.body, ...(command.key !== undefined && { idempotencyKey: command.key }) };
  return { method, path, sent };
}

interface Page {
  readonly tasks: unknown;
  readonly next_cursor: string | null;
}

async function listAll(send: Send, { statuses = [], limit = 50 }: Command): Promise<Answer> {
  const pages: unknown[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = `status=${statuses.join(',')}&limit=${limit}&cursor=${cursor}`;
    const { status, json } = await send('GET', `/api/tasks?${query}`);
    if (status !== 200) return { status, body: json };
    const page = json as Page;
    pages.push(page.tasks);
    cursor = page.next_cursor;
  }
  return { status: 200, body: { pages } };
}

/** An answer with everything put in order whose order nobody promises. */
export function readable(command: Command, answer: Answer): Answer {
  const { instances } = answer.body as { instances?: Named[] };
  if (command.do !== 'instances' || instances === undefined) return answer;
  return { ...answer, body: { instances: byId(instances) } };
}

/** Asks over any connection. */
export async function askOver(send: Send, command: Command): Promise<Answer> {
  if (command.do === 'list') return listAll(send, command);
  if (isPassing(command)) throw new Error('time is no request');
  const { method, path, sent } = requestOf(command as Command & { do: keyof typeof CALLS });
  const { status, json } = await send(method, path, sent);
  return readable(command, { status, body: json });
}

export async function createHttpDriver({ socket }: { socket: boolean }): Promise<Driver> {
  const clock = manualClock();
  const { app, store, logger } = await createParts(clock, { policy: POLICY });
  const server = socket ? await listen(app, { host: '127.0.0.1', port: 0, logger }) : null;
  const base = server === null ? 'http://athena' : `http://127.0.0.1:${server.port}`;
  const send: Send = async (method, path, sent = {}) => {
    const { body, headers } = toRequest(sent);
    const request = new Request(base + path, { method, headers, ...(body !== undefined && { body }) });
    return toReply(await (server === null ? app.fetch(request, {}) : fetch(request)));
  };
  const pass = createTime({ clock, store });
  return {
    async ask(command) {
      if (isPassing(command)) return pass(command);
      const answer = await askOver(send, command);
      // A read that names its instance is answered before that sign of life is written down.
      if (command.do === 'peek') await turns(3);
      return answer;
    },
    async close() {
      await server?.stop(0);
      await store.close();
    },
  };
}
