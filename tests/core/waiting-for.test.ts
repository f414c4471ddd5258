/** Why a pending task cannot start now. */
import { describe, expect, it } from 'vitest';
import { toCrewMember, type CrewMember } from '../../src/core/crew.ts';
import type { LimitsNow, PersonUse } from '../../src/core/run-limits.ts';
import type { Task } from '../../src/core/task.ts';
import { NO_TOTALS } from '../../src/core/run.ts';
import { resultOf } from '../../src/core/run-result.ts';
import { WAITING_KINDS } from '../../src/core/vocabulary.ts';
import { waitingFor, type QueueFacts } from '../../src/core/waiting-for.ts';
import { aRunningTask, aTask, minutesAfterNoon, NOON } from '../support/builders.ts';

interface Served {
  readonly problem?: string;
  readonly held?: readonly (string | null)[];
  readonly projects?: readonly (string | null)[];
  readonly capabilities?: readonly string[];
  readonly concurrency?: number;
  readonly heardAt?: Date;
}

interface Seen {
  readonly lastSeen?: Date;
  readonly running?: number;
  /** Left out: it never said that it is a worker. */
  readonly serves?: Served;
  readonly heldUntil?: Date;
}

const NOW = minutesAfterNoon(10);

function member(id: string, { lastSeen = NOW, running = 0, serves, heldUntil }: Seen = {}): CrewMember {
  const worker = serves && {
    ...{ session: 's', replaced: null, problem: null, account: 'a', heardAt: lastSeen },
    ...{ projects: [null], capabilities: [], concurrency: 1, ...serves },
  };
  const hold = heldUntil && { account: 'a', until: heldUntil, detail: '', probe: null, backOffMs: 0 };
  const instance = { id, name: `The ${id}`, lastSeen, worker: worker ?? null };
  return toCrewMember(instance, { running, hold: hold ?? null }, NOW);
}

interface Around {
  readonly used?: PersonUse;
  readonly barred?: Record<string, Date>;
}

function around(seen: Record<string, Seen>, paused: boolean, { used, barred }: Around = {}): QueueFacts {
  const members = new Map(Object.entries(seen).map(([id, one]) => [id, member(id, one)]));
  return {
    queue: () => ({ paused, reason: paused ? 'Maintenance' : null }),
    crew: () => [...members.values()].filter(({ isOnline }) => isOnline),
    member: (id) => members.get(id) ?? null,
    use: () => used ?? expect.fail('nothing is limited'),
    barred: () => new Map(Object.entries(barred ?? expect.fail('it was never run'))),
  };
}

function why(facts: Partial<Task>, seen: Record<string, Seen> = {}, paused = false) {
  return waitingFor(aTask(facts), around(seen, paused));
}

const kind = (...of: Parameters<typeof why>) => why(...of)?.kind ?? null;

const BUSY = { mac: { running: 1 } };
const RESULT = resultOf({ outcome: 'failed', report: null, before: null, sums: NO_TOTALS });
const NOTES = { serves: { projects: ['notes'] } };

