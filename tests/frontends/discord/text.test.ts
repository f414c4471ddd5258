import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { block, fitLines, flat, inline, normalised } from '../../../src/frontends/discord/text.ts';
import { duration, inZone } from '../../../src/frontends/discord/words.ts';

const anything = fc.string({ unit: 'binary', maxLength: 600 });
const LONE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

describe('text', () => {
  test('whatever goes in, what comes out fits, is well-formed and never blank', () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 100, max: 300 }), (text, max) => {
        const results = [block(text, max, 'claude-task-client show 5'), flat(text, max)];
        for (const result of results) {
          expect(result.length).toBeLessThanOrEqual(max);
          expect(result).not.toMatch(LONE);
          expect(result.replace(/[\s\u200B-\u200F\u2060-\u206F\uFEFF]/g, '')).not.toBe('');
        }
        expect(flat(text, max)).not.toMatch(/[\r\n]/);
        expect(inline(text, max).length).toBeLessThanOrEqual(2 * max);
        expect(inline(text, max, 'claude-task-client show 5').length).toBeLessThanOrEqual(2 * max);
      }),
      { numRuns: 500 },
    );
  });

  test('a short text is kept as it is', () => {
    expect(block('**Bold** and `code`\nsecond line', 100)).toBe('**Bold** and `code`\nsecond line');
    expect(inline('MacBook-Claude', 100)).toBe('MacBook-Claude');
    expect(inline('my_mac_1 (nas-2)', 100)).toBe('my_mac_1 (nas-2)');
  });

  test('a long text is cut at a word and says so', () => {
    expect(flat('one two three four', 14)).toBe('one two three…');
    expect(block('word '.repeat(100), 60, 'show 5')).toMatch(
      /^(word )+word\n… \(shortened; all of it: `show 5`\)$/,
    );
  });

  test('a long line says where the whole of it is', () => {
    expect(inline('one_ two'.repeat(20), 80, 'show 5')).toMatch(
      /^one\\_ two.*… \(shortened; all of it: `show 5`\)$/,
    );
    expect(inline('one two', 80, 'show 5')).toBe('one two');
  });

  test('an open code fence is closed before the note', () => {
    const text = `\`\`\`\n${'line of code\n'.repeat(50)}\`\`\``;
    const cut = block(text, 200, 'show 5');
    expect(cut.match(/```/g)).toHaveLength(2);
    expect(cut).toMatch(/```\n… \(shortened/);
  });

  test.each(['', ' \n\t', '\u200B\u200D\uFEFF', '\u0000\u0001'])('%j shows as blank', (text) => {
    expect(block(text, 100)).toBe('(blank)');
    expect(flat(text, 100)).toBe('(blank)');
  });

  test('emoji of several parts stay whole', () => {
    expect(flat('👩‍💻 at work', 100)).toBe('👩‍💻 at work');
  });

  test('what could format, mention or turn the line around is defused', () => {
    expect(inline('**x** `y` <@1> [a](b) ~~z~~ ||s||', 100)).toBe(
      '\\*\\*x\\*\\* \\`y\\` \\<@1\\> \\[a\\](b) \\~\\~z\\~\\~ \\|\\|s\\|\\|',
    );
    expect(inline('\u202Eevil', 100)).toBe('evil');
    expect(inline('# title', 100)).toBe('\\# title');
  });

  test('lines are dropped whole, and counted', () => {
    expect(fitLines(['aaaa', 'bbbb', 'cccc'], 100)).toBe('aaaa\nbbbb\ncccc');
    expect(fitLines(['aaaa', 'bbbb', 'c'.repeat(50)], 25)).toBe('aaaa\nbbbb\n… and 1 more');
    expect(fitLines(['aaaa', 'bbbb', 'c'.repeat(50)], 25, 7)).toBe('aaaa\nbbbb\n… and 8 more');
    expect(fitLines(['aaaa'], 25, 7)).toBe('aaaa\n… and 7 more');
  });

  test('comparing sees through what Discord does to spaces', () => {
    expect(normalised(' a\n\n b ', undefined, 'c')).toBe(normalised('a b', null, ' c '));
  });
});

describe('durations and times', () => {
  test.each([
    [0, 'under 1 s'],
    [-5, 'under 1 s'],
    [12_000, '12 s'],
    [252_000, '4 min 12 s'],
    [3_600_000, '1 h'],
    [3_605_000, '1 h'],
    [3_900_000, '1 h 5 min'],
    [90_000_000, '1 d 1 h'],
  ])('%i ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  test("times are shown in the owner's zone", () => {
    expect(inZone(new Date('2026-01-15T12:00:00Z'), 'Europe/Berlin')).toBe('15 Jan 2026, 13:00');
  });
});
