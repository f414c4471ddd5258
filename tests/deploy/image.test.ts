import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { instructionsOf, linesOf, read } from './files.ts';

const instructions = instructionsOf(read('Dockerfile'));
const lastStage = instructions.slice(instructions.findLastIndex(({ word }) => word === 'FROM'));
const only = (word: string) => {
  const found = lastStage.filter((instruction) => instruction.word === word);
  expect(found, word).toHaveLength(1);
  return found[0]!.rest;
};
const healthcheck = JSON.parse(/CMD (\[.*\])$/.exec(only('HEALTHCHECK'))![1]!) as string[];

describe('the image', () => {
  test('starts node itself, with no shell as process 1', () => {
    expect(JSON.parse(only('CMD'))).toEqual(['node', 'dist/main.js']);
    expect(lastStage.some(({ word }) => word === 'ENTRYPOINT')).toBe(false);
    expect(only('STOPSIGNAL')).toBe('SIGTERM');
  });

  test('runs as a user that is not root, by number', () => {
    expect(only('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(lastStage.findIndex(({ word }) => word === 'USER')).toBeLessThan(
      lastStage.findIndex(({ word }) => word === 'CMD'),
    );
  });

  test('keeps its data in a volume that belongs to that user', () => {
    expect(only('VOLUME')).toBe('/app/data');
    expect(only('RUN')).toContain(`chown ${only('USER')} data`);
  });

  test('builds and runs on the same base image, which can be chosen', () => {
    expect(instructions[0]).toEqual({ word: 'ARG', rest: 'BASE_IMAGE=node:24-bookworm-slim' });
    const bases = instructions.filter(({ word }) => word === 'FROM').map(({ rest }) => rest.split(' ')[0]);
    expect(bases).toEqual(['${BASE_IMAGE}', '${BASE_IMAGE}']);
  });

  test('holds what the server needs at run time', () => {
    const copied = lastStage.filter(({ word }) => word === 'COPY').map(({ rest }) => rest.split(' ').at(-1));
    expect(copied).toEqual(
      expect.arrayContaining(['node_modules', 'dist', 'cli/dist', 'cli/', './', 'drizzle']),
    );
  });

  test('belongs to root, whoever packed its dependencies', () => {
    const stages = lastStage.filter(({ word, rest }) => word === 'COPY' && rest.startsWith('--from'));
    expect(stages.length).toBeGreaterThan(2);
    for (const { rest } of stages) expect(rest).toMatch(/^--from=build --chown=0:0 /);
  });

  test('takes no source maps along', () => {
    const steps = instructions.filter(({ word }) => word === 'RUN').map(({ rest }) => rest);
    expect(steps.join('\n')).toContain("find dist cli/dist node_modules -name '*.map' -type f -delete");
  });

  test('is made from files that .dockerignore lets through, and from nothing private', () => {
    const rules = linesOf(read('.dockerignore'));
    const letThrough = rules.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1));
    const sources = instructions
      .filter(({ word, rest }) => word === 'COPY' && !rest.startsWith('--from'))
      .flatMap(({ rest }) => rest.split(' ').slice(0, -1))
      .map((source) => source.split('/')[0]!);
    expect(rules[0]).toBe('*');
    expect(letThrough.sort()).toEqual([...new Set(sources)].sort());
    expect(rules).toEqual(expect.arrayContaining(['**/node_modules', '**/.env*']));
  });
});

describe('the health check', () => {
  const answering = (listener: RequestListener) => listen(createServer(listener));

  test('is content with a server that answers 200', async () => {
    const port = await answering((request, response) => response.writeHead(isHealth(request.url)).end('{}'));
    expect(await check(port)).toBe(0);
  });

  test('fails when the server says 503', async () => {
    expect(await check(await answering((_, response) => response.writeHead(503).end('{}')))).toBe(1);
  });

  test('fails when nobody listens', async () => {
    const server = createTcpServer();
    const port = await listen(server);
    server.close();
    expect(await check(port)).toBe(1);
  });

  test('fails within its own time when the server never answers', async () => {
    const started = Date.now();
    expect(await check(await listen(createTcpServer(() => undefined)))).toBe(1);
    expect(Date.now() - started).toBeLessThan(5_000 + 2_000);
  });

  test('is the same in the variant with a stock image', () => {
    expect(read('docker-compose.stock-node.yml')).toContain(`- "${healthcheck.at(-1)!}"`);
  });
});

const isHealth = (url: string | undefined) => (url === '/health' ? 200 : 404);

interface Listener {
  listen(port: number, host: string): unknown;
  address(): AddressInfo | string | null;
  close(): unknown;
}

async function listen(server: Listener & NodeJS.EventEmitter): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** Runs the image's own command, as Docker would, and gives its exit code. */
async function check(port: number): Promise<unknown> {
  expect(healthcheck[0]).toBe('node');
  const env = { ...process.env, API_PORT: String(port) };
  const child = spawn(process.execPath, healthcheck.slice(1), { env, stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}
