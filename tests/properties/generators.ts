/** The one generator of commands, for every driver. Small worlds: commands must meet, not pass each other by. */
import fc from 'fast-check';
import { PRIORITIES, TASK_STATUSES } from '../../src/core/vocabulary.ts';
import type { Body, Command, Read, Write } from './command.ts';
import { isPassing } from './drivers/driver.ts';
import type { Plan } from './concurrent/clients.ts';
import type { Lives } from './concurrent/crash.ts';
import type { Scene } from './concurrent/history.ts';

const INSTANCES = ['mac', 'nas', 'pi'] as const;
const instance = fc.constantFrom(...INSTANCES);
const priority = fc.constantFrom(...PRIORITIES);
const notes = fc.constantFrom('a note', 'another note');
const text = fc.constantFrom('sweep the floor', 'feed the cat');
const seconds = fc.constantFrom(0, 20);
const name = fc.constant('@ada');
const reason = fc.constantFrom('tea', 'rain');
const leaseMark = fc.constantFrom('~0', '~0', '~0', '~0', '~0', '~0', '~1', '*0');
const holder = fc.constantFrom('~', '~', '~', '~', '~', '~', ...INSTANCES);
const project = fc.constantFrom('notes', 'web');
const capability = fc.constantFrom('gpu', 'usb');
/** Mostly what serves much, so that something is served. */
const served = {
  projects: fc.constantFrom(['notes', 'web', null], ['notes', null], ['web'], [null]),
  capabilities: fc.constantFrom(['gpu', 'usb'], ['usb'], []),
};
const asked = {
  project,
  requires: fc.array(capability, { maxLength: 3 }),
  model: fc.constant('claude-sonnet-4-5'),
  max_cost_usd: fc.constantFrom(0.5, 2),
  max_turns: fc.constant(7),
};
/** Shorter than the shortest, in between, and longer than the longest. */
const leaseSeconds = fc.constantFrom(5, 30, 9999);

/** Nothing, `often` times as often as something. */
const seldom = <T>(something: fc.Arbitrary<T>, often: number) =>
  fc.oneof({ weight: often, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: something });
/** Each field that is not required is there every other time. */
const optional = (fields: { [K in keyof Body]: fc.Arbitrary<Body[K]> }, ...required: (keyof Body)[]) =>
  fc.record(fields, { requiredKeys: required }) as fc.Arbitrary<Body>;
const proof = { instance_id: holder, lease_id: leaseMark };
const claimant = {
  instance_id: instance,
  instance_name: fc.constantFrom('Mac', 'NAS'),
  lease_seconds: leaseSeconds,
};
/** Somebody who need not hold the task; mostly nobody says. */
const speaker = seldom(instance, 5);

const BODIES: Readonly<Record<Write, fc.Arbitrary<Body>>> = {
  add: fc.oneof(
    { weight: 3, arbitrary: optional({ description: text, priority }, 'description') },
    {
      weight: 1,
      arbitrary: optional(
        { description: text, priority, target: instance, submitted_by: name },
        'description',
      ),
    },
    {
      weight: 2,
      arbitrary: optional(
        { description: text, priority, target: seldom(instance, 3), ...asked },
        'description',
      ),
    },
  ),
  edit: optional({ description: text }, 'description'),
  priority: optional({ priority }, 'priority'),
  cancel: optional({ reason }),
  requeue: fc.constant({}),
  claim: optional(claimant, 'instance_id'),
  claimNext: fc.oneof(
    optional(claimant, 'instance_id'),
    optional({ ...claimant, ...served }, 'instance_id', 'projects'),
  ),
  complete: optional({ ...proof, notes }),
  fail: optional({ ...proof, error: text, retry: fc.boolean(), retry_in_seconds: seconds }, 'error'),
  release: optional({ ...proof, reason, retry_in_seconds: seconds }),
  setStatus: fc.oneof(
    optional({ ...proof, notes, status: fc.constantFrom(...TASK_STATUSES) }, 'status'),
    optional({ ...proof, notes }, 'notes'),
  ),
  pause: optional({ reason }),
  resume: optional({ reason }),
  heartbeat: optional(
    { ...claimant, lease_ids: fc.array(fc.constantFrom('*0', '*1', '*2', '*3', '*9'), { maxLength: 3 }) },
    'instance_id',
  ),
};

