/** The process edge: words, environment, streams and signals in; an exit code out. */
import os from 'node:os';
import type { Host } from './deps.ts';
import { ClientError, codeOf } from './errors.ts';
import { run } from './run.ts';

export async function start(env: NodeJS.ProcessEnv, worker: Host['worker']): Promise<void> {
  // Whoever reads us may stop early (`| head -1`): there is nothing left to say, and nothing went wrong.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      process.exit(codeOf(error) === 'EPIPE' ? 0 : 1);
    });
  }
  const code = await run({
    argv: process.argv.slice(2),
    env,
    platform: process.platform,
    home: os.homedir(),
    hostname: os.hostname(),
    cwd: () => process.cwd(),
    streams: { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr },
    ...createInterrupts(),
    worker,
    now: () => Date.now(),
    elapsed: () => performance.now(),
    random: () => Math.random(),
    newKey: () => process.getBuiltinModule('node:crypto').randomUUID(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  await written(process.stdout);
  await written(process.stderr);
  process.exit(code);
}

/** The first signal ends the command in good order, a second one at once; unless the command sees to it itself. */
function createInterrupts(): Pick<Host, 'signal' | 'takeSignals'> {
  const controller = new AbortController();
  let handle: (() => void) | undefined;
  const stop = (code: string, exitCode: number) => {
    if (handle !== undefined) handle();
    else if (controller.signal.aborted) process.exit(exitCode);
    else controller.abort(new ClientError(code, 'Interrupted.'));
  };
  process.on('SIGINT', () => {
    stop('interrupted', 130);
  });
  process.on('SIGTERM', () => {
    stop('terminated', 143);
  });
  return {
    signal: controller.signal,
    takeSignals: (by) => {
      handle = by;
    },
  };
}

function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => {
      resolve();
    });
  });
}
