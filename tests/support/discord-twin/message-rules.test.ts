import { DiscordAPIError, type REST } from 'discord.js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newRest, startTwin } from './fixture.ts';
import type { DiscordTwin } from './index.ts';

const text = (length: number): string => 'x'.repeat(length);
const button = (facts: object = {}): object => ({
  type: 2,
  style: 1,
  label: 'Go',
  custom_id: 'go',
  ...facts,
});
const row = (...components: object[]): object => ({ type: 1, components });
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Body, then the code, then where the complaint is. */
const REFUSED: [string, object, number, string?][] = [
  ['nothing at all', {}, 50006],
  ['whitespace', { content: ' \n\t ' }, 50006],
  ['an embed with nothing in it', { embeds: [{ color: 5 }] }, 50006],
  ['2,001 characters', { content: text(2_001) }, 50035, 'content'],
  ['11 embeds', { embeds: many(11, () => ({ title: 'a' })) }, 50035, 'embeds'],
  ['a title of 257', { embeds: [{ title: text(257) }] }, 50035, 'embeds.0.title'],
  ['a description of 4,097', { embeds: [{ description: text(4_097) }] }, 50035, 'embeds.0.description'],
  [
    '26 fields',
    { embeds: [{ fields: many(26, () => ({ name: 'a', value: 'b' })) }] },
    50035,
    'embeds.0.fields',
  ],
  [
    'a field name of 257',
    { embeds: [{ fields: [{ name: text(257), value: 'b' }] }] },
    50035,
    'embeds.0.fields.0.name',
  ],
  [
    'a field of 1,025',
    { embeds: [{ fields: [{ name: 'a', value: text(1_025) }] }] },
    50035,
    'embeds.0.fields.0.value',
  ],
  ['a blank field', { embeds: [{ fields: [{ name: 'a', value: ' ' }] }] }, 50035, 'embeds.0.fields.0.value'],
  [
    'a footer of 2,049',
    { embeds: [{ title: 'a', footer: { text: text(2_049) } }] },
    50035,
    'embeds.0.footer.text',
  ],
  ['an author of 257', { embeds: [{ author: { name: text(257) } }] }, 50035, 'embeds.0.author.name'],
  [
    '6,001 characters over all embeds',
    { embeds: [{ description: text(4_000) }, { description: text(2_001) }] },
    50035,
    'embeds',
  ],
  ['an embed address that is none', { embeds: [{ title: 'a', url: 'here' }] }, 50035, 'embeds.0.url'],
  ['a time that is none', { embeds: [{ title: 'a', timestamp: 'soon' }] }, 50035, 'embeds.0.timestamp'],
  [
    '6 rows',
    { components: many(6, (index) => row(button({ custom_id: `b${index}` }))) },
    50035,
    'components',
  ],
  [
    '6 buttons in a row',
    { components: [row(...many(6, (index) => button({ custom_id: `b${index}` })))] },
    50035,
    'components.0.components',
  ],
  ['an empty row', { components: [row()] }, 50035, 'components.0.components'],
  ['a button outside a row', { components: [button()] }, 50035, 'components.0.type'],
  [
    'the same custom id twice',
    { components: [row(button()), row(button())] },
    50035,
    'components.1.components.0.custom_id',
  ],
  [
    'a custom id of 101',
    { components: [row(button({ custom_id: text(101) }))] },
    50035,
    'components.0.components.0.custom_id',
  ],
  [
    'an empty custom id',
    { components: [row(button({ custom_id: '' }))] },
    50035,
    'components.0.components.0.custom_id',
  ],
  [
    'a label of 81',
    { components: [row(button({ label: text(81) }))] },
    50035,
    'components.0.components.0.label',
  ],
  [
    'a button without words',
    { components: [row(button({ label: '' }))] },
    50035,
    'components.0.components.0',
  ],
  [
    'a link with a custom id',
    { components: [row(button({ style: 5, url: 'https://a.b' }))] },
    50035,
    'components.0.components.0',
  ],
  [
    'a button beside a select',
    { components: [row(button(), { type: 5, custom_id: 's' })] },
    50035,
    'components.0',
  ],
  [
    '26 options',
    {
      components: [
        row({ type: 3, custom_id: 's', options: many(26, (index) => ({ label: 'a', value: `${index}` })) }),
      ],
    },
    50035,
    'components.0.components.0.options',
  ],
  ['a nonce of 26', { content: 'a', nonce: text(26), enforce_nonce: true }, 50035, 'nonce'],
  [
    'users parsed and listed',
    { content: 'a', allowed_mentions: { parse: ['users'], users: ['1'] } },
    50035,
    'allowed_mentions',
  ],
  [
    'a reply to nothing',
    { content: 'a', message_reference: { message_id: '123456789012345678' } },
    50035,
    'message_reference',
  ],
];

