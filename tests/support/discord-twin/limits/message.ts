import { asList, asNumber, asObject, asText, isGiven, type JsonObject } from '../json.ts';
import { refuse } from '../refusals.ts';
import { checkComponents } from './components.ts';
import { checkEmbeds, isEmptyEmbed } from './embeds.ts';
import { createForm, type Form } from './form.ts';

const MAX_FILES = 10;
const MAX_FILE_BYTES = 10 * 1024 * 1024;
const MAX_REQUEST_BYTES = 25 * 1024 * 1024;

export const FLAGS = {
  suppressEmbeds: 1 << 2,
  ephemeral: 1 << 6,
  loading: 1 << 7,
  suppressNotifications: 1 << 12,
  componentsV2: 1 << 15,
} as const;

export interface UploadedFile {
  readonly name: string;
  /** As the sender says; for what comes over REST it is the truth. */
  readonly bytes: number;
  readonly content: Buffer;
  readonly type: string | null;
}

/** Everything Discord checks on a message body, new or edited, before it looks at the world. */
export function checkMessageBody(body: JsonObject, files: readonly UploadedFile[]): void {
  const form = createForm();
  form.text('content', body['content'], { max: 2_000, trim: true });
  checkEmbeds(form, body['embeds']);
  checkLayout(form, body);
  checkNonce(form, body);
  checkMentionRules(form, body['allowed_mentions']);
  if (files.length > MAX_FILES) form.fail('files', 'BASE_TYPE_MAX_LENGTH', `Must be ${MAX_FILES} or fewer`);
  form.refuseIfWrong();
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  if (total > MAX_REQUEST_BYTES || files.some((file) => file.bytes > MAX_FILE_BYTES))
    refuse('requestTooLarge');
}

function checkLayout(form: Form, body: JsonObject): void {
  const isV2 = ((asNumber(body['flags']) ?? 0) & FLAGS.componentsV2) !== 0;
  if (!isV2) {
    checkComponents(form, body['components']);
    return;
  }
  form.list('components', body['components'], { min: 1, max: 40 });
  const old = ['content', 'embeds', 'poll'].filter(
    (key) => isGiven(body[key]) && asList(body[key]).length > 0,
  );
  for (const key of old) {
    form.fail(
      key,
      'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2',
      'Not allowed with IS_COMPONENTS_V2',
    );
  }
}

function checkNonce(form: Form, body: JsonObject): void {
  const nonce = body['nonce'];
  if (typeof nonce === 'string') form.text('nonce', nonce, { max: 25 });
  else if (isGiven(nonce) && !Number.isInteger(nonce)) {
    form.fail('nonce', 'NONCE_TYPE_INVALID', 'Nonce must be a string or an integer');
  }
}

function checkMentionRules(form: Form, value: unknown): void {
  const rules = asObject(value);
  const parse = asList(rules['parse']);
  for (const kind of ['users', 'roles']) {
    form.list(`allowed_mentions.${kind}`, rules[kind], { max: 100 });
    if (parse.includes(kind) && asList(rules[kind]).length > 0) {
      const message = `parse:["${kind}"] and ${kind}: [ids...] are mutually exclusive.`;
      form.fail('allowed_mentions', 'MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE', message);
    }
  }
  if (parse.some((kind) => !['users', 'roles', 'everyone'].includes(String(kind)))) {
    form.fail(
      'allowed_mentions.parse',
      'BASE_TYPE_CHOICES',
      "Value must be one of ('users', 'roles', 'everyone').",
    );
  }
}

/** Whitespace alone is nothing (50006). Called with what the message would be after the change. */
export function refuseEmptyMessage(message: JsonObject, fileCount: number): void {
  const hasText = (asText(message['content']) ?? '').trim() !== '';
  const hasEmbed = asList(message['embeds']).some((embed) => !isEmptyEmbed(embed));
  const hasOther = fileCount > 0 || asList(message['components']).length > 0 || isGiven(message['poll']);
  if (!hasText && !hasEmbed && !hasOther) refuse('emptyMessage');
}
