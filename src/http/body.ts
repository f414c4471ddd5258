/**
 * Reads and checks a request's body. Straight from the socket where there is one: building a web
 * stream around each body costs more than everything else that a request does.
 */
import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';
import type { z } from 'zod';
import { DomainError } from '../core/errors.ts';
import { speakerFor } from '../core/key.ts';
import type { HttpEnv } from './env.ts';
import { Refusal } from './refusal.ts';

const MAX_BYTES = 256 * 1024;
const decoder = new TextDecoder('utf-8', { fatal: true });

/** The body as text; empty when there is none. Throws for a wrong type, size, or encoding. */
export async function readText(c: Context<HttpEnv>): Promise<string> {
  if (Number(c.req.header('content-length') ?? 0) > MAX_BYTES) throw tooLarge();
  const bytes = c.env.incoming ? await bytesOf(c.env.incoming) : new Uint8Array(await c.req.arrayBuffer());
  if (bytes.byteLength === 0) return '';
  if (bytes.byteLength > MAX_BYTES) throw tooLarge();
  requireJsonType(c.req.header('content-type'));
  try {
    return decoder.decode(bytes);
  } catch {
    throw new DomainError('invalid_input', 'The body must be UTF-8 text.');
  }
}

/** A body that is not declared in advance is counted as it comes. */
function bytesOf(incoming: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BYTES) {
        incoming.pause();
        reject(tooLarge());
      } else chunks.push(chunk);
    });
    incoming.on('end', () => {
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
    });
    // Nobody is left to read an answer; this only ends the wait.
    incoming.on('close', () => {
      if (incoming.readableEnded) return;
      reject(new DomainError('invalid_input', 'The request ended before its body did.'));
    });
  });
}

function tooLarge(): Refusal {
  return new Refusal('payload_too_large', `The body must not be larger than ${MAX_BYTES / 1024} KiB.`, {
    connection: 'close',
  });
}

function requireJsonType(type: string | undefined): void {
  if (type !== undefined && /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) return;
  throw new Refusal('unsupported_media_type', 'Send JSON, with the header Content-Type: application/json.');
}

/**
 * An empty body counts as `{}`. Throws `invalid_input` naming every field that is wrong, and `not_permitted`
 * for an instance that the key may not speak for; one that names none speaks for the key's own.
 */
export function parseBody<S extends z.ZodType>(c: Context<HttpEnv>, text: string, schema: S): z.output<S> {
  const body = text.trim() === '' ? {} : parseJson(text);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new DomainError('invalid_input', 'The body must be a JSON object.');
  }
  const parsed = schema.safeParse(withSpeaker(c, body));
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const field = issues[0]?.path.join('.') ?? '';
  throw new DomainError(
    'invalid_input',
    issues.map((issue) => issue.message).join(' '),
    field === '' ? undefined : { field },
  );
}

function withSpeaker(c: Context<HttpEnv>, body: object): object {
  const key = c.get('key');
  if (key.instanceId === null) return body;
  const { instance_id: named = null } = body as { instance_id?: unknown };
  // What is no text is refused as such, by the schema.
  if (named !== null && typeof named !== 'string') return body;
  return { ...body, instance_id: speakerFor(key, named ?? undefined) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DomainError('invalid_input', 'The body is not valid JSON.');
  }
}
