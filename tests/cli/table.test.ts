import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tableLines } from '../../cli/table.ts';
import { fit, pad, widthOf } from '../../cli/width.ts';

const same = (text: string) => text;

describe('the width of a text', () => {
  it.each([
    ['plain', 5],
    ['三人', 4],
    ['한글', 4],
    ['ｆｕｌｌ', 8],
    ['📋', 2],
    ['🟡', 2],
    ['👩‍👩‍👧‍👦', 2],
    ['🇩🇪', 2],
    ['❤️', 2],
    ['1️⃣', 2],
    ['é', 1],
    ['e\u0301', 1],
    ['a\u200bb', 2],
    ['', 0],
  ])('%s takes %i columns', (text, columns) => {
    expect(widthOf(text)).toBe(columns);
  });

  it('is never exceeded by fitting, and never split inside a character', () => {
    const letters = fc.constantFrom('a', '三', '👩‍👩‍👧‍👦', 'e\u0301', '🇩🇪', ' ', '❤️');
    fc.assert(
      fc.property(fc.array(letters), fc.integer({ min: 0, max: 40 }), (parts, columns) => {
        const fitted = fit(parts.join(''), columns);
        expect(widthOf(fitted)).toBeLessThanOrEqual(columns);
        expect(parts.join('').startsWith(fitted.replace(/…$/, ''))).toBe(true);
      }),
    );
  });

  it('is filled up by padding', () => {
    expect(pad('三', 4)).toBe('三  ');
  });
});

describe('a table', () => {
  const table = (rows: string[][], width: number) =>
    tableLines({
      headings: ['ID', 'PRIORITY', 'DESCRIPTION'],
      rows: rows.map((row) => row.map((text) => ({ text }))),
      width,
      paintHeading: same,
    });

  it('lines its columns up, emoji and all', () => {
    const [heading, first, second] = table([['#1', '🔴 high', 'One'], ['#22', '🟢 low', 'Two']], 60); // prettier-ignore
    expect(heading).toBe('ID   PRIORITY  DESCRIPTION');
    expect(first).toBe('#1   🔴 high   One');
    expect(second).toBe('#22  🟢 low    Two');
  });

  it('shortens the last column and nothing else', () => {
    const [, row] = table([['#1', 'high', 'A rather long description that does not fit']], 30);
    expect(row).toBe('#1  high      A rather long d…');
    expect(widthOf(row ?? '')).toBeLessThanOrEqual(30);
  });

  it('never grows wider than the terminal', () => {
    const text = fc
      .array(fc.constantFrom('a', '三', '👩‍👩‍👧', ' ', 'b'), { maxLength: 80 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(text), fc.integer({ min: 30, max: 120 }), (descriptions, width) => {
        const lines = table(
          descriptions.map((description, at) => [`#${at}`, 'high', description]),
          width,
        );
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
      }),
    );
  });
});
