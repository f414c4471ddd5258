import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeJson, safeLine, safeText, titleOf } from '../../cli/text.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes)),
);
const dangerous = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe('texts from the server', () => {
  it('cannot set the title, move the cursor or colour the terminal', () => {
    const hostile = '\u001b]0;owned\u0007\u001b[2J\u001b[31mred\u009b5A\u0008\r';
    expect(safeText(hostile)).toBe('␛]0;owned␇␛[2J␛[31mred�5A␈␍');
  });

  it('cannot reorder a line or hide in it', () => {
    expect(safeText('a\u202eb\u2066c\ufeffd')).toBe('a�b�c�d');
  });

  it('keep their lines, their tabs as blanks, and whole emoji', () => {
    expect(safeText('one\r\n\ttwo\n👩‍👩‍👧 三')).toBe('one\n    two\n👩‍👩‍👧 三');
  });

  it('become one line where one line is shown', () => {
    expect(safeLine(' a\n\n\u001b[1Ab\tc ')).toBe('a ␛[1Ab c');
    expect(titleOf('\n  \nfirst\nsecond')).toBe('first');
  });

  it('hold nothing dangerous, whatever was sent', () => {
    fc.assert(fc.property(anyText, (text) => !dangerous.test(safeText(text))));
    fc.assert(
      fc.property(anyText, (text) => !dangerous.test(safeLine(text)) && !safeLine(text).includes('\n')),
    );
  });

  it('as JSON are safe to look at and mean the same', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const json = safeJson({ text });
        expect(dangerous.test(json)).toBe(false);
        expect(JSON.parse(json)).toEqual({ text });
      }),
    );
  });
});
