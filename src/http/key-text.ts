/**
 * A named key as a text: `athena_<id>_<secret>`. The id may be seen, so that a key found somewhere can be
 * told and revoked; the secret is 256 random bits, so one hash without salt is enough to keep.
 */
import { hash, randomBytes } from 'node:crypto';

const ID_LENGTH = 8;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';
const KEY_TEXT = /^athena_([a-z2-7]{8})_[\w-]{43}$/;

export function makeKeyText(): { readonly id: string; readonly text: string } {
  const id = Array.from(randomBytes(ID_LENGTH), (byte) => LETTERS.charAt(byte % LETTERS.length)).join('');
  return { id, text: `athena_${id}_${randomBytes(32).toString('base64url')}` };
}

/** Undefined for a text that is no named key. */
export function idOfKeyText(text: string): string | undefined {
  return KEY_TEXT.exec(text)?.[1];
}

export function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
