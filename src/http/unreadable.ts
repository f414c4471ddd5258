/** What never becomes a request of the app is answered in the same shape all the same. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { RequestError } from '@hono/node-server';
import { COMMON_HEADERS, REQUEST_ID_HEADER } from './answers.ts';

const NOT_HTTP = 'This is not a well-formed HTTP request.';

const CLIENT_ERRORS: Readonly<Record<string, { line: string; error: string; message: string }>> = {
  HPE_HEADER_OVERFLOW: {
    line: '431 Request Header Fields Too Large',
    error: 'invalid_input',
    message: 'The request headers are too large.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    line: '408 Request Timeout',
    error: 'invalid_input',
    message: 'The request did not arrive whole in time.',
  },
};

/** What the parser refuses. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const known = CLIENT_ERRORS[error.code ?? ''];
  const line = known?.line ?? '400 Bad Request';
  const body = JSON.stringify({
    error: known?.error ?? 'invalid_input',
    message: known?.message ?? NOT_HTTP,
  });
  const headers = { ...COMMON_HEADERS, [REQUEST_ID_HEADER]: randomUUID(), connection: 'close' };
  const head = Object.entries({ ...headers, 'content-length': Buffer.byteLength(body) });
  const lines = [`HTTP/1.1 ${line}`, ...head.map(([name, value]) => `${name}: ${value}`)];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

/**
 * HTTP/1.1 demands exactly one Host. Node asks for at least one, but its answer has neither our shape nor our
 * headers; and where there are two, a proxy in front may have gone by the other one.
 */
export function lacksOneHost({ httpVersion, rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let n = 0; n < rawHeaders.length; n += 2) {
    const name = rawHeaders[n];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1 || (hosts === 0 && httpVersion === '1.1');
}

export function answerWithoutHost(outgoing: ServerResponse): void {
  answerPlainly(outgoing, 400, 'The request must name one host.');
}

export function answerExpectation(_incoming: IncomingMessage, outgoing: ServerResponse): void {
  answerPlainly(outgoing, 417, 'The only expectation that is met is 100-continue.');
}

/** The body, if there is one, is not read: nobody knows what it would have been for. */
function answerPlainly(outgoing: ServerResponse, status: number, message: string): void {
  const body = JSON.stringify({ error: 'invalid_input', message });
  outgoing.writeHead(status, {
    ...COMMON_HEADERS,
    [REQUEST_ID_HEADER]: randomUUID(),
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  outgoing.end(body);
}

/** A request whose target or Host makes no URL never reaches the app. Anything else here is a bug. */
export function answerUnreadable(error: unknown): Response {
  const body =
    error instanceof RequestError
      ? { error: 'invalid_input', message: 'The request names no usable path or host.' }
      : { error: 'internal', message: 'Something went wrong.' };
  return new Response(JSON.stringify(body), {
    status: error instanceof RequestError ? 400 : 500,
    headers: { ...COMMON_HEADERS, [REQUEST_ID_HEADER]: randomUUID() },
  });
}