describe('a pending task waits for', () => {
  it('the queue to go on', () => {
    expect(why({}, {}, true)).toEqual({ kind: 'paused', until: null, detail: 'Maintenance' });
  });

  it('its time', () => {
    const until = minutesAfterNoon(20);
    expect(why({ notBefore: until })).toMatchObject({ kind: 'not_before', until });
    expect(why({ notBefore: until, error: 'no route' })).toMatchObject({ detail: 'no route' });
  });

  it.each(['answer', 'quota', 'budget'] as const)('what it is parked for: %s', (parking) => {
    const parked = { kind: parking, until: minutesAfterNoon(30), detail: 'May I?' };
    expect(why({ parked })).toEqual(parked);
  });

  it.each([
    ['was never seen', {}, 'nas was never seen.'],
    ['is offline', { nas: { lastSeen: NOON } }, 'The nas is offline.'],
  ])('the instance that it is meant for, which %s', (_what, seen, detail) => {
    expect(why({ target: 'nas' }, seen)).toEqual({ kind: 'target', until: null, detail });
  });

  it.each<[string, Partial<Task>, Record<string, Seen>, string]>([
    ['its project', { project: 'notes' }, { mac: {} }, 'Nobody online serves the project notes.'],
    [
      'its capabilities',
      { requires: ['gpu', 'usb'] },
      { mac: { serves: { capabilities: ['gpu'] } } },
      'Nobody online takes tasks without a project and has gpu, usb.',
    ],
    [
      'both, and nobody has both',
      { project: 'notes', requires: ['gpu'] },
      { mac: NOTES, nas: { serves: { capabilities: ['gpu'] } } },
      'Nobody online serves the project notes and has gpu.',
    ],
    [
      'its project, and the worker for it is offline',
      { project: 'notes' },
      { mac: { ...NOTES, lastSeen: NOON } },
      'Nobody online serves the project notes.',
    ],
    [
      'its project, and the worker for it is silent while another speaks under its name',
      { project: 'notes' },
      { mac: { serves: { projects: ['notes'], heardAt: NOON } } },
      'Nobody online serves the project notes.',
    ],
    [
      'its project at the one instance that it is meant for',
      { project: 'notes', target: 'nas' },
      { mac: NOTES, nas: {} },
      'The nas is online, but none that serves the project notes.',
    ],
    [
      'its project, and the one for it has a problem',
      { project: 'notes' },
      { mac: {}, nas: { serves: { projects: ['notes'], held: ['notes'], problem: 'The disk is full.' } } },
      'The nas would take it, but: The disk is full.',
    ],
    [
      'its project at the one instance that it is meant for, which has a problem with it',
      { project: 'notes', target: 'nas' },
      { mac: NOTES, nas: { serves: { projects: ['notes', 'web'], held: ['notes'] } } },
      'The nas would take it, but: It takes nothing now.',
    ],
  ])('a worker for %s', (_what, facts, seen, detail) => {
    expect(why(facts, seen)).toEqual({ kind: 'no_worker', until: null, detail });
  });

  it('a worker that gave it back for a fault of its own, where there is no other', () => {
    const [soon, later] = [minutesAfterNoon(15), minutesAfterNoon(18)];
    const at = (seen: Record<string, Seen>, barred: Record<string, Date>) =>
      waitingFor(aTask({ project: 'notes', result: RESULT }), around(seen, false, { barred }));
    expect(at({ mac: NOTES }, { mac: soon })).toEqual({
      kind: 'no_worker',
      until: soon,
      detail: 'The mac gave it back for a fault of its own, and leaves it to others until then.',
    });
    expect(at({ mac: NOTES, nas: NOTES }, { mac: later, nas: soon })).toMatchObject({ until: soon });
    expect(at({ mac: NOTES, nas: NOTES }, { mac: soon })).toBeNull();
    expect(at({ mac: NOTES, nas: { ...NOTES, running: 1 } }, { mac: soon })?.kind).toBe('busy');
    expect(at({ mac: NOTES }, {})).toBeNull();
  });

  it('quota, when nobody who could take it has any left', () => {
    const [soon, later] = [minutesAfterNoon(20), minutesAfterNoon(40)];
    const held = { mac: { ...NOTES, heldUntil: later }, nas: { ...NOTES, heldUntil: soon } };
    expect(why({ project: 'notes' }, held)).toMatchObject({ kind: 'quota', until: soon });
    expect(why({ project: 'notes' }, { ...held, pi: NOTES })).toBeNull();
    expect(kind({ project: 'notes' }, { ...held, pi: { ...NOTES, running: 1 } })).toBe('busy');
    expect(kind({ project: 'notes' }, { mac: { ...NOTES, heldUntil: NOON } })).toBeNull();
    expect(kind({}, held)).toBeNull();
  });

  it.each<[string, Partial<Task>, Record<string, Seen>, string]>([
    ['the only one that could take it', {}, BUSY, 'The mac is busy.'],
    [
      'all who could, however silent',
      {},
      { mac: { running: 1 }, nas: { running: 1, lastSeen: NOON } },
      'All 2 of those who could take it are busy.',
    ],
    [
      'the one that serves its project',
      { project: 'notes' },
      { mac: {}, nas: { running: 2, serves: { projects: ['notes'], concurrency: 2 } } },
      'The nas is busy.',
    ],
    ['the one it is meant for', { target: 'nas' }, { mac: {}, nas: { running: 1 } }, 'The nas is busy.'],
  ])('a free hand of %s', (_what, facts, seen, detail) => {
    expect(why(facts, seen)).toEqual({ kind: 'busy', until: null, detail });
  });

  it.each<[string, Partial<Task>, Record<string, Seen>]>([
    ['nobody was ever seen: anybody may take it', {}, {}],
    ['somebody is free', {}, { ...BUSY, nas: {} }],
    [
      'a worker has another hand free',
      { project: 'notes' },
      { mac: { running: 1, serves: { projects: ['notes'], concurrency: 2 } } },
    ],
    [
      'the worker for it has a problem with another project alone',
      { project: 'notes' },
      { mac: { serves: { projects: ['notes', 'web'], held: ['web'], problem: 'web: no' } } },
    ],
    ['the one it is meant for is free', { target: 'nas' }, { nas: {} }],
    ['only workers of projects are online: people may still take it', {}, { mac: NOTES }],
  ])('nothing when %s', (_what, facts, seen) => {
    expect(why(facts, seen)).toBeNull();
  });
});

