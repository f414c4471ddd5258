/** Strikes known secrets out of texts, also where they come as base64 or inside a URL. */

const STRUCK = '[redacted]';
/** Anything shorter would strike out ordinary words. */
const SHORTEST = 6;

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
  return (text) => current().reduce((rest, form) => rest.replaceAll(form, STRUCK), text);
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
