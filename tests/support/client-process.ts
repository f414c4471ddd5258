/** The built client as a process, on a machine of its own: its folders lie in a temporary one. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CLIENT = fileURLToPath(new URL('../../cli/dist/claude-task-client.mjs', import.meta.url));

export interface ClientMachine {
  readonly url: string;
  readonly key: string;
  readonly home: string;
  readonly instance: string;
  readonly name?: string;
  /** More of the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface ClientRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A client that somebody may kill before it ends. */
export interface StartedClient {
  readonly pid: number;
  readonly ended: Promise<ClientRun>;
  signal(signal: NodeJS.Signals): void;
}

export function startClient(machine: ClientMachine, ...argv: string[]): StartedClient {
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: machine.home,
    ATHENA_API_URL: machine.url,
    ATHENA_API_KEY: machine.key,
    CLAUDE_INSTANCE: machine.instance,
    CLAUDE_INSTANCE_NAME: machine.name ?? machine.instance,
    ...machine.env,
  };
  const child = spawn(process.execPath, [CLIENT, ...argv], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<ClientRun>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
  return { pid: child.pid ?? 0, ended, signal: (signal) => void child.kill(signal) };
}

export function runClient(machine: ClientMachine, ...argv: string[]): Promise<ClientRun> {
  return startClient(machine, ...argv).ended;
}
