import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inMessages, joined } from '../../../src/frontends/discord/thread-text.ts';

describe('a text of a run in messages', () => {
  test('a short one is one message, as it is', () => {
    expect(inMessages('Hello\n\n- one\n- two')).toEqual(['Hello\n\n- one\n- two']);
  });

  test('a long one is cut on lines, and the lines are all there', () => {
    const text = Array.from({ length: 400 }, (_line, at) => `line ${at}`).join('\n');
    const messages = inMessages(text);
    expect(messages.length).toBeGreaterThan(1);
    expect(messages.every(({ length }) => length <= 1_900)).toBe(true);
    expect(messages.join('\n')).toBe(text);
  });

  test('a fence is closed at the end of a message and opened again in the next', () => {
    const code = Array.from({ length: 300 }, (_line, at) => `const a${at} = 1;`);
    const messages = inMessages(['Look:', '```ts', ...code, '```', 'Done.'].join('\n'));
    expect(messages.length).toBeGreaterThan(2);
    expect(messages.every(({ length }) => length <= 1_900)).toBe(true);
    expect(messages.slice(0, -1).every((text) => text.endsWith('\n```'))).toBe(true);
    expect(messages.slice(1).every((text) => text.startsWith('```ts\n'))).toBe(true);
    const added = /\n```$|^```ts\n/g;
    const lines = messages.map((text, at) => (at === 0 ? text.replace(/\n```$/, '') : text)).join('\n');
    for (const line of code) expect(lines).toContain(line);
    expect(messages[1]?.replace(added, '')).not.toContain('```');
  });

  test('a fence that ends where a message ends is not opened again for nothing', () => {
    const line = `${'x'.repeat(99)}\n`;
    for (let count = 15; count < 20; count += 1) {
      const messages = inMessages(`\`\`\`\n${line.repeat(count)}\`\`\`\n${'after '.repeat(60)}`);
      expect(messages.filter((text) => text.includes('```\n```'))).toEqual([]);
    }
  });

  test('a line longer than a message is cut at words', () => {
    const text = 'word '.repeat(1_000).trim();
    const messages = inMessages(text);
    expect(messages.join(' ')).toBe(text);
  });

  test('what shows nothing makes no message', () => {
    expect(inMessages(' \n\n\u200B')).toEqual([]);
  });

  test('an open fence of one text does not swallow the next', () => {
    expect(joined(['```\nopen', 'next'])).toBe('```\nopen\n```\nnext');
  });

  test('whatever the text: every message is within the limit, not empty, and no character is lost', () => {
    const unit = fc.constantFrom('a', ' ', '\n', '```', '`', '```ts\n', '👩‍💻', '\uD83D', 'word '.repeat(50));
    const texts = fc.array(unit, { maxLength: 400 }).map((parts) => parts.join(''));
    const shown = (text: string) => text.replaceAll('`', '').replace(/ts|\uFFFD|\uD83D|\s/g, '');
    fc.assert(
      fc.property(texts, (text) => {
        const messages = inMessages(text);
        expect(messages.every((one) => one.length <= 2_000 && one.trim() !== '')).toBe(true);
        expect(messages.every((one) => one.split('```').length % 2 === 1)).toBe(true);
        expect(shown(messages.join('')).length).toBeGreaterThanOrEqual(shown(text).length);
      }),
      { numRuns: 60 },
    );
  });
});
