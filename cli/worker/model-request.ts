/** What a run may ask of the model: two calls, with its token, for its models. Everything else is refused here. */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** The API itself takes 32 MB. */
const LARGEST_BODY = 33 * 1024 * 1024;
const SERVED = ['/v1/messages', '/v1/messages/count_tokens'];

export interface No {
  readonly status: number;
  readonly type: string;
  readonly message: string;
}

export interface ModelRequest {
  /** Path and query. */
  readonly target: string;
  readonly body: Buffer;
  readonly model: string;
  /** The longest answer that it wants. */
  readonly maxTokens: number;
  /** Counting tokens costs nothing and uses nothing up. */
  readonly isCounting: boolean;
}

/** Judged before a byte of the body is read. */
export function refuseCall(incoming: IncomingMessage, token: string): No | null {
  const path = pathOf(incoming);
  if (incoming.method !== 'POST' || !SERVED.includes(path)) {
    return no(404, 'not_found_error', `${incoming.method ?? ''} ${path} is not served to a run.`);
  }
  return carries(incoming.headers, token) ? null : no(401, 'authentication_error', 'This is not the run.');
}

export async function readRequest(
  incoming: IncomingMessage,
  models: readonly string[],
): Promise<ModelRequest | No> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY) return no(413, 'request_too_large', 'The request is larger than 33 MiB.');
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  const asked = askedIn(body);
  if (asked === null) return no(400, 'invalid_request_error', 'The request is no JSON with a model.');
  if (!models.includes(asked.model))
    return no(404, 'not_found_error', `model: ${asked.model} is not set for this run.`);
  return {
    target: incoming.url ?? '',
    body,
    ...asked,
    isCounting: pathOf(incoming).endsWith('/count_tokens'),
  };
}

export function isNo(value: ModelRequest | No): value is No {
  return 'status' in value;
}

export function no(status: number, type: string, message: string): No {
  return { status, type, message };
}

function pathOf(incoming: IncomingMessage): string {
  return (incoming.url ?? '').split('?', 1)[0] ?? '';
}

function carries(headers: IncomingHttpHeaders, token: string): boolean {
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
  return [headers['x-api-key'], bearer].some((given) => typeof given === 'string' && isSame(given, token));
}

function isSame(a: string, b: string): boolean {
  const [one, two] = [Buffer.from(a), Buffer.from(b)];
  return one.length === two.length && timingSafeEqual(one, two);
}

function askedIn(body: Buffer): Pick<ModelRequest, 'model' | 'maxTokens'> | null {
  try {
    const { model, max_tokens: most } = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
    if (typeof model !== 'string') return null;
    return { model, maxTokens: typeof most === 'number' && most > 0 ? most : 0 };
  } catch {
    return null;
  }
}

/** Meant for one connection only, or replaced by the proxy. */
const NOT_PASSED = new Set([
  'accept-encoding',
  'authorization',
  'connection',
  'content-length',
  'cookie',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-api-key',
]);

export function passedHeaders(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const kept = Object.entries(headers).filter(([name]) => !NOT_PASSED.has(name));
  return Object.fromEntries(kept.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

export interface Credential {
  readonly kind: 'key' | 'oauth';
  readonly value: string;
}

const OAUTH_BETA = 'oauth-2025-04-20';

/** The real credential, in the place that its kind belongs to. */
export function withCredential(
  headers: Record<string, string | string[]>,
  credential: Credential,
): Record<string, string | string[]> {
  if (credential.kind === 'key') return { ...headers, 'x-api-key': credential.value };
  const betas = [headers['anthropic-beta'] ?? []].flat().join(',').split(',').filter(Boolean);
  const all = betas.includes(OAUTH_BETA) ? betas : [...betas, OAUTH_BETA];
  return { ...headers, 'anthropic-beta': all.join(','), authorization: `Bearer ${credential.value}` };
}
