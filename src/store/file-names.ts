/** Names and types that came with somebody's file, made harmless: they end up in headers and on other machines' disks. */
import { TEXT_LIMITS } from '../core/vocabulary.ts';

const BYTES = 'application/octet-stream';
const MEDIA_TYPE = /^[a-z0-9][\w.+-]{0,63}\/[a-z0-9][\w.+-]{0,63}$/i;
/** Control characters, whatever divides folders anywhere, and what some systems do not take in a name. */
const UNFIT = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069/\\:*?"<>|]/g;
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Never empty, never hidden, never a way out of a folder; the ending is kept when it is cut. */
export function harmlessName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  const fit = last
    .replace(/\p{Surrogate}/gu, '_')
    .normalize('NFC')
    .replace(UNFIT, '_')
    .replace(/^[.\s~-]+/, '')
    .replace(/[.\s]+$/, '');
  const named = fit === '' ? 'file' : fit;
  return shortened(RESERVED.test(named) ? `_${named}` : named);
}

function shortened(name: string): string {
  if (name.length <= TEXT_LIMITS.name) return name;
  const ending = /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? '';
  const head = name.slice(0, TEXT_LIMITS.name - ending.length).replace(/[\uD800-\uDBFF]$/, '');
  return head + ending;
}

export function harmlessType(type: string | null): string {
  const plain = type?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return MEDIA_TYPE.test(plain) ? plain : BYTES;
}
