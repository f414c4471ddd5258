import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inMessages, joined } from '../../../src/frontends/discord/thread-text.ts';

/** As a reader puts it together: without marks, and without the fences that were added between two messages. */
function together(messages: readonly string[]): string {
  return messages
    .join('\n')
    .replace(/\n```\n```\w*(\n)/g, '$1')
    .replaceAll('\n\u2060', '')
    .replaceAll('\u200B', '');
}

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
    expect(messages.slice(1).every((one) => one.startsWith('\u2060 word'))).toBe(true);
    expect(together(messages)).toBe(text);
  });

  test('inside a fence as well, and no line is made of it', () => {
    const text = `\`\`\`json\n{"a": "${'word '.repeat(700)}"}\n\`\`\``;
    const messages = inMessages(text);
    expect(messages.every((one) => one.startsWith('```json\n') && one.endsWith('\n```'))).toBe(true);
    expect(messages).toHaveLength(2);
    expect(together(messages)).toBe(text);
  });

  const indented = Array.from({ length: 120 }, (_line, at) => `${at}. item ${at}\n     - below ${at}`);
  const paragraphs = Array.from({ length: 40 }, (_line, at) => `${'word '.repeat(20)}${at}.`);

  test('a cut leaves an indented line to the message of the line above it', () => {
    const messages = inMessages(indented.join('\n'));
    expect(messages.length).toBeGreaterThan(1);
    expect(messages.every((one) => /^\d+\. item/.test(one))).toBe(true);
    expect(messages.join('\n')).toBe(indented.join('\n'));
  });

  test.each([
    ['paragraphs', paragraphs.join('\n\n')],
    ['paragraphs far apart', paragraphs.join('\n\n\n\n')],
    ['nothing but indented lines', indented.map((line) => `  ${line}`).join('\n')],
    ['spaces at the ends of lines', indented.map((line) => `${line}  `).join('\n')],
    [
      'blank lines at a cut',
      `${`${'x'.repeat(99)}\n`.repeat(18)}\n\n\n${`${'y'.repeat(99)}\n`.repeat(10)}end`,
    ],
  ])('%s: what Discord trims at the ends of messages is nothing that was said', (_what, text) => {
    const messages = inMessages(text);
    expect(messages.length).toBeGreaterThan(1);
    expect(messages.map((one) => one.trim()).slice(1, -1)).toEqual(messages.slice(1, -1));
    expect(together(messages.map((one) => one.trim()))).toBe(text.trim());
  });

  test('blank lines that can be kept within a message are', () => {
    const text = `${`${'x'.repeat(99)}\n`.repeat(18)}\n\n\n${`${'y'.repeat(99)}\n`.repeat(10)}end`;
    expect(inMessages(text).join('\n')).toBe(text);
  });

  test('a fence keeps its language, whatever else it is opened with', () => {
    const messages = inMessages(
      `\`\`\`diff title=a-very-long-file-name-here.ts\n${'+ line\n'.repeat(400)}\`\`\``,
    );
    expect(messages.slice(1).every((one) => one.startsWith('```diff\n+ line'))).toBe(true);
  });

  test('backticks that are only spoken of open no fence', () => {
    const text = `Use \`\`\` to open\n${'plain text here\n'.repeat(150)}end`;
    const messages = inMessages(text);
    expect(messages.every((one) => !one.includes('```'))).toBe(true);
    expect(together(messages)).toBe(text);
    expect(joined(['Use ``` to open', 'next'])).toBe('Use ``\u200B` to open\nnext');
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
