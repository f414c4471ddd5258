/** JSON lines on stdout. Whatever is logged, known secrets and interaction tokens never get through. */
import { pino } from 'pino';
import type { Logger } from './core/ports.ts';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  readonly level: LogLevel;
  readonly write: (line: string) => void;
}

export interface RedactingLogger extends Logger {
  /** From now on this text is replaced wherever it would appear. */
  hide(secret: string): void;
  /** The text without what is hidden: for what is said outside the log. */
  redact(text: string): string;
  /** Written whatever the level: what whoever starts the server waits for. */
  announce(details: object, message: string): void;
}

const SHORTEST_SECRET = 6;

/** An interaction's token stands in the path of its answers and lets anybody speak in its name. */
const INTERACTION_TOKEN = /((?:webhooks|interactions)\/\d+\/)[\w-]{20,}/g;

/** Somebody may paste a named key where its name is meant, and so into a path; its id leads to the key. */
const NAMED_KEY = /(athena_[a-z2-7]{8}_)[\w-]{43}/g;

export function createLogger({ level, write }: LogOptions): RedactingLogger {
  const secrets = new Set<string>();
  const redact = (text: string) => {
    let safe = text.replace(INTERACTION_TOKEN, '$1[redacted]').replace(NAMED_KEY, '$1[redacted]');
    for (const secret of secrets) safe = safe.replaceAll(secret, '[redacted]');
    return safe;
  };
  const destination = {
    write: (line: string) => {
      write(redact(line));
    },
  };
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: (error: unknown) => describeError(error) },
  };
  const logger = pino(options, destination);
  return {
    debug: logger.debug.bind(logger),
    info: logger.info.bind(logger),
    warn: logger.warn.bind(logger),
    error: logger.error.bind(logger),
    redact,
    announce: (details, message) => {
      logger.child({}, { level: 'info' }).info(details, message);
    },
    hide(secret) {
      // A very short one stands inside ordinary words, and hiding it would only garble the log.
      if (secret.length < SHORTEST_SECRET) return;
      // As JSON writes it, quotes and backslashes are escaped; in an address, other characters are.
      secrets.add(secret).add(JSON.stringify(secret).slice(1, -1)).add(encodeURIComponent(secret));
    },
  };
}

/** Deeper than anybody reads; an error may even be its own cause. */
const MAX_CAUSES = 5;

/** What helps to find a fault, and nothing that a library hung on to the error (bodies, headers). */
function describeError(error: unknown, causes = MAX_CAUSES): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? error.code : undefined;
  const deeper = cause !== undefined && causes > 0;
  return { name, message, code, stack, ...(deeper && { cause: describeError(cause, causes - 1) }) };
}
