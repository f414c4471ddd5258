import type { IncomingMessage } from 'node:http';
import type { UploadedFile } from '../limits/message.ts';

export interface ParsedBody {
  /** `undefined` without a body, `null` when it could not be read. */
  body: unknown;
  files: UploadedFile[];
}

/**
 * JSON, or a form with `payload_json` and files as discord.js sends uploads.
 * `undefined` when the sender went away in the middle, as a killed bot does.
 */
export async function readBody(request: IncomingMessage): Promise<ParsedBody | undefined> {
  const bytes = await readBytes(request);
  if (bytes === undefined) return undefined;
  if (bytes.length === 0) return { body: undefined, files: [] };
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('multipart/form-data')) return { body: parseJson(bytes.toString('utf8')), files: [] };
  // Deprecated for servers that meet hostile uploads; here the only sender is the bot under test.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const form = await new Response(bytes, { headers: { 'content-type': type } }).formData();
  const files: UploadedFile[] = [];
  let body: unknown = {};
  for (const [key, value] of form.entries()) {
    if (typeof value === 'string') {
      if (key === 'payload_json') body = parseJson(value);
      continue;
    }
    const content = Buffer.from(await value.arrayBuffer());
    files.push({ name: value.name, bytes: content.length, content, type: value.type || null });
  }
  return { body, files };
}

async function readBytes(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
