/** How long the built client takes to start, against the shortest a Node program can take. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KEY, launchServer } from './contenders.ts';
import { median } from './numbers.ts';
import type { Processes } from './processes.ts';

const CLIENT = fileURLToPath(new URL('../cli/dist/claude-task-client.mjs', import.meta.url));

export interface CliStart {
  readonly nodeMs: number;
  /** Each as a multiple of `node -e 0`, taken inside the round. */
  readonly version: number;
  readonly check: number;
}

/** Null when the client is not built. */
export async function measureCliStart(processes: Processes, rounds: number): Promise<CliStart | null> {
  if (!existsSync(CLIENT)) return null;
  const server = await processes.serve(launchServer(join(processes.folder, 'cli.db')));
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: processes.folder,
    ATHENA_API_URL: `http://127.0.0.1:${server.port}`,
    ATHENA_API_KEY: KEY,
    CLAUDE_INSTANCE: 'bench-cli',
  };
  const times = { node: [] as number[], version: [] as number[], check: [] as number[] };
  for (let round = -1; round < rounds; round += 1) {
    const node = await timeOf(['-e', '0'], env);
    const version = await timeOf([CLIENT, '--version'], env);
    const check = await timeOf([CLIENT, 'check'], env);
    if (round < 0) continue;
    times.node.push(node);
    times.version.push(version / node);
    times.check.push(check / node);
  }
  await server.stop();
  return { nodeMs: median(times.node), version: median(times.version), check: median(times.check) };
}

function timeOf(args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args], { env, stdio: 'ignore' });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve(performance.now() - begin);
      else reject(new Error(`node ${args.join(' ')} ended with exit code ${String(code)}.`));
    });
  });
}