/** Without a place for a task id in their path. */
const OF_QUEUE: readonly Command['do'][] = ['add', 'claimNext', 'pause', 'resume', 'heartbeat'];
const SPOKEN: readonly Write[] = ['add', 'edit', 'priority', 'cancel', 'requeue', 'pause', 'resume'];

const WEIGHTS: Readonly<Record<Write, number>> = {
  ...{ add: 6, claim: 6, claimNext: 9, complete: 5, fail: 5, release: 4, setStatus: 4, heartbeat: 4 },
  ...{ cancel: 3, requeue: 3, edit: 1, priority: 2, pause: 1, resume: 2 },
};

/** `of`: the task ids that are asked for. */
function writeOf(of: fc.Arbitrary<number>, key: fc.Arbitrary<string | undefined>): fc.Arbitrary<Command> {
  const verbs = Object.entries(BODIES) as [Write, fc.Arbitrary<Body>][];
  const one = ([verb, body]: [Write, fc.Arbitrary<Body>]) => ({
    weight: WEIGHTS[verb],
    arbitrary: fc
      .record({ id: of, body, key, by: speaker })
      .map(({ id, body: said, key: under, by }): Command => ({
        do: verb,
        ...(!OF_QUEUE.includes(verb) && { id }),
        body: { ...said, ...(by !== undefined && SPOKEN.includes(verb) && { instance_id: by }) },
        ...(under !== undefined && { key: under }),
      })),
  });
  return fc.oneof(...verbs.map(one));
}

const taskId = fc.constantFrom(1, 1, 1, 1, 2, 2, 3);
const aKey = fc.constantFrom('k-1', 'k-2');
const someKey = seldom(aKey, 6);

const statuses = fc.oneof(
  fc.constant([...TASK_STATUSES]),
  fc.uniqueArray(fc.constantFrom(...TASK_STATUSES), { minLength: 1, maxLength: 2 }),
);
const read: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ do: fc.constantFrom<Read>('get', 'logs'), id: taskId, body: fc.constant({}) }),
  fc.record({
    do: fc.constant('list' as const),
    statuses,
    limit: fc.constantFrom(1, 2, 50),
    body: fc.constant({}),
  }),
  fc.record({ do: fc.constant('peek' as const), body: optional({ instance_id: instance, ...served }) }),
  fc.record({ do: fc.constantFrom<Read>('stats', 'instances'), body: fc.constant({}) }),
);

const advance = fc
  .constantFrom(1000, 9000, 25_000, 60_000, 130_000, 700_000, 86_401_000)
  .map((ms): Command => ({ do: 'advance', body: {}, ms }));
const EXPIRE: Command = { do: 'expire', body: {} };
const PROMOTE: Command = { do: 'promote', body: {} };
/** Mostly the sweeper comes by at once; what comes between it and the clock counts as well. */
const passing = fc.record({ by: advance, sweeps: fc.constantFrom(true, true, true, false) });

const NEW_TASK: Command = { do: 'add', body: { description: 'sweep the floor' } };

const end = fc
  .record({
    do: fc.constantFrom<Write>('complete', 'fail', 'release'),
    as: fc.constantFrom<Body>({}, { lease_id: '~0' }, { instance_id: '~' }),
    id: taskId,
  })
  .map(({ do: verb, as, id }): Command => ({
    do: verb,
    id,
    body: verb === 'fail' ? { error: 'no luck', ...as } : as,
  }));

/** What hardly ever comes about by chance: the same claim or end once more, after what it was about has ended. */
const story: fc.Arbitrary<Command[]> = fc.oneof(
  fc
    .record({ id: taskId, who: instance, key: aKey, ends: fc.tuple(end, end) })
    .map(({ id, who, key, ends }) => {
      const claim: Command = { do: 'claim', id, body: { instance_id: who }, key };
      return [claim, { ...ends[0], id }, claim, { ...ends[1], id }];
    }),
  fc
    .record({ who: instance, meantFor: instance, rank: priority, by: end })
    .map(({ who, meantFor, rank, by }): Command[] => [
      { do: 'add', body: { description: 'feed the cat', target: meantFor, priority: rank } },
      { do: 'claim', id: 1, body: { instance_id: who } },
      { do: 'complete', id: 1, body: by.do === 'fail' ? {} : by.body },
    ]),
);