describe('a person at a limit', () => {
  const limits: LimitsNow = { running: 2, costUsd: 5, dayStart: NOON, dayEnd: minutesAfterNoon(720) };
  const waits = (used: PersonUse, facts: Partial<Task> = {}) =>
    waitingFor(aTask({ submittedBy: '@ada', ...facts }), around({}, false, { used }), limits);

  it('waits for one of the running tasks to end, or for the day to end', () => {
    expect(waits({ running: 1, costUsd: 4.99 })).toBeNull();
    expect(waits({ running: 2, costUsd: 4.99 })).toMatchObject({ kind: 'limit', until: null });
    expect(waits({ running: 2, costUsd: 5 })).toMatchObject({ kind: 'budget', until: limits.dayEnd });
  });

  it('is told so before what else stands in the way, and after what people decide', () => {
    const used = { running: 2, costUsd: 0 };
    expect(waits(used, { target: 'nas' })).toMatchObject({ kind: 'limit' });
    const parked = { kind: 'budget', until: null, detail: 'More?' } as const;
    expect(waits(used, { parked })).toMatchObject(parked);
  });

  it('is one who is known: a task of nobody is at no limit', () => {
    expect(waitingFor(aTask(), around({}, false), limits)).toBeNull();
  });
});

it('quota comes before a budget, and an answer before both', () => {
  const held = { mac: { ...NOTES, heldUntil: minutesAfterNoon(20) } };
  const parked = (of: 'answer' | 'budget') => ({ kind: of, until: null, detail: '' }) as const;
  expect(kind({ project: 'notes', parked: parked('budget') }, held)).toBe('quota');
  expect(kind({ project: 'notes', parked: parked('answer') }, held)).toBe('answer');
});

it('of several reasons the first in the order of the words is told', () => {
  const parked = { kind: 'answer', until: null, detail: '' } as const;
  const all = { notBefore: NOW, parked, target: 'nas', project: 'notes' };
  const kinds = [
    kind(all, BUSY, true),
    kind(all, BUSY),
    kind({ ...all, notBefore: null }, BUSY),
    kind({ ...all, notBefore: null, parked: null }, BUSY),
    kind({ ...all, notBefore: null, parked: null }, { nas: { running: 1 } }),
    kind({ target: 'nas' }, { nas: { running: 1 } }),
  ];
  expect(kinds).toEqual(['paused', 'not_before', 'answer', 'target', 'no_worker', 'busy']);
  expect(WAITING_KINDS.filter((word) => kinds.includes(word))).toEqual(kinds);
});

it('what is not pending waits for nothing', () => {
  const facts = new Proxy({}, { get: () => expect.fail('nothing is asked') }) as QueueFacts;
  expect(waitingFor(aRunningTask({ target: 'nas' }), facts)).toBeNull();
});
