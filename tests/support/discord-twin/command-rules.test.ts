import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newRest, startTwin } from './fixture.ts';
import type { DiscordTwin } from './index.ts';

describe('a command definition', () => {
  let twin: DiscordTwin;
  beforeEach(async () => {
    twin = await startTwin();
  });
  afterEach(() => twin.stop());

  const option = (facts: object): object => ({ name: 'a', description: 'b', type: 3, ...facts });
  const command = (facts: object): object => ({ name: 'task', description: 'b', ...facts });
  const named = (count: number, facts: object = {}): object[] =>
    Array.from({ length: count }, (_, index) => command({ name: `c${index}`, ...facts }));

  test.each<[string, object[], number]>([
    ['capital letters', [command({ name: 'Task' })], 50035],
    ['a blank in the name', [command({ name: 'a task' })], 50035],
    ['a name of 33', [command({ name: 'x'.repeat(33) })], 50035],
    ['no description', [command({ description: '' })], 50035],
    ['a description of 101', [command({ description: 'x'.repeat(101) })], 50035],
    [
      'a required option after an optional one',
      [command({ options: [option({}), option({ name: 'c', required: true })] })],
      50035,
    ],
    ['the same option twice', [command({ options: [option({}), option({})] })], 50035],
    [
      '26 choices',
      [
        command({
          options: [
            option({
              choices: Array.from({ length: 26 }, (_, index) => ({ name: `${index}`, value: `${index}` })),
            }),
          ],
        }),
      ],
      50035,
    ],
    [
      'choices and autocomplete',
      [command({ options: [option({ autocomplete: true, choices: [{ name: 'a', value: 'a' }] })] })],
      50035,
    ],
    [
      'over 8,000 characters',
      [
        command({
          options: Array.from({ length: 5 }, (_, index) =>
            option({
              name: `o${index}`,
              choices: Array.from({ length: 20 }, (__, at) => ({
                name: `${at}`.padEnd(100, 'n'),
                value: `${at}`.padEnd(100, 'v'),
              })),
            }),
          ),
        }),
      ],
      50035,
    ],
    ['the same name twice', [command({}), command({})], 50035],
    ['a message command with a description', [command({ type: 3 })], 50035],
    ['101 commands', named(101), 30032],
    ['16 message commands', named(16, { type: 3, description: '' }), 30032],
  ])('is refused with %s', async (_name, body, code) => {
    const path = `/applications/${twin.bot.applicationId}/guilds/${twin.guild.id}/commands` as const;
    await expect(newRest(twin).put(path, { body })).rejects.toMatchObject({ code });
    expect(twin.commands).toEqual([]);
  });

  test('keeps its id over a second PUT and counts creates by the day', async () => {
    const path = `/applications/${twin.bot.applicationId}/commands` as const;
    const rest = newRest(twin);
    const [first] = (await rest.put(path, { body: named(100) })) as { id: string }[];
    const [again] = (await rest.put(path, { body: named(100) })) as { id: string }[];
    expect(again?.id).toBe(first?.id);
    await rest.put(path, { body: [] });
    await rest.put(path, { body: named(100) });
    await rest.put(path, { body: [] });
    twin.advance(86_400_000);
    await rest.put(path, { body: named(1) });
    expect(twin.violations).toEqual([]);
  });
});
