/**
 * A container engine without Docker's daemon: podman behind Docker's own protocol, with storage, settings and
 * socket in the scratch folder, so that nothing of this machine's own containers is seen or touched.
 */
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isRoot, type Lab } from './lab.ts';
import { SkipError } from './report.ts';
import { has, must, run, type Options } from './run.ts';

const MINUTE = 60_000;

export interface Engine {
  readonly kind: string;
  readonly env: NodeJS.ProcessEnv;
  podman(args: readonly string[], options?: Options): Promise<string>;
  buildah(args: readonly string[], options?: Options): Promise<string>;
}

interface Way {
  readonly runtime: string;
  readonly limits: string;
  readonly driver: string;
}

/** Brings the base image in and finds a way in which this kernel starts a container from it. */
export async function startEngine(lab: Lab, archive: string): Promise<Engine> {
  for (const program of ['podman', 'buildah'])
    if (!has(program)) throw new SkipError(`${program} is not here`);
  if (!isRoot) throw new SkipError('an engine of its own needs root');
  const folder = lab.room('engine', 0o700);
  // The driver leaves it mounted, also where no container ever started.
  lab.undo(() => run(['umount', path.join(folder, 'storage', 'overlay')]));
  const refusals: string[] = [];
  const driver = await findDriver(folder, archive);
  for (const runtime of ['crun', 'runc'].filter(has)) {
    for (const limits of ['', 'default_ulimits=["nofile=8192:8192","nproc=4096:4096"]']) {
      const way = { runtime, limits, driver };
      const engine = engineOf(folder, way);
      const { code, stderr } = await probe(engine.env, storageOf(folder, driver));
      if (code === 0) return serve(lab, engine, { folder, driver });
      refusals.push(`${runtime}: ${reasonOf(stderr)}`);
    }
  }
  throw new SkipError(`this kernel starts no container (${refusals.join('; ')})`);
}

/** The network helper calls another program and only says that some file is not there. */
function reasonOf(stderr: string): string {
  const last = stderr.trim().split('\n').at(-1)!;
  return last.includes('netavark: No such file') && !has('iptables') ? 'iptables is not here' : last;
}

function storageOf(folder: string, driver: string): string[] {
  const roots = ['--root', path.join(folder, 'storage'), '--runroot', path.join(folder, 'run')];
  return [...roots, '--storage-driver', driver];
}

/** overlay where the file system can do it, else vfs, which copies everything for each layer. */
async function findDriver(folder: string, archive: string): Promise<string> {
  const errors: unknown[] = [];
  for (const driver of ['overlay', 'vfs']) {
    try {
      const args = [...storageOf(folder, driver), 'import', archive, 'localhost/athena-base:latest'];
      await must(['podman', ...args], { timeoutMs: 10 * MINUTE });
      return driver;
    } catch (error) {
      errors.push(error);
      await must(['rm', '-rf', path.join(folder, 'storage'), path.join(folder, 'run')]);
    }
  }
  throw errors[0];
}

function probe(env: NodeJS.ProcessEnv, storage: readonly string[]) {
  const command = ['run', '--rm', '--user', '1000:1000', 'localhost/athena-base', 'node', '--version'];
  return run(['podman', ...storage, '--log-level', 'error', ...command], { env });
}

function engineOf(folder: string, way: Way): Engine {
  const settings = path.join(folder, 'containers.conf');
  const lines = [
    ...['[containers]', way.limits],
    ...['[engine]', `runtime="${way.runtime}"`, 'cgroup_manager="cgroupfs"', 'events_logger="file"'],
    ...['[network]', 'network_backend="netavark"', `network_config_dir="${path.join(folder, 'networks')}"`],
  ];
  writeFileSync(settings, `${lines.join('\n')}\n`);
  const socket = `unix://${path.join(folder, 'engine.sock')}`;
  const env = { ...process.env, CONTAINERS_CONF: settings, DOCKER_HOST: socket };
  const storage = storageOf(folder, way.driver);
  const call = (program: string) => (args: readonly string[], options?: Options) =>
    must([program, ...storage, ...args], { env, ...options });
  return { kind: `podman with ${way.runtime}`, env, podman: call('podman'), buildah: call('buildah') };
}

/** Starts podman's service on a socket in the folder; at the end its containers and then itself are stopped. */
async function serve(lab: Lab, engine: Engine, at: { folder: string; driver: string }): Promise<Engine> {
  const { folder, driver } = at;
  const socket = path.join(folder, 'engine.sock');
  const args = [...storageOf(folder, driver), 'system', 'service', '--time', '0', `unix://${socket}`];
  const service = spawn('podman', args, { env: engine.env, stdio: 'ignore' });
  lab.undo(async () => {
    await engine.podman(['rm', '--all', '--force', '--time', '5']).catch(() => {});
    await engine.podman(['network', 'prune', '--force']).catch(() => {});
    service.kill('SIGTERM');
  });
  for (let tries = 0; !existsSync(socket); tries += 1) {
    if (tries > 100) throw new Error('podman did not open its socket within 10 s');
    await pause(100);
  }
  return engine;
}
