/** The process edge: words, environment, streams and signals in; an exit code out. */
import os from 'node:os';
import type { Host } from './deps.ts';
import { ClientError, codeOf } from './errors.ts';
import { run } from './run.ts';

export async function start(env: NodeJS.ProcessEnv, worker: Host['worker']): Promise<void> {
  const { isTaken, ...interrupts } = createInterrupts();
  // Whoever reads us may stop early (`| head -1`): there is nothing left to say, and nothing went wrong.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      // A terminal that was closed says so by a signal, too: there may be work to save.
      if (!isTaken()) process.exit(codeOf(error) === 'EPIPE' ? 0 : 1);
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
    ...interrupts,
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
function createInterrupts(): Pick<Host, 'signal' | 'takeSignals'> & { isTaken: () => boolean } {
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
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      stop('terminated', 143);
    });
  }
  return {
    isTaken: () => handle !== undefined,
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
