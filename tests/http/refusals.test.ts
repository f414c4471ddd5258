import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ErrorBody } from '../../src/contract/error.ts';
import { createHttpWorld, type HttpWorld, type Reply } from '../support/http-world.ts';
import { OTHER_WRITES, READS, TASK_WRITES, WRITES } from '../support/http-routes.ts';

let world: HttpWorld;
beforeEach(async () => {
  world = await createHttpWorld();
});
afterEach(() => world.store.close());

function expectRefusal(reply: Reply, status: number, error: string): void {
  expect({ status: reply.status, error: reply.error }).toEqual({ status, error });
  const { message } = reply.as(ErrorBody);
  expect(message).toMatch(/^\S.*\.$/s);
  expect(reply.headers.get('x-request-id')).not.toBeNull();
  expect(reply.text).not.toMatch(/ at .*\.ts|SQLITE|SELECT|node_modules|\/work\//);
}

const BAD_IDS = ['0', '-1', '1.5', 'abc', '1e3', '%20', '%00', '%zz', '0x1', '１', '+1', '1%0a'];

describe('task ids', () => {
  it.each(TASK_WRITES.map((one) => [one.method, one.name, one] as const))(
    '%s on the end "%s" of what is no id is refused as invalid input',
    async (method, name, { prepare }) => {
      const { body } = await prepare(world);
      for (const id of BAD_IDS)
        expectRefusal(await world.send(method, `/api/tasks/${id}${name}`, { body }), 400, 'invalid_input');
    },
  );

  it.each(TASK_WRITES.map((one) => [one.method, one.name, one] as const))(
    '%s on the end "%s" of a task that is not there is refused',
    async (method, name, { prepare }) => {
      const { body } = await prepare(world);
      for (const id of ['999', '9007199254740993', '9'.repeat(400)]) {
        expectRefusal(await world.send(method, `/api/tasks/${id}${name}`, { body }), 404, 'task_not_found');
      }
    },
  );

  it.each(['', '/logs'])(
    'reading a task is refused for a bad id and for an unknown one (%s)',
    async (end) => {
      for (const id of BAD_IDS)
        expectRefusal(await world.send('GET', `/api/tasks/${id}${end}`), 400, 'invalid_input');
      expectRefusal(await world.send('GET', `/api/tasks/7${end}`), 404, 'task_not_found');
    },
  );

  it('an unknown task is named by its number', async () => {
    const reply = await world.send('GET', '/api/tasks/7');
    expect(reply.as(ErrorBody)).toMatchObject({ message: 'There is no task #7.', details: { task_id: 7 } });
  });
});

type Fields = Readonly<Record<string, unknown>>;
const long = (length: number) => 'x'.repeat(length);
const NUL = 'a\u0000b';
const HALF = 'a\ud800b';

/** Values that each kind of field refuses. */
const BAD = {
  filled: (max: number) => [undefined, null, 5, [], {}, true, '', ' \n\t ', long(max + 1), NUL, HALF],
  text: (max: number) => [5, [], {}, false, long(max + 1), NUL, HALF],
  name: [5, [], {}, '', '   ', long(101), NUL, HALF, 'a\nb', 'a\u007fb', 'a\u0085b', 'a\u001b[31mb'],
  instance: [undefined, null, 5, '', ' ', long(101), NUL, HALF, 'a\tb'],
  priority: [5, '', 'urgent', 'HIGH', [], null],
  word: [5, [], {}, '', 'Notes', 'a_b', 'a b', 'a,b', 'a;b', '-a', '../a', 'é', long(33), NUL],
  words: ['gpu', 5, {}, [5], [['gpu']], ['GPU'], ['a,b'], ['a;b'], [''], [long(33)], [NUL]],
  budget: [0, -1, '5', true, [], 1e13],
  seconds: ['5', true, [], -1, 31_536_001],
} as const;

interface FieldCase {
  readonly end: string;
  readonly method?: 'PUT';
  readonly field: string;
  readonly bad: readonly unknown[];
  /** What else the call needs. */
  readonly rest?: Fields;
}

const PROOF_ENDS = ['/complete', '/fail', '/release', '/status'];
const FIELDS: readonly FieldCase[] = [
  { end: '/api/tasks', field: 'description', bad: BAD.filled(4000) },
  { end: '/api/tasks', field: 'priority', bad: BAD.priority.slice(0, -1), rest: { description: 'x' } },
  { end: '/api/tasks', field: 'target', bad: BAD.name, rest: { description: 'x' } },
  { end: '/api/tasks', field: 'submitted_by', bad: BAD.name, rest: { description: 'x' } },
  ...(
    [
      ['project', BAD.word],
      ['requires', [...BAD.words, Array(11).fill('gpu')]],
      ['model', BAD.name],
      ['max_cost_usd', BAD.budget],
      ['max_tokens', [...BAD.budget, 1.5]],
      ['max_turns', [...BAD.budget, 1.5]],
      ['max_minutes', BAD.budget],
    ] as const
  ).map(([field, bad]) => ({ end: '/api/tasks', field, bad, rest: { description: 'x' } })),
  { end: '', method: 'PUT', field: 'description', bad: BAD.filled(4000) },
  ...['/claim', '/api/tasks/claim', '/api/instance/heartbeat'].flatMap((end): FieldCase[] => [
    { end, field: 'instance_id', bad: BAD.instance },
    { end, field: 'instance_name', bad: BAD.name, rest: { instance_id: 'mac' } },
  ]),
  ...['/claim', '/api/tasks/claim'].map((end) => ({
    end,
    field: 'lease_seconds',
    bad: ['5', true, []],
    rest: { instance_id: 'mac' },
  })),
  {
    end: '/api/tasks/claim',
    field: 'projects',
    bad: [...BAD.words, Array(201).fill('notes')],
    rest: { instance_id: 'mac' },
  },
  {
    end: '/api/tasks/claim',
    field: 'capabilities',
    bad: [...BAD.words, [null], Array(101).fill('gpu')],
    rest: { instance_id: 'mac' },
  },
  {
    end: '/api/tasks/claim',
    field: 'wait_seconds',
    bad: ['5', -1, 61, true, 1e9],
    rest: { instance_id: 'mac' },
  },
  { end: '/status', method: 'PUT', field: 'status', bad: [5, '', 'done', null, [], 'Pending'] },
  { end: '/status', method: 'PUT', field: 'notes', bad: BAD.text(16_000) },
  { end: '/priority', method: 'PUT', field: 'priority', bad: [undefined, ...BAD.priority] },
  { end: '/complete', field: 'notes', bad: BAD.text(16_000) },
  { end: '/fail', field: 'error', bad: BAD.filled(4000) },
  { end: '/fail', field: 'retry', bad: ['true', 1, []], rest: { error: 'x' } },
  { end: '/fail', field: 'retry_in_seconds', bad: BAD.seconds, rest: { error: 'x' } },
  { end: '/release', field: 'retry_in_seconds', bad: BAD.seconds },
  ...['/release', '/cancel', '/api/queue/pause', '/api/queue/resume'].map((end) => ({
    end,
    field: 'reason',
    bad: BAD.text(500),
  })),
  ...PROOF_ENDS.flatMap((end): FieldCase[] =>
    ['instance_id', 'lease_id'].map((field) => ({
      end,
      field,
      bad: BAD.name,
      rest: { error: 'x', notes: 'x' },
      ...(end === '/status' && { method: 'PUT' }),
    })),
  ),
  {
    end: '/api/instance/heartbeat',
    field: 'lease_ids',
    bad: ['a', {}, [5], [''], [NUL], [HALF], Array.from({ length: 1001 }, (_, n) => `lease-${n}`)],
    rest: { instance_id: 'mac' },
  },
];

describe('fields', () => {
  it.each(FIELDS.map((one) => [one.field, one.end, one] as const))(
    'bad values of %s in %s are refused by name, and change nothing',
    async (field, end, { bad, rest, method = 'POST' }) => {
      const { id } = await world.api.held();
      const path = end.startsWith('/api') ? end : `/api/tasks/${id}${end}`;
      const before = await world.api.get(id);
      for (const value of bad) {
        const reply = await world.send(method, path, { body: { ...rest, [field]: value } });
        expectRefusal(reply, 400, 'invalid_input');
        expect(reply.as(ErrorBody).message).toMatch(new RegExp(`${field}|lease_id|status, notes`));
      }
      expect(await world.api.get(id)).toEqual(before);
      expect((await world.api.stats()).total).toBe(1);
    },
  );

  it('texts may be exactly as long as allowed, counted in UTF-16 units', async () => {
    const rocket = '🚀';
    const { id } = await world.api.add(rocket.repeat(2000), {
      target: long(100),
      submitted_by: rocket.repeat(50),
    });
    expect((await world.api.get(id)).description).toHaveLength(4000);
    const longer = await world.send('POST', '/api/tasks', { body: { description: rocket.repeat(2001) } });
    expect(longer.status).toBe(400);
    const held = await world.api.held(long(100), { instance_name: long(100) });
    const notes = await world.send('PUT', `/api/tasks/${held.id}/status`, { body: { notes: long(16_000) } });
    expect(notes.status).toBe(200);
    const failed = await world.send('POST', `/api/tasks/${held.id}/fail`, {
      body: { error: long(4000), retry: false },
    });
    expect(failed.status).toBe(200);
    const cancelled = await world.send('POST', `/api/tasks/${id}/cancel`, { body: { reason: long(500) } });
    expect(cancelled.status).toBe(200);
  });

  it('all wrong fields are named at once, the first one in the details', async () => {
    const reply = await world.send('POST', '/api/tasks', { body: { description: '', priority: 'x' } });
    const { message, details } = reply.as(ErrorBody);
    expect(message).toMatch(/description.*priority/);
    expect(details).toEqual({ field: 'description' });
  });

  it.each(WRITES.map((one) => [one.name, one] as const))(
    'unknown fields are ignored (%s)',
    async (_name, { method, prepare }) => {
      const { path, body } = await prepare(world);
      const odd = '{"constructor":{"prototype":{"x":1}},"__proto__":{"priority":"high"},"later":[[{}]],';
      const text = odd + JSON.stringify({ ...body, future: { field: 1 } }).slice(1);
      expect((await world.send(method, path, { body: text })).status).toBeLessThan(300);
    },
  );

  it('optional fields may be null', async () => {
    const { id } = await world.api.add('x', { target: null, submitted_by: null });
    const none = { instance_name: null, lease_seconds: null };
    await world.api.claim(id, 'mac', none);
    const body = { notes: null, instance_id: null, lease_id: null };
    expect((await world.send('POST', `/api/tasks/${id}/complete`, { body })).status).toBe(200);
  });

  it('a PUT of the status without status and notes is refused', async () => {
    const { id } = await world.api.add();
    for (const body of [{}, { notes: null }, { instance_id: 'mac' }]) {
      expectRefusal(await world.send('PUT', `/api/tasks/${id}/status`, { body }), 400, 'invalid_input');
    }
  });
});

describe('queries', () => {
  it.each([
    'limit=0',
    'limit=201',
    'limit=-1',
    'limit=1.5',
    'limit=abc',
    'limit=1e2',
    'limit=%00',
    'status=done',
    'status=pending,',
    'status=all,pending',
    'status=PENDING',
    'cursor=x',
    'cursor=%00',
    'cursor=bi4x.bi4x',
    `cursor=${'A'.repeat(2000)}`,
  ])('a list with %s is refused', async (query) => {
    expectRefusal(await world.send('GET', `/api/tasks?${query}`), 400, 'invalid_input');
  });

  it.each([`instance_id=${long(101)}`, 'instance_id=%00', 'instance_id=a%0Ab', 'instance_id=%20'])(
    'the next task for %s is refused',
    async (query) => {
      expectRefusal(await world.send('GET', `/api/tasks/next?${query}`), 400, 'invalid_input');
    },
  );
});

describe('what the state of a task refuses', () => {
  it('editing, and changing the priority, once it is too late', async () => {
    const { id } = await world.api.held();
    const edit = () => world.send('PUT', `/api/tasks/${id}`, { body: { description: 'y' } });
    const raise = () => world.send('PUT', `/api/tasks/${id}/priority`, { body: { priority: 'high' } });
    expectRefusal(await edit(), 409, 'invalid_transition');
    expect((await raise()).status).toBe(200);
    await world.send('POST', `/api/tasks/${id}/complete`);
    expectRefusal(await edit(), 409, 'invalid_transition');
    expectRefusal(await raise(), 409, 'invalid_transition');
  });

  it('a second claim by id names the holder, also when it is the same instance', async () => {
    const { id } = await world.api.held('mac', { instance_name: 'MacBook' });
    for (const instance_id of ['linux', 'mac']) {
      const reply = await world.send('POST', `/api/tasks/${id}/claim`, { body: { instance_id } });
      expectRefusal(reply, 409, 'task_not_claimable');
      expect(reply.as(ErrorBody).message).toContain('MacBook');
    }
  });

  it.each(['complete', 'cancel'])('a task after %s can neither be claimed nor ended again', async (end) => {
    const { id } = await world.api.held();
    await world.send('POST', `/api/tasks/${id}/${end}`);
    const claim = await world.send('POST', `/api/tasks/${id}/claim`, { body: { instance_id: 'mac' } });
    expectRefusal(claim, 409, 'task_not_claimable');
    for (const [call, body] of [
      ['complete', {}],
      ['fail', { error: 'x' }],
      ['release', {}],
      ['cancel', {}],
    ] as const) {
      const reply = await world.send('POST', `/api/tasks/${id}/${call}`, { body });
      expectRefusal(reply, 409, 'invalid_transition');
    }
  });

  it('only failed and cancelled tasks are requeued', async () => {
    const { id } = await world.api.add();
    const requeue = () => world.send('POST', `/api/tasks/${id}/requeue`, { body: {} });
    expectRefusal(await requeue(), 409, 'invalid_transition');
    await world.api.claim(id);
    expectRefusal(await requeue(), 409, 'invalid_transition');
    await world.send('POST', `/api/tasks/${id}/complete`);
    expectRefusal(await requeue(), 409, 'invalid_transition');
  });
});

describe('methods and paths', () => {
  const allowed: readonly (readonly [string, string])[] = [
    ['/health', 'GET, HEAD, OPTIONS'],
    ['/client/claude-task-client.mjs', 'GET, HEAD, OPTIONS'],
    ['/api/tasks', 'GET, HEAD, POST, OPTIONS'],
    ['/api/tasks/next', 'GET, HEAD, OPTIONS'],
    ['/api/tasks/claim', 'POST, OPTIONS'],
    ['/api/tasks/1', 'GET, HEAD, PUT, OPTIONS'],
    ['/api/tasks/1/logs', 'GET, HEAD, OPTIONS'],
    ['/api/stats', 'GET, HEAD, OPTIONS'],
    ['/api/instances', 'GET, HEAD, OPTIONS'],
    ...['claim', 'complete', 'fail', 'release', 'cancel', 'requeue'].map(
      (end) => [`/api/tasks/1/${end}`, 'POST, OPTIONS'] as const,
    ),
    ...['status', 'priority'].map((end) => [`/api/tasks/1/${end}`, 'PUT, OPTIONS'] as const),
    ...['/api/queue/pause', '/api/queue/resume', '/api/instance/heartbeat'].map(
      (path) => [path, 'POST, OPTIONS'] as const,
    ),
  ];

  it.each(allowed)('%s says that it takes %s, and refuses the rest by name', async (path, allow) => {
    const options = await world.send('OPTIONS', path);
    expect([options.status, options.headers.get('allow')]).toEqual([204, allow]);
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
      if (allow.includes(method)) continue;
      const reply = await world.send(method, path);
      expectRefusal(reply, 405, 'method_not_allowed');
      expect(reply.headers.get('allow')).toBe(allow);
    }
  });

  it.each([
    '/',
    '/api',
    '/api/',
    '/api/task',
    '/api/tasks/',
    '/api/tasks/1/',
    '/api/tasks/1/x',
    '/API/tasks',
  ])('there is nothing at %s', async (path) => {
    expectRefusal(await world.send('GET', path), 404, 'not_found');
  });

  it.each(['/health', ...READS])('HEAD %s answers like GET, without a body', async (path) => {
    await world.api.add();
    const [head, get] = [await world.send('HEAD', path), await world.send('GET', path)];
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
  });

  it.each([...READS, ...OTHER_WRITES.map(({ name }) => name)])('%s sends no CORS header', async (path) => {
    const target = path.startsWith('/') ? path : '/api/tasks';
    for (const method of ['GET', 'OPTIONS']) {
      const headers = { origin: 'http://evil.example', 'access-control-request-method': 'POST' };
      const reply = await world.send(method, target, { headers });
      const cors = [...reply.headers.keys()].filter((name) => name.startsWith('access-control'));
      expect(cors).toEqual([]);
    }
  });
});
