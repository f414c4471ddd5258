/** The three streams as one value: results go to stdout, talk goes to stderr, questions need a terminal. */
import { isUtf8 } from 'node:buffer';
import { ClientError, usageError } from './errors.ts';
import type { Input, Streams } from './streams.ts';

export type Paint = (text: string) => string;

export interface Io {
  /** Columns of the terminal; where there is none, what fits everywhere. */
  readonly width: number;
  readonly isInteractive: boolean;
  /** `stdout` is a terminal: somebody reads along. */
  readonly isTerminal: boolean;
  readonly paint: Readonly<Record<'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', Paint>>;
  print(text: string): void;
  /** For the person at the terminal; never part of the result. */
  note(text: string): void;
  readAll(): Promise<string>;
  ask(question: string): Promise<string>;
  askSecret(question: string): Promise<string>;
}

/** Without a terminal nothing tells how wide a line may be: this fits any. */
const NARROW = 60;
const LARGEST_INPUT = 1024 * 1024;

export function createIo(streams: Streams, env: Readonly<Record<string, string | undefined>>): Io {
  const { stdin, stdout, stderr } = streams;
  const isTerminal = stdout.isTTY === true;
  const isColoured = isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  const sgr =
    (on: number, off: number): Paint =>
    (text) =>
      isColoured ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  const prompt = async () => (await import('./prompt.ts')).createPrompt(stdin, stderr);

  return {
    width: stdout.columns || Number(/^[1-9]\d{0,3}$/.exec(env['COLUMNS'] ?? '')?.[0] ?? NARROW),
    isInteractive: stdin.isTTY === true && stderr.isTTY === true,
    isTerminal,
    paint: {
      bold: sgr(1, 22),
      dim: sgr(2, 22),
      red: sgr(31, 39),
      green: sgr(32, 39),
      yellow: sgr(33, 39),
      cyan: sgr(36, 39),
    },
    print: (text) => void stdout.write(`${text}\n`),
    note: (text) => void stderr.write(`${text}\n`),
    readAll: () => {
      if (stdin.isTTY) stderr.write('Reading from standard input; end with Ctrl-D.\n');
      return readAll(stdin);
    },
    ask: async (question) => (await prompt()).ask(question),
    askSecret: async (question) => (await prompt()).askSecret(question),
  };
}

/** Everything that comes in, without a byte order mark and without the line break at its end. */
async function readAll(stdin: Input): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stdin as AsyncIterable<Buffer | string>) {
      const bytes = Buffer.from(chunk);
      size += bytes.length;
      if (size > LARGEST_INPUT) throw usageError('Standard input is larger than 1 MiB.');
      chunks.push(bytes);
    }
  } catch (error) {
    if (error instanceof ClientError) throw error;
    throw usageError('Standard input cannot be read.');
  }
  const bytes = Buffer.concat(chunks);
  if (!isUtf8(bytes)) {
    throw usageError('Standard input is not valid UTF-8 text.', 'Convert it first, for example with iconv.');
  }
  return bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .replace(/\r?\n$/, '');
}
