import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearize, type Operation, type Sequential } from './linearize.ts';

/** One cell: `w3` writes 3, `r3` read 3. */
const cell: Sequential<string, string> = {
  next: (state, what) => (what.startsWith('w') ? [what.slice(1)] : what.slice(1) === state ? [state] : []),
  textOf: (state) => state,
};

/** One line per operation, from its call to its answer: `w1 |--|` beside `r1    |--|`; `|..` is never answered. */
function historyOf(lines: readonly string[]): Operation<string>[] {
  return lines.map((line) => {
    const [what = ''] = line.split(' ', 1);
    const called = line.indexOf('|');
    const answered = line.indexOf('|', called + 1);
    return { what, called, answered: answered === -1 ? null : answered };
  });
}

const endsOf = (...lines: string[]) => [...linearize(historyOf(lines), ['0'], cell).states].sort();

describe('a history is explained', () => {
  it('when nothing happens at the same time and every read sees the last write', () => {
    expect(endsOf('w1 |-|', 'r1     |-|', 'w2         |-|', 'r2             |-|')).toEqual(['2']);
  });

  it('when a read during a write sees the value before or after it', () => {
    expect(endsOf('w1 |-----|', 'r0   |-|')).toEqual(['1']);
    expect(endsOf('w1 |-----|', 'r1   |-|')).toEqual(['1']);
  });

  it('by either order of two writes at the same time, and then both ends are known', () => {
    expect(endsOf('w1 |----|', 'w2   |----|')).toEqual(['1', '2']);
    expect(endsOf('w1 |----|', 'w2   |----|', 'r1            |-|')).toEqual(['1']);
  });

  it('when readers see two writes one after the other', () => {
    expect(endsOf('w1 |---------|', 'w2 |---------|', 'r1  |-|', 'r2       |-|')).toEqual(['2']);
  });

  it('when a write of unknown outcome happened, late or never', () => {
    expect(endsOf('w1 |....', 'r0     |-|')).toEqual(['0', '1']);
    expect(endsOf('w1 |....', 'r0     |-|', 'r1          |-|')).toEqual(['1']);
    expect(endsOf('w1 |....', 'w2     |-|', 'r2          |-|', 'r1            |-|')).toEqual(['1']);
  });

  it('from any of the states that it may have begun in', () => {
    expect(linearize(historyOf(['r7 |-|']), ['3', '7'], cell).states).toEqual(['7']);
  });

  it('when there is none', () => {
    expect(endsOf()).toEqual(['0']);
  });
});

describe('a history is not explained', () => {
  it('when a read after a write does not see it', () => {
    expect(endsOf('w1 |-|', 'r0     |-|')).toEqual([]);
  });

  it('when a read sees what was never written', () => {
    expect(endsOf('w1 |-----|', 'r2   |-|')).toEqual([]);
  });

  it('when a value that was seen is gone again', () => {
    expect(endsOf('w1 |-----------|', 'r1   |-|', 'r0       |-|')).toEqual([]);
  });

  it('when two readers see two writes in different orders', () => {
    const reads = ['r1       |-|', 'r2           |-|', 'r2       |-|', 'r1           |-|'];
    expect(endsOf('w1 |--|', 'w2 |--|', ...reads)).toEqual([]);
  });

  it('when a write of unknown outcome shows before its call', () => {
    expect(endsOf('r1 |-|', 'w1     |...')).toEqual([]);
  });

  it('and the longest beginning that is says where it breaks', () => {
    const { longest } = linearize(historyOf(['w1 |-|', 'w2     |-|', 'r1         |-|']), ['0'], cell);
    expect(longest).toEqual(['w1', 'w2']);
  });
});

/** Every order there is, tried. */
function explainedByHand(history: readonly Operation<string>[], state: string): boolean {
  if (history.every(({ answered }) => answered === null)) return true;
  return history.some((first) => {
    const rest = history.filter((one) => one !== first);
    if (rest.some(({ answered }) => answered !== null && answered < first.called)) return false;
    return cell.next(state, first.what, []).some((after) => explainedByHand(rest, after));
  });
}

it('agrees with trying every order on any small history', () => {
  const operation = fc.record({
    what: fc.constantFrom('w1', 'w2', 'r0', 'r1', 'r2'),
    called: fc.nat(8),
    length: fc.option(fc.integer({ min: 1, max: 6 }), { freq: 4 }),
  });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 5 }), (made) => {
      const history = made.map(({ what, called, length }, n) => ({
        what,
        called: called + n / 100,
        answered: length === null ? null : called + length + n / 100,
      }));
      expect(linearize(history, ['0'], cell).states.length > 0).toBe(explainedByHand(history, '0'));
    }),
    { numRuns: 500 },
  );
});
