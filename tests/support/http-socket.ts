/** A connection on which a test says every byte, and reads whole answers. */
import net from 'node:net';
import { once } from 'node:events';
import { KEY, replyOf, toRequest, type Reply, type Sent } from './http-world.ts';

export interface RawSocket {
  write(bytes: string | Buffer): void;
  /** Sends one well-formed request. */
  send(method: string, path: string, sent?: Sent): void;
  /** The next whole answer on this connection. Rejects when the connection ends without one. */
  answer(): Promise<Reply>;
  /** All bytes until the other side closed. */
  rest(): Promise<string>;
  /** Cuts the connection without a goodbye. */
  cut(): void;
  /** Says goodbye: nothing more will be sent. */
  end(): void;
}

export async function openSocket(port: number): Promise<RawSocket> {
  const socket = net.connect(port, '127.0.0.1');
  let received = Buffer.alloc(0);
  let look = () => {};
  const ended = new Promise<void>((resolve) => {
    socket.on('close', () => {
      resolve();
      look();
    });
  });
  // A reset is an end like any other here.
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    look();
  });
  await once(socket, 'connect');

  const write = (bytes: string | Buffer) => void socket.write(bytes);
  return {
    write,
    send: (method, path, sent = {}) => {
      write(requestText(method, path, sent));
    },
    answer: () =>
      new Promise((resolve, reject) => {
        look = () => {
          const parsed = parse(received);
          if (parsed !== null) {
            received = received.subarray(parsed.length);
            resolve(parsed.reply);
          } else if (socket.destroyed) {
            reject(new Error(`closed after ${JSON.stringify(received.toString())}`));
          }
        };
        look();
      }),
    async rest() {
      await ended;
      return received.toString();
    },
    cut: () => {
      socket.resetAndDestroy();
    },
    end: () => {
      socket.end();
    },
  };
}

export function requestText(method: string, path: string, sent: Sent = {}): string {
  const { body, headers } = toRequest(sent);
  const all = {
    host: 'athena',
    ...headers,
    ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`;
}

/** The head of a request with a key, to be continued by hand. */
export function headText(method: string, path: string, headers: readonly string[] = []): string {
  return [`${method} ${path} HTTP/1.1`, 'Host: athena', `X-API-Key: ${KEY}`, ...headers, '', ''].join('\r\n');
}

function parse(bytes: Buffer): { reply: Reply; length: number } | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const [first = '', ...lines] = bytes.subarray(0, end).toString().split('\r\n');
  const status = Number(first.split(' ')[1]);
  const headers = new Headers(
    lines.map((line) => [line.split(':', 1)[0] ?? '', line.replace(/^[^:]*:/, '')]),
  );
  const length = end + 4 + Number(headers.get('content-length') ?? 0);
  if (bytes.length < length) return null;
  return { reply: replyOf(status, headers, bytes.subarray(end + 4, length).toString()), length };
}
