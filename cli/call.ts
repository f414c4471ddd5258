/** Carries out one call of the contract: address, key, repeats, and for a write its idempotency key. */
import { API_KEY_HEADER, IDEMPOTENCY_KEY_HEADER } from '../src/contract/endpoints.ts';
import { readAnswer, refusalOf } from './answer.ts';
import type { ClientConfig } from './config.ts';
import { ClientError } from './errors.ts';
import type { Transport } from './http.ts';
import type { PendingWrite, PendingWrites } from './pending-writes.ts';
import { retry, USUAL, type Pace, type Patience } from './retry.ts';
import { VERSION } from './version.ts';

export interface Endpoint<A> {
  readonly method: string;
  readonly path: string;
  readonly body?: {
    safeParse(value: unknown): { success: boolean; error?: { issues: { message: string }[] } };
  };
  readonly answer: { safeParse(value: unknown): { success: boolean; data?: A } };
}

export interface CallOptions<A = unknown> {
  readonly id?: number | string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: object;
  /** How long the server may take on purpose; comes on top of the usual limit. */
  readonly waitMs?: number;
  readonly timeoutMs?: number;
  /** The time until which a lost connection is taken up again, however often. */
  readonly until?: number | undefined;
  /** Carried out before the write counts as answered: a kill in between repeats it rather than loses this. */
  readonly keep?: (answer: A) => Promise<void>;
  /** The body without what may differ in a repeat of the same request. */
  readonly sameAs?: object;
  /** Never taken up by a later run: a heartbeat answered hours ago renews nothing. */
  readonly isFleeting?: boolean;
}

export interface CallDeps {
  readonly config: ClientConfig;
  readonly transport: Transport;
  readonly pending: PendingWrites;
  readonly pace: Pace;
  readonly signal: AbortSignal;
  readonly patience?: Patience;
  readonly timeoutMs?: number;
  readonly newKey: () => string;
}

export type Call = <A>(endpoint: Endpoint<A>, options?: CallOptions<A>) => Promise<A>;

const TIMEOUT_MS = 10_000;
const REPLAY_MS = 3000;

export function createCall(deps: CallDeps): Call {
  const { config, transport, pace, signal, timeoutMs = TIMEOUT_MS, patience = USUAL } = deps;

  async function attempt<A>(
    endpoint: Endpoint<A>,
    options: CallOptions<A>,
    write?: PendingWrite,
  ): Promise<A> {
    const answer = await transport.send({
      method: endpoint.method,
      url: config.apiUrl + pathOf(endpoint.path, options),
      headers: headersFor(config.apiKey, write),
      body: write?.body,
      timeoutMs: options.timeoutMs ?? timeoutMs + (options.waitMs ?? 0),
      signal,
    });
    throwRefusal(refusalOf(answer, pace.now()), write);
    const value = readAnswer(answer, endpoint.answer);
    await options.keep?.(value);
    write?.done();
    return value;
  }

  /**
   * An earlier run of this command sent a body that waits for longer than this one is to wait. An answer that the
   * server keeps comes at once; if none does, there is none, and the request starts anew: undefined.
   */
  async function replay<A>(
    endpoint: Endpoint<A>,
    options: CallOptions<A>,
    write: PendingWrite,
  ): Promise<{ answer: A } | undefined> {
    try {
      return { answer: await attempt(endpoint, { ...options, timeoutMs: REPLAY_MS }, write) };
    } catch (error) {
      if (!(error instanceof ClientError) || error.facts.isTimeout !== true) throw error;
      write.done();
      return undefined;
    }
  }

  return async (endpoint, options = {}) => {
    let write = endpoint.method === 'GET' ? undefined : openWrite(endpoint, options, deps);
    const once = async () => {
      if (write !== undefined && write.body !== JSON.stringify(options.body ?? {})) {
        const kept = await replay(endpoint, options, write);
        if (kept !== undefined) return kept.answer;
        write = openWrite(endpoint, options, deps);
      }
      return attempt(endpoint, options, write);
    };
    return retry(once, pace, { ...patience, until: options.until }).catch((error: unknown) => {
      throw explain(error, config);
    });
  };
}

/** A refusal by Athena itself is an answer: the write is over. */
function throwRefusal(refusal: ClientError | undefined, write?: PendingWrite): void {
  if (refusal === undefined) return;
  if (refusal.facts.isAnswer === true && refusal.facts.isTransient !== true) write?.done();
  throw refusal;
}

function openWrite<A>(endpoint: Endpoint<A>, options: CallOptions<A>, deps: CallDeps): PendingWrite {
  const value = options.body ?? {};
  const checked = endpoint.body?.safeParse(value);
  if (checked?.success === false) {
    const message = checked.error?.issues[0]?.message ?? 'That is not a valid request.';
    throw new ClientError('invalid_input', message);
  }
  const body = JSON.stringify(value);
  if (options.isFleeting === true) return { key: deps.newKey(), body, done: () => {} };
  return deps.pending.open({
    method: endpoint.method,
    path: pathOf(endpoint.path, options),
    body,
    sameAs: options.sameAs && JSON.stringify(options.sameAs),
  });
}

export function pathOf(pattern: string, { id, query = {} }: Pick<CallOptions, 'id' | 'query'>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  const tail = parameters.size === 0 ? '' : `?${parameters.toString()}`;
  return pattern.replace(':id', encodeURIComponent(String(id))) + tail;
}

/** What every request says. */
export function headersFor(apiKey: string | undefined, write?: PendingWrite): Record<string, string> {
  return {
    accept: 'application/json',
    'user-agent': `claude-task-client/${VERSION}`,
    ...(apiKey !== undefined && { [API_KEY_HEADER]: apiKey }),
    ...(write && {
      [IDEMPOTENCY_KEY_HEADER]: write.key,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(write.body)),
    }),
  };
}

/** Adds the address, and the step that helps against this kind of failure. */
export function explain(error: unknown, { apiUrl, apiKey }: ClientConfig): unknown {
  if (!(error instanceof ClientError)) return error;
  const { code, facts } = error;
  if (code === 'unreachable') {
    const hint =
      'Check that the server runs and that ATHENA_API_URL is right; then run the same command again.';
    return new ClientError(code, `Cannot reach Athena at ${apiUrl}: ${error.message}.`, { ...facts, hint });
  }
  if (facts.status === 401) {
    const message = apiKey === undefined ? 'No API key is configured.' : error.message;
    return new ClientError(code, message, {
      ...facts,
      hint: 'Run "claude-task-client login", or set ATHENA_API_KEY.',
    });
  }
  if (facts.status === 403) return error.withHint(otherKeyHint(facts));
  if (facts.isTransient === true) return error.withHint('Run the same command again in a moment.');
  return error;
}

/** The key is right, but not for this: it is another's scope, or another's instance. */
function otherKeyHint({ details }: ClientError['facts']): string {
  const { instance_id: instance } = (details ?? {}) as { instance_id?: unknown };
  if (typeof instance === 'string') return `Set CLAUDE_INSTANCE to "${instance}", or use another key.`;
  return 'Use a key that may: "claude-task-client login", or ATHENA_API_KEY.';
}
