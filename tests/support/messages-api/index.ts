/**
 * A stand-in for the Messages API on 127.0.0.1, close enough that the real program takes it for the real one. What it
 * answers is a script: the first line whose words are in what the model is to answer now.
 */
import { once } from 'node:events';
import http, { type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBell, type Bell } from '../discord-twin/bell.ts';
import { refuse, type Answer, type Message } from './replies.ts';
import { readApiRequest, type ApiRequest } from './request.ts';
import { blocksOf, closing, opening, toObject } from './stream.ts';

export interface Line {
  /** Words in the last message, or any judgement of the request. */
  readonly when: RegExp | ((request: ApiRequest) => boolean);
  readonly then: Answer | ((request: ApiRequest) => Answer);
}

export interface MessagesApi {
  readonly url: string;
  readonly bell: Bell;
  readonly requests: readonly ApiRequest[];
  /** The lines are read from the first on, at each request. */
  script(...lines: readonly Line[]): void;
  /** Requests that nobody has finished or given up. */
  open(): number;
  close(): Promise<void>;
}

export async function startMessagesApi(): Promise<MessagesApi> {
  const requests: ApiRequest[] = [];
  let lines: readonly Line[] = [];
  let open = 0;
  const bell = createBell(() => requests.map(({ path, last }) => `${path}: ${last.slice(-300)}`).join('\n'));

  const server = http.createServer((incoming, outgoing) => {
    open += 1;
    outgoing.once('close', () => {
      open -= 1;
      bell.ring();
    });
    outgoing.on('error', () => {});
    readApiRequest(incoming, requests.length + 1)
      .then((request) => {
        requests.push(request);
        bell.ring();
        return give(answerTo(request, lines), request, outgoing);
      })
      .catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bell,
    requests,
    script(...next) {
      lines = next;
    },
    open: () => open,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function answerTo(request: ApiRequest, lines: readonly Line[]): Answer {
  const fits = ({ when }: Line) => (when instanceof RegExp ? when.test(request.last) : when(request));
  const line = lines.find(fits);
  if (line === undefined) return refuse(400, `The script has no line for: ${request.last.slice(-500)}`);
  return typeof line.then === 'function' ? line.then(request) : line.then;
}

async function give(answer: Answer, request: ApiRequest, outgoing: ServerResponse): Promise<void> {
  switch (answer.kind) {
    case 'reset':
      outgoing.destroy();
      return;
    case 'raw':
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' }).end(answer.text);
      return;
    case 'refused': {
      const error = { type: answer.type, message: answer.message };
      outgoing.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
      outgoing.end(JSON.stringify({ type: 'error', error }));
      return;
    }
    case 'message':
      await (request.isStream ? stream(answer, request, outgoing) : object(answer, request, outgoing));
  }
}

async function object(answer: Message, request: ApiRequest, outgoing: ServerResponse): Promise<void> {
  await answer.after;
  outgoing.writeHead(200, { 'content-type': 'application/json' });
  outgoing.end(JSON.stringify(toObject(answer, request.model)));
}

async function stream(answer: Message, request: ApiRequest, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(200, { 'content-type': 'text/event-stream', 'request-id': `req_${request.number}` });
  outgoing.write(opening(answer, request.model));
  await answer.after;
  await new Promise((resolve) => outgoing.write(blocksOf(answer), resolve));
  if (answer.end === 'whole') outgoing.end(closing(answer));
  else if (answer.end === 'cut') outgoing.destroy();
}