/** One after the other. */
export const sequence: fc.Arbitrary<Command[]> = fc
  .array(
    fc.oneof(
      { weight: 20, arbitrary: writeOf(taskId, someKey).map((command) => [command]) },
      { weight: 2, arbitrary: read.map((command) => [command]) },
      { weight: 2, arbitrary: story },
      { weight: 1, arbitrary: passing.map(({ by, sweeps }) => (sweeps ? [by, EXPIRE, PROMOTE] : [by])) },
    ),
    { minLength: 1, maxLength: 60, size: 'max' },
  )
  .map((steps) => [NEW_TASK, ...steps.flat()]);

const fate = fc.oneof(
  { weight: 6, arbitrary: fc.constant('read' as const) },
  { weight: 1, arbitrary: fc.constant('lost' as const) },
  { weight: 2, arbitrary: fc.record({ cut: fc.nat(5) }) },
);

/** A list of at most one page, and nothing that is written down only after its answer. */
const lookAround: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ do: fc.constant('get' as const), id: taskId, body: fc.constant({}) }),
  fc.record({ do: fc.constant('list' as const), statuses, limit: fc.constant(200), body: fc.constant({}) }),
  fc.record({ do: fc.constantFrom<Read>('stats', 'instances', 'peek'), body: fc.constant({}) }),
);

const planned = fc.record({
  command: fc.oneof(
    {
      weight: 12,
      arbitrary: writeOf(taskId, seldom(aKey, 2)),
    },
    { weight: 2, arbitrary: lookAround },
    { weight: 1, arbitrary: fc.constantFrom(EXPIRE, PROMOTE) },
  ),
  fate,
});

/** The last thing that a client does, so that nothing waits for it. */
const patient: fc.Arbitrary<Plan> = instance.map((instanceId) => ({
  command: { do: 'claimNext', body: { instance_id: instanceId, wait_seconds: 60 } },
  fate: 'read',
}));

const client = fc
  .tuple(fc.array(planned, { minLength: 1, maxLength: 3 }), seldom(patient, 5))
  .map(([plans, last]): Plan[] => (last === undefined ? plans : [...plans, last]));

const noKey = fc.constant(undefined);

/** A queue with something in it, some of it held, some of it overdue. */
const setup = fc
  .tuple(fc.array(writeOf(taskId, noKey), { maxLength: 6 }), seldom(fc.constantFrom(20_000, 60_000), 2))
  .map(([writes, ms]): Command[] => [
    ...[NEW_TASK, NEW_TASK, ...writes],
    ...(ms === undefined ? [] : [{ do: 'advance', body: {}, ms } as const]),
  ]);

/** Everybody at once. */
const clients = fc.array(client, { minLength: 2, maxLength: 4 });
export const scene: fc.Arbitrary<Scene> = fc.record({ setup, clients });

const livesOf = (longest: number) =>
  fc.record({
    setup,
    lives: fc.array(fc.record({ clients, diesAfter: fc.nat(longest) }), { minLength: 1, maxLength: 3 }),
  });
export const lives: fc.Arbitrary<Lives> = livesOf(40);

/** For a server on a clock of its own: nobody moves it, and no delay passes before the history is over. */
export const livesOfTheirOwnTime: fc.Arbitrary<Lives> = livesOf(2000).map((made) => ({
  setup: made.setup.flatMap(timeless),
  lives: made.lives.map(({ clients: plans, diesAfter }) => ({
    clients: plans.map(timelessPlans),
    diesAfter,
  })),
}));

function timeless(command: Command): Command[] {
  if (isPassing(command)) return [];
  const { retry_in_seconds: delay, ...body } = command.body;
  return [{ ...command, body: delay === 20 ? { ...body, retry_in_seconds: 20_000 } : body }];
}

const timelessPlans = (plans: readonly Plan[]): Plan[] =>
  plans.flatMap((plan) => timeless(plan.command).map((command) => ({ ...plan, command })));
