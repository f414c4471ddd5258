/** Questions to a person. The answer to a secret one is not shown and not kept by the terminal. */
import { ClientError } from './errors.ts';
import type { Input, Output } from './streams.ts';

const ENTER = /[\r\n]/;
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_U = '\u0015';
const ERASE = /[\b\u007f]/;

export function createPrompt(stdin: Input, stderr: Output) {
  return {
    async ask(question: string): Promise<string> {
      stderr.write(question);
      return readLine(stdin);
    },
    async askSecret(question: string): Promise<string> {
      stderr.write(question);
      stdin.setRawMode?.(true);
      try {
        return await readLine(stdin);
      } finally {
        // In raw mode nobody else moves to the next line.
        stdin.setRawMode?.(false);
        stderr.write('\n');
      }
    },
  };
}

/** What was typed after Enter in one piece (a paste) stays for the next question. */
function readLine(stdin: Input): Promise<string> {
  return new Promise((resolve, reject) => {
    let line = '';
    const stop = () => {
      stdin.off('data', take).off('end', end).off('error', end);
      stdin.pause();
    };
    const end = () => {
      stop();
      if (line === '') reject(interrupted());
      else resolve(line);
    };
    const take = (chunk: Buffer | string) => {
      const text = String(chunk);
      for (const [at, character] of Array.from(text).entries()) {
        if (character === CTRL_C || (character === CTRL_D && line === '')) {
          stop();
          reject(interrupted());
          return;
        }
        if (ENTER.test(character) || character === CTRL_D) {
          stop();
          const rest = Array.from(text)
            .slice(at + 1)
            .join('');
          if (rest !== '') stdin.unshift(Buffer.from(rest));
          resolve(line);
          return;
        }
        line = edited(line, character);
      }
    };
    stdin.on('data', take).once('end', end).once('error', end);
    stdin.resume();
  });
}

function edited(line: string, character: string): string {
  if (ERASE.test(character)) return line.slice(0, -1);
  if (character === CTRL_U) return '';
  return line + character;
}

function interrupted(): ClientError {
  return new ClientError('interrupted', 'Interrupted.');
}
