/** One request of a run on its way to the API, and the answer on its way back, byte by byte. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { codeOf } from '../errors.ts';
import { createAnswerReader, type AnswerReader } from './model-answer.ts';
import type { ModelProxyOptions } from './model-proxy-options.ts';
import { passedHeaders, withCredential, type ModelRequest } from './model-request.ts';
import type { ModelTally } from './model-tally.ts';
import { troubleOf } from './model-trouble.ts';

export type ExchangeWays = Pick<
  ModelProxyOptions,
  'upstream' | 'credential' | 'dispatcher' | 'patience' | 'clock' | 'stallMs' | 'events'
> & { readonly tally: ModelTally; readonly told: () => void };

export interface Exchange {
  /** Resolves when neither side has anything more to say. */
  readonly over: Promise<void>;
  cut(): void;
}

interface Asked {
  readonly request: ModelRequest;
  readonly headers: IncomingHttpHeaders;
  readonly outgoing: ServerResponse;
}

const LONGEST_REASON = 4_096;

export function createExchange(asked: Asked, ways: ExchangeWays): Exchange {
  const ended = new AbortController();
  const { outgoing } = asked;
  const cut = () => {
    ended.abort();
    outgoing.destroy();
  };
  // Whoever asked has gone: the answer must not go on being written, and paid for.
  outgoing.once('close', () => {
    ended.abort();
  });
  const stall = startStall(ways, cut);
  const over = pass(asked, ways, { signal: ended.signal, touch: stall.touch })
    .catch((error: unknown) => {
      // Cut by us or by the run itself: nothing is wrong with the API.
      const isOurs = ended.signal.aborted && !stall.isOver();
      if (!isOurs) ways.events.trouble({ kind: 'overload', detail: reasonOf(error, stall.isOver()) });
      if (outgoing.headersSent || ended.signal.aborted) outgoing.destroy();
      else outgoing.writeHead(502, { 'content-type': 'application/json' }).end(UNREACHABLE);
    })
    .finally(stall.stop);
  return { over, cut };
}

const UNREACHABLE = JSON.stringify({
  type: 'error',
  error: { type: 'api_error', message: 'Athena: the API cannot be reached.' },
});

interface Course {
  readonly signal: AbortSignal;
  readonly touch: () => void;
}

async function pass(asked: Asked, ways: ExchangeWays, course: Course): Promise<void> {
  const { request, outgoing } = asked;
  const base = new URL(ways.upstream);
  const answer = await ways.dispatcher.request({
    origin: base.origin,
    path: base.pathname.replace(/\/+$/, '') + request.target,
    method: 'POST',
    headers: {
      ...withCredential(passedHeaders(asked.headers), ways.credential),
      // Packed, its usage could not be read on the way.
      'accept-encoding': 'identity',
    },
    body: request.body,
    headersTimeout: 0,
    bodyTimeout: 0,
    signal: course.signal,
  });
  alive(ways, course);
  const { statusCode, headers } = answer;
  outgoing.writeHead(statusCode, passedHeaders(headers));
  outgoing.flushHeaders();
  if (statusCode === 200) await passAnswer(answer, { asked, ways, course });
  else await passRefusal(answer, { asked, ways, course });
  outgoing.end();
}

interface Passing {
  readonly asked: Asked;
  readonly ways: ExchangeWays;
  readonly course: Course;
}

async function passAnswer(answer: Dispatcher.ResponseData, { asked, ways, course }: Passing): Promise<void> {
  const { request, outgoing } = asked;
  const isStream = String(answer.headers['content-type'] ?? '').includes('event-stream');
  const reader = request.isCounting
    ? null
    : createAnswerReader(isStream, () => {
        seen(reader, ways, request);
      });
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      alive(ways, course);
      reader?.add(chunk);
      await write(outgoing, chunk, course.signal);
    }
    reader?.end();
    ways.patience.reset();
    ways.events.trouble(null);
  } finally {
    if (reader !== null) {
      ways.tally.close(request, reader.reading());
      ways.told();
    }
  }
}

function seen(reader: AnswerReader | null, ways: ExchangeWays, request: ModelRequest): void {
  if (reader === null) return;
  ways.tally.see(request, reader.reading());
  ways.told();
}

async function passRefusal(answer: Dispatcher.ResponseData, { asked, ways, course }: Passing): Promise<void> {
  let body = '';
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    alive(ways, course);
    if (body.length < LONGEST_REASON) body += chunk.toString('utf8');
    await write(asked.outgoing, chunk, course.signal);
  }
  const refusal = { status: answer.statusCode, headers: answer.headers, body: body.slice(0, LONGEST_REASON) };
  const trouble = troubleOf(refusal, ways.patience, ways.clock.now());
  if (trouble !== null) ways.events.trouble(trouble);
}

function alive(ways: ExchangeWays, course: Course): void {
  course.touch();
  ways.events.alive();
}

/** As fast as the run reads, so that nothing piles up in between. */
function write(outgoing: ServerResponse, chunk: Buffer, signal: AbortSignal): Promise<void> | undefined {
  if (outgoing.write(chunk)) return undefined;
  return new Promise((resolve, reject) => {
    const stop = () => {
      reject(new Error('cut'));
    };
    signal.addEventListener('abort', stop, { once: true });
    outgoing.once('drain', () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
  });
}

function startStall({ clock, stallMs }: ExchangeWays, cut: () => void) {
  let last = clock.monotonicMs();
  let isOver = false;
  let callOff = clock.after(stallMs, look);
  function look(): void {
    const leftMs = last + stallMs - clock.monotonicMs();
    if (leftMs > 0) callOff = clock.after(leftMs, look);
    else {
      isOver = true;
      cut();
    }
  }
  return {
    touch: () => {
      last = clock.monotonicMs();
    },
    isOver: () => isOver,
    stop: () => {
      callOff();
    },
  };
}

function reasonOf(error: unknown, isStalled: boolean): string {
  if (isStalled) return 'The API stopped in the middle of an answer.';
  const code = codeOf(error);
  return `The API cannot be reached${code === '' ? '' : ` (${code})`}.`;
}
