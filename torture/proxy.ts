/**
 * A bad network between some clients and the server: it cuts connections before and after a request went
 * through, drops answers whose effect has happened, and takes its time. Which request meets what is diced.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { pause } from './pause.ts';
import type { Dice } from './random.ts';
import type { Tally } from './tally.ts';

export interface Proxy {
  readonly port: number;
  /** From now on everything passes. */
  calm(): void;
  close(): Promise<void>;
}

/** What happens to a request, by weight. */
const FATES = {
  pass: 78,
  /** Cut before the server sees anything. */
  'cut before': 4,
  /** The server sees the connection close, perhaps before it has answered. */
  'cut after': 5,
  /** The server has answered, and thinks all is well. */
  'lost answer': 6,
  /** The connection breaks in the middle of the answer. */
  'half an answer': 3,
  delay: 4,
};
type Fate = keyof typeof FATES;

const MAX_DELAY_MS = 1500;

export interface ProxyDeps {
  readonly target: number;
  readonly dice: Dice;
  readonly faults: Tally;
}

export async function startProxy({ target, dice, faults }: ProxyDeps): Promise<Proxy> {
  let isCalm = false;
  const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });

  async function serve(incoming: http.IncomingMessage, outgoing: http.ServerResponse): Promise<void> {
    const fate: Fate = isCalm ? 'pass' : dice.weighted(FATES);
    if (fate !== 'pass') faults.add(`proxy: ${fate}`);
    const body = await readAll(incoming);
    if (body === null) return;
    if (fate === 'cut before') {
      incoming.socket.destroy();
      return;
    }
    if (fate === 'delay') await pause(dice.next() * MAX_DELAY_MS);
    forward({ incoming, outgoing, body, fate });
  }

  function forward({ incoming, outgoing, body, fate }: Forwarded): void {
    const upstream = http.request({
      host: '127.0.0.1',
      port: target,
      method: incoming.method,
      path: incoming.url,
      headers: { ...incoming.headers, host: `127.0.0.1:${target}` },
      // A connection that is to be cut is nobody else's.
      agent: fate === 'cut after' ? false : agent,
    });
    const cut = () => {
      incoming.socket.destroy();
    };
    upstream.once('error', cut);
    upstream.once('response', (answer) => {
      void answerWith(answer, { outgoing, fate, cut });
    });
    outgoing.once('close', () => {
      if (!outgoing.writableFinished) upstream.destroy();
    });
    upstream.end(body, () => {
      if (fate !== 'cut after') return;
      setTimeout(
        () => {
          upstream.destroy();
          cut();
        },
        dice.whole(0, 8),
      );
    });
  }

  const server = http.createServer((incoming, outgoing) => void serve(incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    calm() {
      isCalm = true;
    },
    close() {
      agent.destroy();
      server.closeAllConnections();
      return new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}

interface Forwarded {
  readonly incoming: http.IncomingMessage;
  readonly outgoing: http.ServerResponse;
  readonly body: Buffer;
  readonly fate: Fate;
}

async function answerWith(
  answer: http.IncomingMessage,
  { outgoing, fate, cut }: { outgoing: http.ServerResponse; fate: Fate; cut: () => void },
): Promise<void> {
  const body = await readAll(answer);
  if (body === null || fate === 'lost answer' || fate === 'cut after') {
    cut();
    return;
  }
  outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
  if (fate === 'half an answer') outgoing.write(body.subarray(0, body.length / 2), cut);
  else outgoing.end(body);
}

/** Null when the other end went away in the middle. */
async function readAll(from: http.IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of from) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } catch {
    return null;
  }
}
