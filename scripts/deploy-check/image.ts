/** The Dockerfile, built for real, and a look into what came out. */
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Engine } from './engine.ts';
import { root } from './lab.ts';
import { CERTIFICATES, type NpmAccess } from './npm-access.ts';
import { demand, type Report } from './report.ts';

const MINUTE = 60_000;
export const IMAGE = 'localhost/athena:local';
export const BASE = 'localhost/athena-base:latest';

export async function checkImage(report: Report, engine: Engine, access: NpmAccess): Promise<boolean> {
  const isBuilt = await report.check('Dockerfile builds', () =>
    buildImage(engine, access, { file: 'Dockerfile', tag: IMAGE }),
  );
  if (!isBuilt) return false;
  await report.check('image settings', () => demandSettings(engine));
  const system = (await engine.podman(['image', 'mount', IMAGE])).trim();
  try {
    await report.check('image content', () => demandContent(system));
    await report.check('image secrets', () => demandNoSecrets(system, access));
  } finally {
    await engine.podman(['image', 'unmount', IMAGE]);
  }
  return true;
}

export async function buildImage(
  engine: Engine,
  access: NpmAccess,
  what: { readonly file: string; readonly tag: string },
): Promise<string> {
  const started = Date.now();
  const mounts = [`${access.settings}:/root/.npmrc:ro`, `${access.certificates}:${CERTIFICATES}:ro`];
  const volumes = mounts.flatMap((mount) => ['--volume', mount]);
  const args = ['--isolation', 'chroot', '--format', 'docker', '--build-arg', `BASE_IMAGE=${BASE}`];
  const names = ['--file', path.join(root, what.file), '--tag', what.tag];
  await engine.buildah(['build', ...args, ...volumes, ...names, root], { timeoutMs: 25 * MINUTE });
  const seconds = Math.round((Date.now() - started) / 1000);
  return `buildah, in ${seconds} s, on Debian 13 with its own Node 20 (the default is Node 24 on Debian 12)`;
}

interface Inspected {
  readonly Config: { User: string; Cmd: string[]; StopSignal: string; Env: string[] };
  readonly HealthCheck?: { Test: string[] };
  readonly Healthcheck?: { Test: string[] };
}

async function demandSettings(engine: Engine): Promise<string> {
  const [image] = JSON.parse(await engine.podman(['image', 'inspect', IMAGE])) as [Inspected];
  const { User, Cmd, StopSignal } = image.Config;
  demand(User === '1000:1000', `it runs as ${User}`);
  demand(Cmd.join(' ') === 'node dist/main.js', `it starts ${Cmd.join(' ')}`);
  demand(/^(SIGTERM|15)$/.test(StopSignal), `its stop signal is ${StopSignal}`);
  demand((image.Healthcheck ?? image.HealthCheck)?.Test[1] === 'node', 'it has no health check');
  return `user ${User}, ${Cmd.join(' ')}, ${StopSignal}, a health check`;
}

function demandContent(system: string): string {
  const app = path.join(system, 'app');
  const { devDependencies } = JSON.parse(readFileSync(path.join(app, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  // Some development tools are also what a dependency needs; types are what npm keeps for a peer.
  const tools = Object.keys(devDependencies).filter(
    (name) =>
      name !== 'ws' && !name.startsWith('@types/') && existsSync(path.join(app, 'node_modules', name)),
  );
  demand(tools.length === 0, `development tools: ${tools.join(', ')}`);
  const unwanted = ['src', 'tests', 'scripts', 'cli/main.ts', '.git', 'tsconfig.json', 'package-lock.json'];
  const found = unwanted.filter((name) => existsSync(path.join(app, name)));
  demand(found.length === 0, `not needed to run: ${found.join(', ')}`);
  const files = walk(app);
  const own = files.filter(({ name }) => /^(dist|cli)\//.test(name) && /\.(map|ts)$/.test(name));
  demand(own.length === 0, `source maps or sources: ${own.map(({ name }) => name).join(', ')}`);
  const special = files.filter(({ mode }) => (mode & 0o6002) !== 0).map(({ name }) => name);
  demand(special.length === 0, `set-id or writable for all: ${special.slice(0, 5).join(', ')}`);
  const foreign = files.filter(({ name, uid }) => uid !== 0 && name !== 'data').map(({ name }) => name);
  demand(foreign.length === 0, `does not belong to root: ${foreign.slice(0, 5).join(', ')}`);
  const mebibytes = files.reduce((sum, { size }) => sum + size, 0) / 1024 ** 2;
  demand(mebibytes < 100, `/app takes ${mebibytes.toFixed(0)} MiB`);
  return `no development tools, sources or tests; ${files.length} files of root, ${mebibytes.toFixed(1)} MiB in /app`;
}

export function demandNoSecrets(system: string, access: NpmAccess): string {
  const places = [
    'root/.npmrc',
    'root/.npm',
    'app/.npmrc',
    'app/.env',
    'app/data/api-key',
    'workspace/.npmrc',
    CERTIFICATES.slice(1),
  ];
  // What was mounted while it was built leaves an empty file where it was; content is what counts.
  const left = places.filter((place) => sizeOf(path.join(system, place)) > 0);
  demand(left.length === 0, `left behind: ${left.join(', ')}`);
  const app = path.join(system, 'app');
  const texts = (existsSync(app) ? walk(app) : []).filter(
    ({ name, size, isFile }) => isFile && size < 4096 && /rc$|env|json$/.test(name),
  );
  for (const { name } of texts) {
    const text = readFileSync(path.join(app, name), 'utf8');
    demand(
      !access.secrets.some((secret) => text.includes(secret)),
      `${name} holds a line of the npm settings`,
    );
  }
  return 'no npm settings, certificates, .env or key inside';
}

function sizeOf(file: string): number {
  if (!existsSync(file)) return 0;
  return lstatSync(file).isDirectory() ? readdirSync(file).length : lstatSync(file).size;
}

interface Found {
  readonly name: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly isFile: boolean;
}

/** Every entry below, links aside. */
function walk(folder: string): Found[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
    const { size, mode, uid, isLink, isFile } = statOf(path.join(folder, name));
    return isLink ? [] : [{ name, size: isFile ? size : 0, mode, uid, isFile }];
  });
}

function statOf(file: string) {
  const { size, mode, uid } = lstatSync(file);
  const kind = mode & 0o170000;
  return { size, mode, uid, isLink: kind === 0o120000, isFile: kind === 0o100000 };
}
