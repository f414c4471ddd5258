import { expect, test } from 'vitest';
import { createOutputText } from '../../../cli/worker/output-text.ts';
import { manualClock } from '../../support/clock.ts';

function collect() {
  const clock = manualClock();
  const told: string[] = [];
  const output = createOutputText(clock, (text) => told.push(text));
  return {
    clock,
    told,
    output,
    add: (text: string) => {
      output.add(Buffer.from(text));
    },
  };
}

test('a character that is split over chunks is put together', () => {
  const { output, told } = collect();
  for (const byte of Buffer.from('grün 🦉\n')) output.add(Buffer.from([byte]));
  output.end();
  expect(told).toEqual(['grün 🦉']);
});

test('lines of one second are one text, and an unfinished line waits for its end', () => {
  const { add, clock, told, output } = collect();
  add('one\ntw');
  clock.advance(500);
  add('o\nthr');
  clock.advance(499);
  expect(told).toEqual([]);
  clock.advance(1);
  expect(told).toEqual(['one\ntwo']);
  add('ee\n');
  clock.advance(1_000);
  expect(told).toEqual(['one\ntwo', 'three']);
  output.end();
  expect(told).toHaveLength(2);
});

test('colours, titles and a line that is drawn over leave only what is seen at last', () => {
  const { add, told, output } = collect();
  add('\u001b]0;title\u0007\u001b[1;31mred\u001b[0m\r\n10%\r50%\r100%\nbell\u0007\n');
  output.end();
  expect(told).toEqual(['red\n100%\nbell']);
});

test('an escape sequence that is split over chunks is gone as well', () => {
  const { add, told, output } = collect();
  add('a\u001b[3');
  add('1mb\n');
  output.end();
  expect(told).toEqual(['ab']);
});

test('empty output says nothing', () => {
  const { add, told, output, clock } = collect();
  add('\n \n');
  clock.advance(1_000);
  output.end();
  expect(told).toEqual([]);
});

test('of too much, beginning and end are kept and the rest is counted', () => {
  const { add, told, output } = collect();
  add('begin\n');
  for (let i = 0; i < 1_000; i += 1) add('x'.repeat(1_000));
  add('\nend\n');
  output.end();
  const [text = ''] = told;
  expect(told).toHaveLength(1);
  expect(text.length).toBeLessThanOrEqual(16_000);
  expect(text).toMatch(/^begin\nx/);
  expect(text).toMatch(/\n\[9842\d\d characters left out\]\n/);
  expect(text).toMatch(/x\nend$/);
});
