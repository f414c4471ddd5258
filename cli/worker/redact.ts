/** Strikes known secrets out of texts, also where they come as base64 or inside a URL. */

export interface Redactor {
  readonly redact: (text: string) => string;
  /** For a text that comes in pieces: a secret that lies across two of them is found. `end` gives what is held back. */
  readonly stream: () => { readonly push: (text: string) => string; readonly end: () => string };
}

const STRUCK = '[redacted]';
/** Anything shorter would strike out ordinary words. */
const SHORTEST = 6;

/** `values` is asked each time: more may become known. */
export function createRedactor(values: () => readonly string[]): Redactor {
  let known = '';
  let forms: readonly string[] = [];
  const current = () => {
    const secrets = values().filter((value) => value.length >= SHORTEST);
    const key = secrets.join('\0');
    if (key !== known) forms = [...new Set(secrets.flatMap(formsOf))].sort((a, b) => b.length - a.length);
    known = key;
    return forms;
  };
  const redact = (text: string) => current().reduce((rest, form) => rest.replaceAll(form, STRUCK), text);
  return {
    redact,
    stream: () => {
      let held = '';
      return {
        push: (text) => {
          const all = redact(held + text);
          const keep = longestBeginning(all, current());
          held = all.slice(all.length - keep);
          return all.slice(0, all.length - keep);
        },
        end: () => {
          const rest = held;
          held = '';
          return rest;
        },
      };
    },
  };
}

/** How many of the last characters may be the beginning of a secret. */
function longestBeginning(text: string, forms: readonly string[]): number {
  const most = Math.min(text.length, (forms[0]?.length ?? 1) - 1);
  for (let length = most; length > 0; length -= 1) {
    const tail = text.slice(-length);
    if (forms.some((form) => form.length > length && form.startsWith(tail))) return length;
  }
  return 0;
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
