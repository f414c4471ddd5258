/** A container from a compose file, started as README.md says, used, looked into, stopped and started again. */
import { chownSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ComposeTool } from './compose-tool.ts';
import type { Engine } from './engine.ts';
import { demandCompleted, healthCommand, waitForHealth, walkTask, type Served } from './exercise.ts';
import { BASE } from './image.ts';
import { freePort, root, type Lab } from './lab.ts';
import { CERTIFICATES, type NpmAccess } from './npm-access.ts';
import { demand, type Report } from './report.ts';
import { must, run, type Outcome } from './run.ts';

const MINUTE = 60_000;
const UID = 1000;

interface World {
  readonly folder: string;
  readonly port: number;
  readonly compose: (args: readonly string[], timeoutMs?: number) => Promise<Outcome>;
}

export async function checkContainer(report: Report, lab: Lab, parts: Parts): Promise<void> {
  const folder = lab.room('container');
  copyFileSync(path.join(root, 'docker-compose.yml'), path.join(folder, 'docker-compose.yml'));
  await checkLife(report, 'container', await worldIn(lab, folder, { ...parts, file: 'docker-compose.yml' }));
}

export async function checkStockNode(
  report: Report,
  lab: Lab,
  parts: Parts & { access: NpmAccess },
): Promise<void> {
  const folder = lab.room('stock-node');
  await must(['bash', '-c', `git -C "$0" archive HEAD | tar -x -C "$1"`, root, folder]);
  // Whoever has the checkout on a real host has this id; the build service writes as it.
  await must(['chown', '-R', `${UID}:${UID}`, folder]);
  const world = await worldIn(lab, folder, { ...parts, file: 'docker-compose.stock-node.yml' });
  const mounts = [
    `${parts.access.settings}:/tmp/.npmrc:ro`,
    `${parts.access.certificates}:${CERTIFICATES}:ro`,
  ];
  const volumes = mounts.flatMap((mount) => ['--volume', mount]);
  const isBuilt = await report.check('stock Node: the build service', async () => {
    const { code, stdout, stderr } = await world.compose(
      ['run', '--rm', '-T', ...volumes, 'build'],
      25 * MINUTE,
    );
    demand(code === 0, `it ended with ${String(code)}: ${`${stdout}${stderr}`.slice(-800)}`);
    return `npm ci and npm run build as user ${UID}, in the base image`;
  });
  if (isBuilt) await checkLife(report, 'stock Node', world);
}

interface Parts {
  readonly engine: Engine;
  readonly tool: ComposeTool;
}

async function worldIn(lab: Lab, folder: string, parts: Parts & { file: string }): Promise<World> {
  const port = await freePort();
  const settings = [`API_PORT=${port}`, 'API_HOST=127.0.0.1'];
  settings.push(`ATHENA_BASE_IMAGE=${BASE}`, `ATHENA_BUILD_IMAGE=${BASE}`);
  writeFileSync(path.join(folder, '.env'), `${settings.join('\n')}\n`);
  mkdirSync(path.join(folder, 'data'), { recursive: true });
  chownSync(path.join(folder, 'data'), UID, UID);
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, DOCKER_HOST: parts.engine.env.DOCKER_HOST };
  const command = [...parts.tool.command, '-f', parts.file];
  const compose = (args: readonly string[], timeoutMs = 2 * MINUTE) =>
    run([...command, ...args], { cwd: folder, env, timeoutMs });
  lab.undo(() => compose(['down', '--timeout', '12']));
  return { folder, port, compose };
}

async function checkLife(report: Report, name: string, world: World): Promise<void> {
  const served = { port: world.port, key: '', folder: world.folder };
  const isUp = await report.check(`${name}: up, healthy`, async () => {
    await succeed(world, ['up', '--detach', '--no-build']);
    await waitForHealth(world.port);
    served.key = (await succeed(world, ['exec', '-T', 'athena', 'cat', 'data/api-key'])).trim();
    return `docker compose up, /health on the published port, key read as README.md says`;
  });
  if (!isUp) return;
  const walked = { id: 0 };
  await report.check(`${name}: a task from add to complete`, async () => {
    walked.id = await walkTask(served);
    return 'with the client that the server hands out';
  });
  await report.check(`${name}: health check`, async () => {
    await succeed(world, ['exec', '-T', 'athena', ...healthCommand()]);
    return 'its command ends with 0 inside';
  });
  await report.check(`${name}: confined`, () => demandFences(world));
  await report.check(`${name}: stops on SIGTERM, and goes on afterwards`, () =>
    stopAndGoOn(world, served, walked.id),
  );
  await succeed(world, ['down', '--timeout', '12']);
}

async function stopAndGoOn(world: World, served: Served, id: number): Promise<string> {
  const started = Date.now();
  await succeed(world, ['stop']);
  const tookMs = Date.now() - started;
  const listed = await succeed(world, ['ps', '--all', '--format', 'json']);
  const exit = /"ExitCode":\s*(\d+)/.exec(listed)?.[1];
  demand(exit === '0', `it ended with ${String(exit)}`);
  // The engine's own work is part of this; the server's share is at most ten seconds.
  demand(tookMs < 12_000, `it took ${tookMs} ms`);
  await succeed(world, ['up', '--detach', '--no-build']);
  await waitForHealth(world.port);
  await demandCompleted(served, id);
  return `exit code 0 after ${tookMs} ms; the second start has task and key of the first`;
}

/**
 * Runs inside, as the server's user. Prints what is not as it should be. (/run and /var/tmp are not asked: podman,
 * unlike Docker, gives a read-only container memory of its own there.)
 */
const PROBE = `
const fs = require('node:fs'), wrong = [];
const status = fs.readFileSync('/proc/self/status', 'utf8');
if (process.getuid() !== ${UID}) wrong.push('user ' + process.getuid());
if (!/CapEff:\\s*0+\\nCapBnd:\\s*0+\\n/.test(status)) wrong.push('capabilities');
if (!/NoNewPrivs:\\s*1/.test(status)) wrong.push('new privileges possible');
const canWrite = (at) => { try { fs.writeFileSync(at + '/probe', ''); fs.rmSync(at + '/probe'); return true; } catch { return false; } };
for (const at of ['/', '/app', '/app/dist', '/app/node_modules', '/etc', '/usr/local', '/root']) if (canWrite(at)) wrong.push('writes to ' + at);
for (const at of ['/app/data', '/tmp']) if (!canWrite(at)) wrong.push('cannot write to ' + at);
console.log(wrong.join(', '));`;

async function demandFences(world: World): Promise<string> {
  const wrong = (await succeed(world, ['exec', '-T', 'athena', 'node', '-e', PROBE])).trim();
  demand(wrong === '', wrong);
  return `user ${UID}, no capability, no new privileges, writes to /app/data and /tmp only`;
}

async function succeed(world: World, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await world.compose(args);
  demand(
    code === 0,
    `compose ${args.slice(0, 2).join(' ')} ended with ${String(code)}: ${stderr.slice(-800)}`,
  );
  return stdout;
}
