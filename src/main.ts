#!/usr/bin/env node
/** The process edge: reads the environment, starts the app, stops it on signals, returns an exit code. */
import { startApp } from './app.ts';
import { ApiKeyError } from './api-key.ts';
import { ConfigError, readConfig, type Config } from './config.ts';
import { TransientError } from './core/errors.ts';
import { createLogger, type LogLevel, type RedactingLogger } from './log.ts';
import { DatabaseRefused } from './store/database-refused.ts';
import { systemClock, systemIds } from './system.ts';

const EXIT_FAILURE = 1;
const EXIT_CONFIG = 2;
/** Whatever hangs, the process is gone before a service manager would kill it. */
const LAST_RESORT_MS = 9500;

function newLogger(level: LogLevel): RedactingLogger {
  return createLogger({ level, write: (line) => process.stdout.write(line) });
}

function configure(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (error instanceof ConfigError) {
      newLogger('info').error({ problems: error.problems }, 'the configuration is not usable');
      process.stderr.write(`${error.message}\n`);
      process.exit(EXIT_CONFIG);
    }
    throw error;
  }
}

/** An expected failure is told in one sentence; anything else with its stack. */
function refuse(error: unknown, logger: RedactingLogger): never {
  const told = toldFailure(error);
  if (told === null) logger.error({ error }, 'the server could not start');
  else logger.error({ reason: told }, 'the server could not start');
  process.stderr.write(`${logger.redact(told ?? String(error))}\n`);
  process.exit(EXIT_FAILURE);
}

function toldFailure(error: unknown): string | null {
  const isExpected =
    error instanceof DatabaseRefused || error instanceof ApiKeyError || error instanceof TransientError;
  if (isExpected) return error.message;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE')
    return 'The port is taken by another program. Stop it, or set API_PORT to another port.';
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return 'This machine has no such address. Set API_HOST to one it has.';
  if (code === 'EACCES') return 'The port may not be used by this user. Set API_PORT to one above 1023.';
  return null;
}

async function serve(): Promise<void> {
  const config = configure();
  const logger = newLogger(config.logLevel);
  // A bug that nobody caught leaves the process in an unknown state: say so and let it be restarted.
  process.on('uncaughtException', (error) => {
    logger.error({ error }, 'uncaught error; the process ends');
    process.exit(EXIT_FAILURE);
  });
  let asked = false;
  let stop: (() => Promise<void>) | null = null;
  const onSignal = (signal: string) => {
    if (asked) return;
    asked = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => process.exit(EXIT_FAILURE), LAST_RESORT_MS).unref();
    if (stop === null) process.exit(0);
    void stop().then(() => {
      logger.info({}, 'stopped');
      process.exit(0);
    });
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  const app = await startApp({ config, logger, clock: systemClock, ids: systemIds }).catch((error: unknown) =>
    refuse(error, logger),
  );
  stop = () => app.stop();
}

/** Ctrl-C and a polite end are heard while somebody listens; otherwise they end the process as usual. */
function onInterrupt(run: () => void): () => void {
  process.on('SIGINT', run).on('SIGTERM', run);
  return () => {
    process.off('SIGINT', run).off('SIGTERM', run);
  };
}

async function ask(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // The end of the input is an answer as well: none.
  const ended = new Promise<string>((resolve) =>
    lines.once('close', () => {
      resolve('');
    }),
  );
  return Promise.race([lines.question(question), ended]).finally(() => {
    lines.close();
  });
}

/** Everything that is not the server. Its code is loaded here, so that the server starts without it. */
async function command(argv: readonly string[]): Promise<number> {
  const [{ runCommand }, { VERSION }] = await Promise.all([
    import('./commands/program.ts'),
    import('./version.ts'),
  ]);
  const terminal = {
    out: (text: string) => void process.stdout.write(text),
    err: (text: string) => void process.stderr.write(text),
    isWatched: process.stderr.isTTY,
    canAsk: process.stdin.isTTY && process.stderr.isTTY,
    hasColours: process.stdout.isTTY && !process.env['NO_COLOR'],
    ask,
    onInterrupt,
    environment: process.env,
    folder: process.cwd(),
    clock: systemClock,
  };
  return runCommand(argv, { terminal, version: VERSION });
}

// Tasks, keys and logs of a team: what this process writes, only its own user reads.
process.umask(0o077);
const argv = process.argv.slice(2);
if (argv.length === 0 || (argv.length === 1 && argv[0] === 'serve')) await serve();
else process.exitCode = await command(argv);
