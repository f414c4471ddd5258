/**
 * What systemd would do with a unit, as far as that goes without systemd: its command, variables, working folder
 * and mask, as an unprivileged user without capabilities. Its sandbox (read-only system, filters) is missing.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isRoot, type Lab } from './lab.ts';
import { demand } from './report.ts';
import { endGroup } from './run.ts';
import { valuesOf } from './unit.ts';

/** Nobody's; a real user of a real machine has one of its own. */
export const SERVICE_ID = 61_234;

export interface Service {
  /** The unit and its drop-ins, in order. */
  readonly files: readonly string[];
  /** Where /opt/athena, /etc/athena and /var/lib/athena are here. */
  readonly place: (absolute: string) => string;
  readonly port: number;
}

export interface Started {
  /** SIGTERM; gives how long it took. The exit code must be 0. */
  stop(): Promise<number>;
}

export function startByHand(lab: Lab, service: Service): Started {
  const { files, place } = service;
  const one = (key: string) => valuesOf(key, files).at(-1)!;
  const [program, ...args] = one('ExecStart').split(' ') as [string, ...string[]];
  const pairs = valuesOf('Environment', files).map((pair) => pair.replace(/\/(var\/lib|opt)\/\S+/, place));
  const settings = valuesOf('EnvironmentFile', files).flatMap((file) =>
    readPairs(place(file.replace(/^-/, ''))),
  );
  const env = Object.fromEntries([...pairs, ...settings].map(split));
  const node = program === 'node' ? process.execPath : program;
  const command = ['sh', '-c', `umask ${one('UMask')} && exec "$0" "$@"`, node, ...args];
  const child = spawn(...lowered(command), {
    cwd: place(one('WorkingDirectory')),
    env: { ...env, API_PORT: String(service.port), API_HOST: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const said: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  const ended = once(child, 'exit') as Promise<[number | null]>;
  lab.undo(() => {
    endGroup(child.pid);
  });
  return {
    stop: async () => {
      const from = Date.now();
      child.kill('SIGTERM');
      const timer = setTimeout(() => {
        endGroup(child.pid);
      }, 15_000);
      const [code] = await ended;
      clearTimeout(timer);
      demand(code === 0, `the server ended with ${String(code)}: ${said.join('').slice(-500)}`);
      return Date.now() - from;
    },
  };
}

/** As root: another user, no capability and no way to one. Else as who we are. */
function lowered(command: readonly string[]): [string, string[]] {
  const id = String(SERVICE_ID);
  const drop = `setpriv --reuid ${id} --regid ${id} --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all --`;
  const [program, ...args] = isRoot ? [...drop.split(' '), ...command] : command;
  return [program!, args];
}

function readPairs(file: string): string[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => /^\w+=/.test(line)).map((line) => line.replace(/='(.*)'$/, '=$1'));
}

const split = (pair: string): [string, string] => {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
};

export const dataKey = (folder: string) => readFileSync(path.join(folder, 'api-key'), 'utf8').trim();
