/** Lanes: what a task asks of its claimant as one word, and who answers to it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimantOf, demandOf, fits, laneOf, type Demand } from '../../src/core/lanes.ts';

const PLAIN: Demand = { target: null, project: null, requires: [] };

const word = fc.stringMatching(/^[a-z0-9-]{1,6}$/);
/** Names of instances may be anything, a lane's own punctuation first of all. */
const target = fc.oneof(
  fc.constantFrom(';', ';;', ',', 'any', 'to:nas', 'in:;', 'in:notes;gpu;nas', 'a;b,c'),
  fc.string({ minLength: 1, maxLength: 8 }),
);
const demand: fc.Arbitrary<Demand> = fc.record({
  target: fc.option(target),
  project: fc.option(word.filter((name) => !name.startsWith('-'))),
  requires: fc.uniqueArray(word, { maxLength: 3 }).map((words) => words.sort()),
});

describe('a lane', () => {
  it('says what its tasks ask for, whatever the target is called', () => {
    fc.assert(
      fc.property(demand, (one) => {
        expect(demandOf(laneOf(one))).toEqual(one);
      }),
      { numRuns: 2000 },
    );
  });

  it('of a task without project and requirements is called as it was before there were any', () => {
    expect(laneOf(PLAIN)).toBe('any');
    expect(laneOf({ ...PLAIN, target: 'nas' })).toBe('to:nas');
    expect(laneOf({ ...PLAIN, target: 'any' })).not.toBe('any');
  });
});

describe('a claimant', () => {
  const nas = { instanceId: 'nas' };
  it.each<[string, Partial<Demand>, Parameters<typeof claimantOf>[0], boolean]>([
    ['takes what asks for nothing', {}, nas, true],
    ['that is nobody in particular takes it too', {}, {}, true],
    ['takes what is meant for it', { target: 'nas' }, nas, true],
    ['leaves what is meant for another', { target: 'mac' }, nas, false],
    ['that is nobody in particular gets nothing that is meant for somebody', { target: 'nas' }, {}, false],
    ['that names no projects takes none of a project', { project: 'notes' }, nas, false],
    ['takes of the projects it names', { project: 'notes' }, { ...nas, projects: ['web', 'notes'] }, true],
    ['takes of no other', { project: 'notes' }, { ...nas, projects: ['web', null] }, false],
    ['that names projects takes nothing without one', {}, { ...nas, projects: ['notes'] }, false],
    ['that names null among them does', {}, { ...nas, projects: ['notes', null] }, true],
    ['that names an empty list takes nothing at all', {}, { ...nas, projects: [] }, false],
    ['that names no capabilities has none', { requires: ['gpu'] }, nas, false],
    [
      'needs all that is required',
      { requires: ['gpu', 'usb'] },
      { ...nas, capabilities: ['gpu', 'disk'] },
      false,
    ],
    [
      'may have more than that',
      { requires: ['gpu', 'usb'] },
      { ...nas, capabilities: ['usb', 'disk', 'gpu'] },
      true,
    ],
    [
      'must answer to all of it',
      { target: 'nas', project: 'notes', requires: ['gpu'] },
      { instanceId: 'mac', projects: ['notes'], capabilities: ['gpu'] },
      false,
    ],
  ])('%s', (_rule, asked, said, expected) => {
    expect(fits({ ...PLAIN, ...asked }, claimantOf(said))).toBe(expected);
  });
});
