/**
 * One keep-alive connection, written by hand on a bare socket: a full HTTP client would cost more than
 * the server that it measures. One request at a time; answers are told apart by Content-Length.
 */
import { connect } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface Connection {
  post(path: string, body: string): Promise<Answer>;
  get(path: string): Promise<Answer>;
  close(): void;
}

export function openConnection(port: number, key: string): Promise<Connection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let received = '';
  let waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | null = null;

  // Latin-1 keeps one character per byte, so lengths are bytes; what the load reads is ASCII anyway.
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    received += chunk;
    const headEnd = received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(received.slice(0, headEnd + 2))?.[1]);
    if (received.length < headEnd + 4 + length) return;
    const answer = { status: Number(received.slice(9, 12)), body: received.slice(headEnd + 4) };
    received = '';
    waiting?.resolve(answer);
    waiting = null;
  });
  socket.on('error', (error) => waiting?.reject(error));
  socket.on('close', () => waiting?.reject(new Error('The server closed a connection.')));

  function send(head: string, body: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      waiting = { resolve, reject };
      socket.write(`${head}\r\nHost: 127.0.0.1:${port}\r\nX-API-Key: ${key}\r\n${body}`);
    });
  }

  const connection: Connection = {
    post: (path, body) =>
      send(
        `POST ${path} HTTP/1.1`,
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      ),
    get: (path) => send(`GET ${path} HTTP/1.1`, '\r\n'),
    close() {
      waiting = null;
      socket.destroy();
    },
  };
  return new Promise((resolve, reject) => {
    socket.once('connect', () => {
      resolve(connection);
    });
    socket.once('error', reject);
  });
}
