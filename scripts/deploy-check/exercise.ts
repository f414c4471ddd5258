/** Speaks to a deployed server as its users do: health, the client it hands out, one task from add to complete. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { demand } from './report.ts';
import { root } from './lab.ts';
import { must } from './run.ts';

export interface Served {
  readonly port: number;
  readonly key: string;
  /** Where the downloaded client and its state may live. */
  readonly folder: string;
}

const version = (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string })
  .version;

/** Waits for a healthy server for at most half a minute. */
export async function waitForHealth(port: number): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const health: Record<string, unknown> = await fetch(`http://127.0.0.1:${port}/health`)
      .then(async (answer) => (await answer.json()) as Record<string, unknown>)
      .catch((error: unknown) => ({ error: String(error) }));
    if (health.status === 'healthy') {
      demand(health.version === version, `/health says version ${String(health.version)}, not ${version}`);
      demand(health.database === 'ok', `/health says database ${String(health.database)}`);
      return;
    }
    demand(Date.now() < deadline, `/health did not become healthy: ${JSON.stringify(health)}`);
    await pause(250);
  }
}

/** Downloads the client from the server and takes one task through its life; gives the task's id. */
export async function walkTask(served: Served): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${served.port}/client/claude-task-client.mjs`);
  demand(answer.status === 200, `the client's download answered ${answer.status}`);
  writeFileSync(clientOf(served), await answer.text());
  const added = await client(served, ['add', 'try the deployment', '--json']);
  const id = taskOf(added).id;
  await client(served, ['claim', String(id), '--json']);
  await client(served, ['complete', String(id), '--notes', 'done', '--json']);
  await demandCompleted(served, id);
  return id;
}

export async function demandCompleted(served: Served, id: number): Promise<void> {
  const { status, notes } = taskOf(await client(served, ['show', String(id), '--json']));
  demand(status === 'completed' && notes === 'done', `task ${id} is ${status} with notes ${String(notes)}`);
}

const clientOf = (served: Served) => path.join(served.folder, 'client.mjs');

async function client(served: Served, args: readonly string[]): Promise<string> {
  const env = {
    PATH: process.env.PATH,
    HOME: served.folder,
    ATHENA_API_URL: `http://127.0.0.1:${served.port}`,
    ATHENA_API_KEY: served.key,
    CLAUDE_INSTANCE: 'deploy-check',
  };
  return must([process.execPath, clientOf(served), ...args], { env, timeoutMs: 60_000 });
}

interface Shown {
  readonly id: number;
  readonly status: string;
  readonly notes: string | null;
}

function taskOf(json: string): Shown {
  return (JSON.parse(json) as { task: Shown }).task;
}

/** The image's and the stock variant's own health check command. */
export function healthCommand(): string[] {
  const text = readFileSync(path.join(root, 'Dockerfile'), 'utf8');
  const found = /HEALTHCHECK[^[]*CMD (\[.*\])$/m.exec(text)?.[1];
  demand(found !== undefined, 'the Dockerfile has no HEALTHCHECK');
  return JSON.parse(found) as string[];
}