const ACCEPTED: [string, object][] = [
  ['2,000 characters', { content: text(2_000) }],
  ['2,000 characters and white space around', { content: ` ${text(2_000)}\n` }],
  [
    'a full embed',
    { embeds: [{ title: text(256), description: text(4_096), fields: [{ name: 'a', value: text(1_024) }] }] },
  ],
  [
    '25 buttons',
    { components: many(5, (y) => row(...many(5, (x) => button({ custom_id: `${y}.${x}` })))), content: 'a' },
  ],
  ['a nonce of 25', { content: 'a', nonce: text(25), enforce_nonce: true }],
  ['an embed alone', { embeds: [{ title: 'a' }] }],
];

describe('a message body', () => {
  let twin: DiscordTwin;
  let rest: REST;
  let path: `/channels/${string}/messages`;

  beforeAll(async () => {
    twin = await startTwin();
    rest = newRest(twin);
    path = `/channels/${twin.channel('claude-tasks').id}/messages`;
  });
  afterAll(() => twin.stop());
  beforeEach(() => {
    twin.takeViolations();
  });

  test.each(REFUSED)('is refused with %s', async (...[, body, code, where]) => {
    const before = twin.channel('claude-tasks').messages.length;
    const error = await rest.post(path, { body }).catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(DiscordAPIError);
    expect(error).toMatchObject({ code, status: 400 });
    if (where !== undefined) expect(problemAt(error as DiscordAPIError, where)).toHaveLength(1);
    expect(twin.violations).toMatchObject([{ code, method: 'POST', path }]);
    expect(twin.channel('claude-tasks').messages).toHaveLength(before);
  });

  test.each(ACCEPTED)('is accepted with %s', async (_name, body) => {
    await rest.post(path, { body });
    expect(twin.violations).toEqual([]);
  });

  test('is held to the same rules when it is edited', async () => {
    const made = (await rest.post(path, { body: { content: 'a', embeds: [{ title: 'b' }] } })) as {
      id: string;
    };
    const one = `${path}/${made.id}` as const;
    await expect(rest.patch(one, { body: { content: text(2_001) } })).rejects.toMatchObject({ code: 50035 });
    await rest.patch(one, { body: { content: '' } });
    await expect(rest.patch(one, { body: { embeds: [] } })).rejects.toMatchObject({ code: 50006 });
    expect(twin.message(made.id).versions).toHaveLength(2);
  });

  test('is refused with 11 files or one that is too large', async () => {
    const files = many(11, (index) => ({ name: `${index}.txt`, data: 'a' }));
    await expect(rest.post(path, { body: {}, files })).rejects.toMatchObject({ code: 50035 });
    const large = [{ name: 'large.txt', data: Buffer.alloc(10 * 1024 * 1024 + 1) }];
    await expect(rest.post(path, { body: {}, files: large })).rejects.toMatchObject({ status: 413 });
    await rest.post(path, { body: { content: 'log' }, files: [{ name: 'log.txt', data: 'long output' }] });
    const sent = twin.channel('claude-tasks').messages.at(-1);
    expect(sent?.attachments).toMatchObject([{ filename: 'log.txt', text: 'long output' }]);
  });
});

function problemAt(error: DiscordAPIError, where: string): unknown[] {
  const raw = error.rawError as { errors?: unknown };
  const node = where
    .split('.')
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], raw.errors);
  return (node as { _errors?: unknown[] } | undefined)?._errors ?? [];
}
