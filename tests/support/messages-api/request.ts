/** A request to the stand-in, as a scenario looks at it. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

export interface ApiRequest {
  readonly number: number;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly model: string;
  readonly isStream: boolean;
  /** Text of the last message, results of tools included: what the model is to answer now. */
  readonly last: string;
  /** Everything that was ever said, the system prompt and the tools included. */
  readonly all: string;
  readonly tools: readonly string[];
}

interface Body {
  readonly model?: string;
  readonly stream?: boolean;
  readonly messages?: readonly { readonly role: string; readonly content: unknown }[];
  readonly tools?: readonly { readonly name?: string }[];
}

export async function readApiRequest(incoming: IncomingMessage, number: number): Promise<ApiRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const all = Buffer.concat(chunks).toString('utf8');
  const body = JSON.parse(all || '{}') as Body;
  return {
    number,
    path: incoming.url ?? '',
    headers: incoming.headers,
    model: body.model ?? '',
    isStream: body.stream === true,
    last: textOf(body.messages?.at(-1)?.content),
    all,
    tools: (body.tools ?? []).map((tool) => tool.name ?? ''),
  };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (Array.isArray(content)) return content.map(textOf).join('\n');
  if (typeof content !== 'object' || content === null) return '';
  const block = content as { text?: unknown; content?: unknown };
  return typeof block.text === 'string' ? block.text : textOf(block.content);
}
