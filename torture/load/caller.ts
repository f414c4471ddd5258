/**
 * One HTTP operation until it is answered: a write with an idempotency key is sent again, word for word, as the
 * client does it; one without is sent once, unless repeating it is harmless.
 */
import http from 'node:http';
import { KEY } from '../../tests/support/http-world.ts';
import type { Op, Settled, Wish } from '../journal.ts';
import { pause } from '../pause.ts';
import type { Dice } from '../random.ts';
import type { World } from '../world.ts';

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body?: object;
  /** How long the server may take on purpose. */
  readonly waitMs?: number;
}

export interface Reply {
  readonly status: number;
  readonly json: Answered;
}

/** The fields of all answers that the load reads. */
export interface Answered {
  readonly error?: string;
  readonly status?: string;
  readonly task?: { readonly id: number; readonly status: string } | null;
  readonly tasks?: readonly { readonly id: number; readonly status: string }[];
  readonly lease?: { readonly lease_id: string };
  readonly pending?: number;
  readonly in_progress?: number;
  readonly notifications?: { readonly undelivered: number };
  readonly discord?: string;
}

const TIMEOUT_MS = 10_000;
const AGAIN_MS = 150;
/** Statuses from here on (429, 5xx) may be others later. */
const NOT_NOW = 429;
/** Who is told "not now" comes back sooner than asked: a run is short. */
const PATIENCE_MS = 500;
/** How long an operation is repeated before it counts as unknown. */
const GIVE_UP_MS = 25_000;

export interface Caller {
  /** One request; null when it was not answered. */
  send(request: Request, key?: string): Promise<Reply | null>;
  /** The operation, from the first send to what became of it. Null when it was never answered. */
  run(
    wish: (token: string) => Wish,
    request: (token: string) => Request,
  ): Promise<{ op: Op; reply: Reply | null }>;
}

export function createCaller({ journal, keeper, proxy, board, over, findings }: World, dice: Dice): Caller {
  const agent = new http.Agent({ keepAlive: true });

  function see({ status, json }: Reply, request: Request): void {
    for (const task of [json.task, ...(json.tasks ?? [])]) {
      if (task) board.saw(task.id, task.status);
    }
    if (status === 500) findings.push(`500 for ${request.method} ${request.path}`);
  }

  async function send(request: Request, key?: string): Promise<Reply | null> {
    const port = dice.chance(0.5) ? proxy.port : keeper.port;
    const reply = await exchange({ ...request, port, agent, key, signal: over });
    if (reply !== null) see(reply, request);
    return reply;
  }

  return {
    send,
    async run(wish, toRequest) {
      const op = journal.open(wish);
      const request = toRequest(op.token);
      const key = op.isKeyed === true ? op.token : undefined;
      const isHarmless = key !== undefined || isRepeatable(op);
      const until = performance.now() + GIVE_UP_MS;
      let reply = await attempt();
      while (isHarmless && !isFinal(reply) && !over.aborted && performance.now() < until) {
        await pause(reply === null ? AGAIN_MS : PATIENCE_MS, over);
        reply = await attempt();
      }
      journal.settle(op, toSettled(reply, isHarmless));
      return { op, reply };

      function attempt(): Promise<Reply | null> {
        op.tries += 1;
        return send(request, key);
      }
    },
  };
}

function isFinal(reply: Reply | null): boolean {
  return reply !== null && reply.status < NOT_NOW;
}

/** The contract: repeated with the lease that did it, these answer 200 and change nothing. */
function isRepeatable({ kind, leaseId }: Wish): boolean {
  return leaseId !== undefined && ['complete', 'fail', 'release', 'heartbeat'].includes(kind);
}

/** "Not now" is a promise that nothing happened; after a lost answer it says nothing about that one. */
function toSettled(reply: Reply | null, isRepeated: boolean): Settled {
  if (reply === null) return { outcome: 'unknown', said: 'nothing' };
  const { status, json } = reply;
  const refused = isRepeated && status >= NOT_NOW ? 'unknown' : 'refused';
  return {
    outcome: status < 300 ? 'acknowledged' : refused,
    said: `${status} ${json.error ?? ''}`.trim(),
    taskId: json.task?.id,
    leaseId: json.lease?.lease_id,
  };
}

interface Exchange extends Request {
  readonly port: number;
  readonly agent: http.Agent;
  readonly key: string | undefined;
  readonly signal: AbortSignal;
}

function exchange({
  port,
  agent,
  key,
  signal,
  method,
  path,
  body,
  waitMs = 0,
}: Exchange): Promise<Reply | null> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    'x-api-key': KEY,
    ...(text !== undefined && {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    }),
    ...(key !== undefined && { 'idempotency-key': key }),
  };
  return new Promise((resolve) => {
    const lost = () => {
      resolve(null);
    };
    const request = http.request({ host: '127.0.0.1', port, agent, method, path, headers, signal });
    const late = setTimeout(() => {
      request.destroy();
    }, TIMEOUT_MS + waitMs);
    request.once('error', lost);
    let answering: Promise<unknown> = Promise.resolve();
    request.once('response', (answer) => {
      answering = readReply(answer).then(resolve, lost);
    });
    request.once('close', () => {
      clearTimeout(late);
      void answering.then(lost);
    });
    request.end(text);
  });
}

async function readReply(answer: http.IncomingMessage): Promise<Reply | null> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  // Half an answer is none.
  const json = JSON.parse(Buffer.concat(chunks).toString()) as Answered;
  return { status: answer.statusCode ?? 0, json };
}
