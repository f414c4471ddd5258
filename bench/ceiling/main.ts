/**
 * A ceiling as a process of its own: `node:http`, the key, JSON in and out, the rows, the commit.
 * No framework and no validation; what stands between this and the real server is what those cost.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Database from 'better-sqlite3';
import { COMMIT_MODES, createCommit } from './commits.ts';
import { createCeilingWork, type ClaimBody, type CompleteBody } from './work.ts';

const [path = '', modeName = '', key = ''] = process.argv.slice(2);
const mode = COMMIT_MODES.find((known) => known === modeName);
if (mode === undefined) throw new Error(`The commit mode must be one of ${COMMIT_MODES.join(', ')}.`);

const db = new Database(path);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.pragma('foreign_keys = ON');
db.pragma('temp_store = MEMORY');
db.pragma('cache_size = -16384');

const work = createCeilingWork(db);
const commit = createCommit(db, mode);
const expected = Buffer.from(key);

function isAllowed(given: unknown): boolean {
  if (typeof given !== 'string') return false;
  const bytes = Buffer.from(given);
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
}

function end(res: ServerResponse, status: number, body: string): void {
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  res.end(body);
}

function handle(req: IncomingMessage, res: ServerResponse, text: string): void {
  const body: unknown = text === '' ? {} : JSON.parse(text);
  const task = /^\/api\/tasks\/(\d+)\/complete$/.exec(req.url ?? '')?.[1];
  commit(
    () =>
      task === undefined ? work.claim(body as ClaimBody) : work.complete(Number(task), body as CompleteBody),
    (answer) => {
      end(res, 200, answer);
    },
  );
}

const server = createServer((req, res) => {
  if (!isAllowed(req.headers['x-api-key'])) {
    end(res, 401, '{}');
    return;
  }
  let text = '';
  req.setEncoding('utf8');
  req.on('data', (chunk: string) => (text += chunk));
  req.on('end', () => {
    handle(req, res, text);
  });
});

server.listen(0, '127.0.0.1', () => {
  process.stdout.write(
    `${JSON.stringify({ msg: 'listening', port: (server.address() as AddressInfo).port })}\n`,
  );
});

process.once('SIGTERM', () => {
  server.closeAllConnections();
  db.close();
  process.exit(0);
});
