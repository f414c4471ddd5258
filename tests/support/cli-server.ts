/** A server on loopback that answers as a test says and remembers what it was asked. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  /** The body as JSON. */
  readonly json: Record<string, unknown>;
}

export type Answer =
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly json: unknown }
  | { readonly raw: (response: http.ServerResponse) => void };

export interface CliServer {
  readonly url: string;
  readonly seen: SeenRequest[];
  /** Method and path of all that was asked, such as `POST /api/tasks`. */
  calls(): string[];
  close(): Promise<void>;
}

export async function startCliServer(answer: (request: SeenRequest) => Answer): Promise<CliServer> {
  const seen: SeenRequest[] = [];
  const server = http.createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const request: SeenRequest = {
        method: incoming.method ?? '',
        url: incoming.url ?? '',
        headers: incoming.headers,
        body,
        json: body === '' ? {} : (JSON.parse(body) as Record<string, unknown>),
      };
      seen.push(request);
      const reply = answer(request);
      if ('raw' in reply) {
        reply.raw(response);
        return;
      }
      response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
      response.end(JSON.stringify(reply.json));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    calls: () => seen.map(({ method, url }) => `${method} ${url}`),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

export function refusal(status: number, error: string, more: Record<string, unknown> = {}): Answer {
  return { status, json: { error, message: `The server said ${error}.`, ...more } };
}
