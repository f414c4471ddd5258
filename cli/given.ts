/** What was typed, judged: a value of the right kind, or an error that names what is wrong. */
import type { OptionValue } from './command.ts';
import type { Deps } from './deps.ts';
import { usageError } from './errors.ts';
import { safeLine } from './text.ts';

/** `5` or `#5`. */
export function taskId(word: string | undefined): number {
  const digits = /^#?(\d+)$/.exec(word ?? '')?.[1];
  const id = Number(digits);
  if (digits !== undefined && id > 0 && Number.isSafeInteger(id)) return id;
  const shown = quoted(word ?? '');
  throw usageError(
    `${shown} is not a task id: ids are positive whole numbers such as 5.`,
    'See "claude-task-client list".',
  );
}

/** A whole number of at least `min`. */
export function wholeNumber(name: string, value: OptionValue, min: number): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (typeof value === 'string' && /^\d{1,9}$/.test(value) && number >= min) return number;
  throw usageError(`${name} must be a whole number of at least ${min}, not ${quoted(value)}.`);
}

export function text(value: OptionValue): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** `a,b`, of one flag or of several: without blanks and empty places. */
export function commaList(value: OptionValue): string[] | undefined {
  if (typeof value !== 'string') return undefined;
  return value
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** Any number; which ones make sense is judged by whoever uses it. */
export function anyNumber(name: string, value: OptionValue): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(number)) return number;
  throw usageError(`${name} must be a number, not ${quoted(value)}.`);
}

/** The word itself, or standard input where it is `-`. */
export async function wordOrStdin(word: string | undefined, io: Deps['io']): Promise<string> {
  return word === '-' ? io.readAll() : (word ?? '');
}

export function quoted(value: OptionValue): string {
  return `"${safeLine(String(value)).slice(0, 60)}"`;
}
