import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answer, ask, report } from '../../contracts/run-world.ts';
import { openThreadStage, type ThreadStage } from './thread-stage.ts';

const SOMEBODY = '123456789012345678';
const NASTY: Record<string, string> = {
  mentions: `@everyone @here <@${SOMEBODY}> <@&${SOMEBODY}> <#${SOMEBODY}>`,
  markdown: '**bold** `code` ```fence never closed\n# big\n> quote ||spoiler|| [link](https://evil.example)',
  surrogates: `half a pair \uD83D and \uDE00 the other ${'\uD83D'.repeat(300)}`,
  invisible: '\u200B\u200B \u2060\uFEFF',
  spaces: ' \n\t \n x \n',
  'right to left': '\u202Eevil\u202C ‮ שלום',
  'one word': 'x'.repeat(7_000),
  lines: 'line\n'.repeat(3_000),
  backticks: '`'.repeat(3_999),
  fences: '```js\n'.repeat(900),
  controls: 'a\u0001b\u0007c\u001B[31md',
  json: '{"content":"@everyone","embeds":[]}\\',
};

describe('what runs say, whatever it is', () => {
  let on: ThreadStage;

  beforeEach(async () => {
    on = await openThreadStage();
  });

  afterEach(async () => {
    await on.close();
    expect(on.stage.twin.violations).toEqual([]);
    expect(on.stage.log.filter(({ level }) => level === 'error')).toEqual([]);
    expect(on.stage.log.filter(({ message }) => message.startsWith('discord refused'))).toEqual([]);
  });

  async function everythingWith(text: string): Promise<number> {
    const of = await on.run();
    await on.report(of, [text, { kind: 'tool', text }, { kind: 'notice', text }, text], {
      todo: [{ text, status: 'pending' }],
      activity: { text, startedAt: new Date(on.stage.clock.now().getTime() - 60_000) },
    });
    const title = text.slice(0, 200).trim() || 'x';
    const detail = text.slice(0, 4_000);
    const options = [{ id: 'a', label: text.slice(0, 80).trim() || 'x' }];
    await on.settle(of.id);
    const permission = await ask(on.world, of, { key: 'a', title, detail, rule: detail });
    const choice = await ask(on.world, of, { key: 'b', kind: 'choice', title, detail, options });
    await on.settle(of.id);
    await answer(on.world, permission.id, 'allow_task');
    await answer(on.world, choice.id, null, detail || 'x');
    const facts = report({ summary: detail, branch: text.slice(0, 100) });
    await on.world.run(on.world.tasks.complete(of.id, { leaseId: of.leaseId }, { report: facts }));
    await on.settle(of.id);
    return of.id;
  }

  const expectOneOfHers = () => {
    const { twin } = on.stage;
    const alice = twin.user('alice').id;
    // Two questions and the end.
    expect(twin.pings.map(({ users, roles, everyone }) => ({ users, roles, everyone }))).toEqual(
      Array.from({ length: 3 }, () => ({ users: [alice], roles: [], everyone: false })),
    );
  };

  test.each(Object.entries(NASTY))(
    '%s: shown, refused nowhere, and only the submitter is notified',
    async (_name, text) => {
      const id = await everythingWith(text);
      expectOneOfHers();
      const shown = await on.thread(id);
      expect(shown.length).toBeGreaterThan(5);
      // No fence is left open: it would swallow what is said after it.
      for (const { content } of shown) expect(content.split('```').length % 2, content.slice(0, 100)).toBe(1);
    },
  );

  test('what is asked for cannot hide in its card', async () => {
    const of = await on.run();
    const detail = 'echo ok\u202E; rm -rf ~\u200B```\n@everyone\n```sh';
    await ask(on.world, of, { detail });
    await on.settle(of.id);
    const shown = (await on.thread(of.id))[1]?.embeds[0]?.description ?? '';
    expect(shown).toContain('\\u202e; rm -rf ~\\u200b');
    expect(shown.split('```')).toHaveLength(3);
  });

  test('whatever the text, nothing is refused', async () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 4_000 });
    const mixed = fc
      .array(fc.oneof(text, fc.constantFrom(...Object.values(NASTY))), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.join('').replaceAll('\u0000', '').slice(0, 15_000) || 'x');
    await fc.assert(
      fc.asyncProperty(mixed, async (one) => {
        await everythingWith(one);
      }),
      { numRuns: 3 },
    );
  });
});
