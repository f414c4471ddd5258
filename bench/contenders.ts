/** The servers that are measured against one another, each on its own copy of the same file. */
import { copyFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBacklog, type Backlog } from './backlog.ts';
import type { Child, Launch, Processes } from './processes.ts';

export const CONTENDERS = ['athena', 'ceiling 1', 'ceiling 2', 'other build'] as const;
export type ContenderName = (typeof CONTENDERS)[number];

export interface Contender {
  readonly name: ContenderName;
  readonly child: Child;
  readonly backlog: Backlog;
}

/** Made anew for each run: nothing that is measured listens with a key that anybody knows. */
export const KEY = randomBytes(24).toString('base64url');

const BUILT_SERVER = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const CEILING = fileURLToPath(new URL('./ceiling/main.ts', import.meta.url));

/** The real server, with the flags that image, unit and `npm start` give it. Requests are logged at debug, so info costs nothing. */
export function launchServer(databasePath: string, main: string = BUILT_SERVER): Launch {
  const env = {
    API_PORT: '0',
    API_HOST: '127.0.0.1',
    API_KEY: KEY,
    DB_PATH: databasePath,
    LOG_LEVEL: 'info',
  };
  return { args: ['--max-semi-space-size=4', '--max-old-space-size=384', resolve(main)], env };
}

function launchCeiling(databasePath: string, mode: 'each' | 'group'): Launch {
  return { args: ['--import', 'tsx', CEILING, databasePath, mode, KEY] };
}

export async function startContenders(
  processes: Processes,
  { filled, label, against }: { filled: string; label: string; against: string | null },
): Promise<readonly Contender[]> {
  const launches: Record<ContenderName, ((path: string) => Launch) | null> = {
    athena: (path) => launchServer(path),
    'ceiling 1': (path) => launchCeiling(path, 'each'),
    'ceiling 2': (path) => launchCeiling(path, 'group'),
    'other build': against === null ? null : (path) => launchServer(path, against),
  };
  const started: Contender[] = [];
  for (const name of CONTENDERS) {
    const path = join(processes.folder, `${label} ${name}.db`);
    const launch = launches[name]?.(path);
    if (launch === undefined) continue;
    copyFileSync(filled, path);
    started.push({ name, backlog: openBacklog(path), child: await processes.serve(launch) });
  }
  return started;
}
