import { asList, asObject, asText, isGiven, type JsonObject } from '../json.ts';
import type { Form } from './form.ts';

const MAX_EMBEDS = 10;
const MAX_TOTAL = 6_000;

/** Embeds: their parts one by one, then the total over all of them. */
export function checkEmbeds(form: Form, value: unknown): void {
  const embeds = form.list('embeds', value, { max: MAX_EMBEDS }).map(asObject);
  embeds.forEach((embed, index) => {
    checkEmbed(form, `embeds.${index}`, embed);
  });
  const total = embeds.reduce((sum, embed) => sum + embedLength(embed), 0);
  if (total > MAX_TOTAL) {
    form.fail('embeds', 'MAX_EMBED_SIZE_EXCEEDED', `Embed size exceeds maximum size of ${MAX_TOTAL}`);
  }
}

function checkEmbed(form: Form, path: string, embed: JsonObject): void {
  form.text(`${path}.title`, embed['title'], { max: 256, trim: true });
  form.text(`${path}.description`, embed['description'], { max: 4_096, trim: true });
  form.integer(`${path}.color`, embed['color'], { min: 0, max: 0xff_ff_ff });
  form.text(`${path}.url`, embed['url'], { max: 2_048 });
  checkAddress(form, `${path}.url`, embed['url']);
  const { footer, author, timestamp } = embed;
  if (isGiven(footer)) {
    form.text(`${path}.footer.text`, asObject(footer)['text'], { max: 2_048, trim: true, required: true });
  }
  if (isGiven(author)) {
    form.text(`${path}.author.name`, asObject(author)['name'], { max: 256, trim: true, required: true });
  }
  if (isGiven(timestamp) && Number.isNaN(Date.parse(String(timestamp)))) {
    form.fail(`${path}.timestamp`, 'DATE_TIME_TYPE_PARSE', 'Could not parse. Should be ISO8601.');
  }
  form.list(`${path}.fields`, embed['fields'], { max: 25 }).forEach((entry, index) => {
    const field = asObject(entry);
    form.text(`${path}.fields.${index}.name`, field['name'], { max: 256, trim: true, required: true });
    form.text(`${path}.fields.${index}.value`, field['value'], { max: 1_024, trim: true, required: true });
  });
}

export function checkAddress(form: Form, path: string, value: unknown): void {
  if (!isGiven(value)) return;
  if (!/^(https?|discord|attachment):\/\/\S+$/.test(String(value))) {
    form.fail(path, 'URL_TYPE_INVALID_URL', 'Not a well formed URL.');
  }
}

function embedLength(embed: JsonObject): number {
  const fields = asList(embed['fields']).map(asObject);
  const texts = [
    embed['title'],
    embed['description'],
    asObject(embed['footer'])['text'],
    asObject(embed['author'])['name'],
    ...fields.flatMap((field) => [field['name'], field['value']]),
  ];
  return texts.reduce<number>((sum, text) => sum + (asText(text)?.trim().length ?? 0), 0);
}

/** Discord shows an embed only if it holds something: one without any of these is an empty message. */
export function isEmptyEmbed(value: unknown): boolean {
  const embed = asObject(value);
  const parts = ['title', 'description', 'image', 'thumbnail', 'footer', 'author', 'video'];
  const hasPart = parts.some((part) => isGiven(embed[part]) && embed[part] !== '');
  return !hasPart && asList(embed['fields']).length === 0;
}
