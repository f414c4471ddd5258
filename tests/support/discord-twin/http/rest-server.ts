import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Bell } from '../bell.ts';
import type { TwinClock } from '../clock.ts';
import { refuse, RefusedError } from '../refusals.ts';
import { findRoute, rateLimited, type RestAnswer, type RestCall, type Route } from '../rest/router.ts';
import { readBody } from './body.ts';
import type { Fault, FaultHit, Faults } from './faults.ts';
import type { Journal, RestRecord } from './journal.ts';
import type { RateLimits } from './rate-limits.ts';

export interface RestServerParts {
  clock: TwinClock;
  bell: Bell;
  journal: Journal;
  faults: Faults;
  rateLimits: RateLimits;
  routes: readonly Route[];
  token(): string;
  /** True while everything answers 502. */
  isDown(): boolean;
}

const PREFIX = /^\/api(\/v\d+)?(?=\/)/;

/** Answers one HTTP request: note it, apply faults, check who asks and how often, run the route. */
export async function serveRest(
  parts: RestServerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const record = await note(parts, request);
  if (record === undefined) return;
  const hit = parts.faults.take(record);
  const answer = await answerWith(parts, record, hit);
  if (answer === 'cut') response.destroy();
  else send(response, answer, record);
  parts.bell.ring();
}

async function answerWith(
  parts: RestServerParts,
  record: RestRecord,
  hit: FaultHit | undefined,
): Promise<RestAnswer | 'cut'> {
  if (isHold(hit, 'before')) await hit.wait();
  const early = parts.isDown() ? BAD_GATEWAY : earlyAnswer(hit?.fault);
  if (early !== undefined) return early;
  const answer = run(parts, record);
  if (isHold(hit, 'after')) await hit.wait();
  return lateAnswer(hit?.fault) ?? answer;
}

const BAD_GATEWAY: RestAnswer = { status: 502, body: '502 Bad Gateway' };

function isHold(hit: FaultHit | undefined, when: 'before' | 'after'): hit is FaultHit {
  return hit?.fault.kind === 'hold' && hit.fault.when === when;
}

/** What a fault answers in place of the route. */
function earlyAnswer(fault: Fault | undefined): RestAnswer | 'cut' | undefined {
  if (fault === undefined) return undefined;
  if (fault.kind === 'cut' && fault.when === 'before') return 'cut';
  if (fault.kind === 'status' && fault.applied !== true) return statusAnswer(fault);
  return fault.kind === 'rate-limit' ? rateLimited(fault.retryAfterMs, fault.isGlobal) : undefined;
}

/** What a fault answers after the route has had its effect. */
function lateAnswer(fault: Fault | undefined): RestAnswer | 'cut' | undefined {
  if (fault?.kind === 'cut') return 'cut';
  return fault?.kind === 'status' && fault.applied === true ? statusAnswer(fault) : undefined;
}

function statusAnswer(fault: Fault & { kind: 'status' }): RestAnswer {
  const body = fault.body ?? { message: `${fault.status}: stand-in fault`, code: 0 };
  return { status: fault.status, body, ...(fault.headers && { headers: fault.headers }) };
}

async function note(parts: RestServerParts, request: IncomingMessage): Promise<RestRecord | undefined> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const { authorization, ...headers } = request.headers;
  const sent = await readBody(request);
  if (sent === undefined) return undefined;
  const record: RestRecord = {
    method: request.method ?? 'GET',
    // discord.js sends `%40original`; matchers and records speak of `@original`.
    path: url.pathname.replace(PREFIX, '').replaceAll('%40', '@'),
    query: url.searchParams,
    ...sent,
    at: parts.clock.now(),
    headers: Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, String(value)])),
    auth: authorization === undefined ? 'none' : authorization === `Bot ${parts.token()}` ? 'bot' : 'wrong',
    status: null,
    code: null,
  };
  parts.journal.note(record);
  parts.bell.ring();
  return record;
}

function run(parts: RestServerParts, record: RestRecord): RestAnswer {
  const limits = parts.rateLimits.count(record);
  try {
    const answer = dispatch(parts, record);
    if (limits.retryAfterMs !== undefined)
      return merge(rateLimited(limits.retryAfterMs, limits.isGlobal), limits.headers);
    return merge(answer(), limits.headers);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    record.code = error.code;
    if (error.isViolation) parts.journal.violate(violationOf(error, record));
    return merge({ status: error.status, body: error.toBody() }, limits.headers);
  }
}

function dispatch(parts: RestServerParts, record: RestRecord): () => RestAnswer {
  const match = findRoute(parts.routes, record.method, record.path);
  if (match === undefined) {
    parts.journal.unknownRoutes.push(`${record.method} ${record.path}`);
    refuse('notFound');
  }
  if (match.route.auth === 'bot' && record.auth !== 'bot') refuse('unauthorized');
  if (record.body === null) refuse('badJson');
  return () => match.route.handle(record, match.params);
}

function violationOf(error: RefusedError, call: RestCall) {
  return {
    rule: error.rule,
    message: error.message,
    code: error.code,
    method: call.method,
    path: call.path,
    ...(error.errors === undefined ? {} : { errors: error.errors }),
    body: call.body,
  };
}

function merge(reply: RestAnswer, headers: Readonly<Record<string, string>>): RestAnswer {
  return { ...reply, headers: { ...headers, ...reply.headers } };
}

function send(response: ServerResponse, reply: RestAnswer, record: RestRecord): void {
  record.status = reply.status;
  if (reply.status === 204) {
    response.writeHead(reply.status, { ...reply.headers }).end();
    return;
  }
  const isRaw = typeof reply.body === 'string' || Buffer.isBuffer(reply.body);
  const type = isRaw ? 'text/plain' : 'application/json';
  response.writeHead(reply.status, { 'content-type': type, ...reply.headers });
  response.end(isRaw ? reply.body : JSON.stringify(reply.body ?? null));
}
