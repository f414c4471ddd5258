/**
 * Strikes known secrets out of texts, also where they come as base64 or inside a URL, and what is left of one that was
 * cut through.
 */
import { CUT } from './cut.ts';

const STRUCK = '[redacted]';
/** Anything shorter would strike out ordinary words. */
const SHORTEST = 6;
/** Of a secret that was cut, as much as gives something away. */
const SHORTEST_PART = 8;

/** `values` is asked each time: more may become known. */
export function createRedactor(values: () => readonly string[]): (text: string) => string {
  let known = '';
  let forms: readonly string[] = [];
  const current = () => {
    const secrets = values().filter((value) => value.length >= SHORTEST);
    const key = secrets.join('\0');
    if (key !== known) forms = [...new Set(secrets.flatMap(formsOf))].sort((a, b) => b.length - a.length);
    known = key;
    return forms;
  };
  return (text) => {
    const struck = current().reduce((rest, form) => rest.replaceAll(form, STRUCK), text);
    if (forms.length === 0) return struck;
    const parts = struck.split(CUT);
    return parts.map((part, index) => (index % 2 === 1 ? part : strikeEdges(part, forms))).join('');
  };
}

/** A text begins and ends where something was cut, or where the next piece of a stream goes on. */
function strikeEdges(text: string, forms: readonly string[]): string {
  const lead = longest(forms, (form, length) => text.startsWith(form.slice(-length)));
  const rest = lead === 0 ? text : STRUCK + text.slice(lead);
  const trail = longest(forms, (form, length) => rest.endsWith(form.slice(0, length)));
  return trail === 0 ? rest : rest.slice(0, -trail) + STRUCK;
}

function longest(forms: readonly string[], isThere: (form: string, length: number) => boolean): number {
  let most = 0;
  for (const form of forms) {
    for (let length = form.length - 1; length >= Math.max(SHORTEST_PART, most + 1); length -= 1) {
      if (isThere(form, length)) most = length;
    }
  }
  return most;
}

function formsOf(secret: string): string[] {
  const escaped = JSON.stringify(secret).slice(1, -1);
  return [secret, escaped, encodeURIComponent(secret), ...base64Forms(secret)];
}

/** Inside a longer text the bytes fall on one of three beginnings; what depends on the neighbours is left away. */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [0, 1, 2].flatMap((shift) => {
    const packed = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const from = Math.ceil((shift * 8) / 6);
    const to = Math.floor(((shift + bytes.length) * 8) / 6);
    const sure = packed.slice(from, to);
    return sure.length < SHORTEST ? [] : [sure, sure.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
