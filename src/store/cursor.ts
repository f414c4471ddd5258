/** Where a page went on: the keys of its last row, as text that only this store reads. */
import { DomainError } from '../core/errors.ts';

/** `kind` tells the cursors of one list from those of another. */
export function toCursor(kind: string, ...keys: readonly number[]): string {
  return Buffer.from([kind, ...keys].join('.')).toString('base64url');
}

/** Throws `invalid_input` for a cursor that this list did not give. */
export function keysOf(cursor: string, kind: string, count: number): number[] {
  const [found, ...keys] = Buffer.from(cursor, 'base64url').toString('latin1').split('.');
  if (found !== kind || keys.length !== count || !keys.every((key) => /^\d{1,15}$/.test(key))) {
    throw new DomainError('invalid_input', 'cursor is not one that this list gave; start again without it.');
  }
  return keys.map(Number);
}
