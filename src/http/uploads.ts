/** A body that is a file: counted as it comes, never whole in memory. */
import type { Context } from 'hono';
import type { HttpEnv } from './env.ts';
import { Refusal } from './refusal.ts';

const GZIP_TYPE = /^application\/(?:x-)?gzip\s*(?:;|$)/i;
const LINES_TYPE = /^application\/(?:x-ndjson|jsonl)\s*(?:;|$)/i;

/** Throws `unsupported_media_type` and `payload_too_large`, at once or while the body comes. */
export function gzipOf(c: Context<HttpEnv>, mostBytes: number): AsyncIterable<Uint8Array> {
  const type = c.req.header('content-type') ?? '';
  const isPacked = /^gzip$/i.test(c.req.header('content-encoding')?.trim() ?? '');
  if (!GZIP_TYPE.test(type) && !(LINES_TYPE.test(type) && isPacked)) throw notGzip();
  if (Number(c.req.header('content-length') ?? 0) > mostBytes) throw tooLarge(mostBytes);
  return checked(bodyOf(c), mostBytes);
}

function bodyOf(c: Context<HttpEnv>): AsyncIterable<Uint8Array> {
  if (c.env.incoming) return c.env.incoming;
  const body = c.req.raw.body;
  return body ?? new Blob([]).stream();
}

async function* checked(body: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  let head = Buffer.alloc(0);
  for await (const chunk of body) {
    if (head.length < 2) {
      head = Buffer.concat([head, chunk.subarray(0, 2)]);
      if (head.length >= 2 && (head[0] !== 0x1f || head[1] !== 0x8b)) throw notGzip();
    }
    bytes += chunk.byteLength;
    if (bytes > mostBytes) throw tooLarge(mostBytes);
    yield chunk;
  }
  if (head.length < 2) throw notGzip();
}

function notGzip(): Refusal {
  return new Refusal(
    'unsupported_media_type',
    'Send JSON Lines packed by gzip, with the header Content-Type: application/gzip.',
    { connection: 'close' },
  );
}

function tooLarge(mostBytes: number): Refusal {
  return new Refusal(
    'payload_too_large',
    `The transcript must not be larger than ${mostBytes / 1024 / 1024} MiB packed.`,
    { connection: 'close' },
  );
}
