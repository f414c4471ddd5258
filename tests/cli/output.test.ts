import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { widthOf } from '../../cli/width.ts';
import { createMachine, type Machine } from '../support/cli-run.ts';
import {
  refusal,
  startCliServer,
  type Answer,
  type CliServer,
  type SeenRequest,
} from '../support/cli-server.ts';
import { beatAnswer, claimed, IN_TWO_HOURS, instanceView, statsView, taskView } from '../support/cli-task.ts';

const HOSTILE = 'x\u001b]0;owned\u0007\u001b[2J\u009b1A\u202e\ntwo';
const task = taskView({
  description: HOSTILE,
  submitted_by: HOSTILE,
  notes: HOSTILE,
  error: HOSTILE,
  target: HOSTILE,
});
const instance = {
  ...instanceView({ id: HOSTILE, name: HOSTILE, status: HOSTILE, current_task_id: 5, last_seen: HOSTILE }),
  ...{ projects: [HOSTILE], capabilities: [HOSTILE], problem: HOSTILE },
};
const log = { id: 1, action: HOSTILE, actor: HOSTILE, key: { id: HOSTILE, name: HOSTILE }, details: { reason: HOSTILE }, instance_id: null, timestamp: HOSTILE }; // prettier-ignore
const key = { id: '7', name: HOSTILE, scope: HOSTILE, instance_id: HOSTILE, created_at: HOSTILE, last_used_at: HOSTILE, revoked_at: null }; // prettier-ignore
const entry = { id: 1, action: HOSTILE, actor: HOSTILE, key: { id: HOSTILE, name: HOSTILE }, details: { [HOSTILE]: HOSTILE }, timestamp: HOSTILE }; // prettier-ignore

/** Answers every call with a success whose every text is hostile. */
function hostile({ method, url }: SeenRequest): Answer {
  const route = `${method} ${url.replace(/\?.*/, '').replace(/\d+/, ':id')}`;
  const answers: Record<string, unknown> = {
    'GET /api/tasks': { tasks: [task], next_cursor: null },
    'GET /api/tasks/:id/logs': { logs: [log] },
    'GET /api/stats': statsView(),
    'GET /api/audit': { entries: [entry], next_cursor: null },
    'GET /api/instances': { instances: [instance] },
    'POST /api/tasks/claim': claimed(task),
    'POST /api/instance/heartbeat': beatAnswer({
      lost: [{ lease_id: 'lease-1', task_id: 5, reason: HOSTILE }],
      unclaimed: [{ task_id: 6, lease_id: 'x', expires_at: HOSTILE }],
    }),
    'GET /api/keys': { keys: [key] },
    'POST /api/keys': { key, secret: HOSTILE },
    'DELETE /api/keys/:id': { key },
    'POST /api/queue/pause': { paused: true, reason: HOSTILE },
    'POST /api/queue/resume': { paused: false, reason: null },
  };
  const usual = { task, task_id: 5, status: 'pending', next_task: task, lease: claimed().lease };
  return { json: answers[route] ?? usual };
}

const COMMANDS = [
  'check', 'list', 'list --status all', 'next', 'claim', 'claim 5', 'complete 5', 'fail 5 -e x', 'release 5',
  'add x', 'show 5', 'edit 5 x', 'cancel 5', 'priority 5 high', 'requeue 5', 'pause', 'resume', 'status', 'audit', 'keys', 'keys add x --scope read', 'keys revoke 7 --yes', 'heartbeat',
]; // prettier-ignore

let server: CliServer;
let machine: Machine;
let answer: (request: SeenRequest) => Answer;
beforeEach(async () => {
  server = await startCliServer((request) => answer(request));
  machine = createMachine(server.url);
});
afterEach(async () => {
  machine.remove();
  await server.close();
});

describe.each(COMMANDS)('%s', (line) => {
  const argv = line.split(' ');

  it('with --json writes one JSON document to stdout, on success and on failure', async () => {
    answer = hostile;
    const good = await machine.run([...argv, '--json']);
    expect(JSON.parse(good.stdout)).toBeTypeOf('object');
    expect(good.stdout.trimEnd()).not.toContain('\n');
    // Every call is known, so nothing but a loss that a heartbeat tells of is a failure here.
    expect(good.code).toBe(line === 'heartbeat' ? 5 : 0);
    answer = () => refusal(409, 'lease_lost', { details: { status: 'pending' } });
    const bad = await machine.run(['--json', ...argv]);
    expect(JSON.parse(bad.stdout)).toMatchObject({
      error: 'lease_lost',
      message: 'The server said lease_lost.',
    });
    expect(bad.stderr).toMatch(/^❌ [^\n]+\n$/);
    expect(bad.code).toBe(5);
  });

  it('lets no text from the server act on the terminal', async () => {
    answer = hostile;
    const ran = await machine.run(argv, { env: { NO_COLOR: '1' }, columns: 70 });
    expect(ran.stdout).not.toBe('');
    expect(ran.stdout + ran.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    const json = await machine.run([...argv, '--json']);
    expect(json.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  });
});

describe('usage errors', () => {
  it.each([
    ['frobnicate'],
    ['show', '0'],
    ['list', '--limit', '0'],
    ['add'],
    ['fail', '5'],
    ['add', ''],
    ['priority', '5', 'urgent'],
  ])(
    // prettier-ignore
    '%s %s are told in JSON too, and exit with 2',
    async (...argv) => {
      const words = argv.filter((word) => typeof word === 'string');
      const ran = await machine.run([...words, '--json']);
      expect(ran.code).toBe(2);
      expect(Object.keys(JSON.parse(ran.stdout) as object)).toEqual(
        expect.arrayContaining(['error', 'message']),
      );
      expect(server.seen).toEqual([]);
    },
  );

  it('without a command but with --json', async () => {
    expect((await machine.run(['--json'])).code).toBe(2);
  });
});

describe('list', () => {
  const many = (count: number, first = 1) =>
    Array.from({ length: count }, (_, at) =>
      taskView({ id: first + at, description: `三つ ${'long '.repeat(40)}` }),
    );

  it('asks for pending tasks by default, and fits them into 60 columns when piped', async () => {
    answer = () => ({ json: { tasks: many(3), next_cursor: null } });
    const ran = await machine.run(['list']);
    expect(server.calls()).toEqual(['GET /api/tasks?limit=50']);
    for (const line of ran.stdout.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(60);
    expect(ran.stdout).toMatch(/^ID {2}AGE {2}PRIORITY {2}DESCRIPTION\n#1 {2}1 h {2}medium {4}三つ long/);
  });

  it('fits the terminal, and the width that COLUMNS names', async () => {
    answer = () => ({ json: { tasks: many(3), next_cursor: null } });
    const wide = await machine.run(['list'], { columns: 100, env: { NO_COLOR: '1' } });
    expect(Math.max(...wide.stdout.split('\n').map(widthOf))).toBeGreaterThan(95);
    const named = await machine.run(['list'], { env: { COLUMNS: '40' } });
    for (const line of named.stdout.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(40);
  });

  it('follows the pages up to the limit', async () => {
    answer = ({ url }) =>
      url.includes('cursor')
        ? { json: { tasks: many(50, 201), next_cursor: 'c2' } }
        : { json: { tasks: many(200), next_cursor: 'c1' } };
    const ran = await machine.run(['list', '--status', 'all', '--limit', '250', '--json']);
    expect(server.calls()).toEqual([
      'GET /api/tasks?status=all&limit=200',
      'GET /api/tasks?status=all&limit=50&cursor=c1',
    ]);
    expect(JSON.parse(ran.stdout)).toMatchObject({ next_cursor: 'c2', tasks: { length: 250 } });
  });

  it('does not go on for ever where pages are empty', async () => {
    answer = () => ({ json: { tasks: [], next_cursor: 'again' } });
    expect((await machine.run(['list', '--limit', '500'])).stdout).toBe('No tasks pending.\n');
  });
});

describe('audit', () => {
  it('tells who did what when, and by which key', async () => {
    const made = { timestamp: '2026-03-01T11:30:00.000Z', key: null };
    const owner = { id: 'owner', name: 'owner' };
    const added = { id: 'k8', name: 'phone', scope: 'worker', instance_id: 'pixel' };
    const entries = [
      { id: 3, action: 'key_added', actor: 'operator', details: added, ...made, key: owner },
      {
        id: 2,
        action: 'queue_resumed',
        actor: 'instance:mac',
        details: {},
        ...made,
        key: { id: 'k7', name: 'mac' },
      },
      { id: 1, action: 'queue_paused', actor: 'discord:1', details: { reason: 'Lunch' }, ...made },
    ];
    answer = () => ({ json: { entries, next_cursor: 'c' } });
    const { stdout, stderr } = await machine.run(['audit', '--limit', '2'], {
      columns: 90,
      env: { NO_COLOR: '1' },
    });
    expect(server.calls()).toEqual(['GET /api/audit?limit=2']);
    expect(stdout).toMatch(/^TIME {17}WHAT {11}WHO {20}DETAILS\n/);
    expect(stdout).toMatch(/key added {6}operator {15}k8, phone, worker, pixel\n/);
    expect(stdout).toMatch(/queue resumed {2}instance:mac, key mac *\n/);
    expect(stdout).toMatch(/queue paused {3}discord:1 {14}Lunch\n/);
    expect(stderr).toContain('raise --limit');
    answer = () => ({ json: { entries: [], next_cursor: null } });
    expect((await machine.run(['audit'])).stdout).toBe('Nothing yet.\n');
  });
});

describe('colours', () => {
  const colour = /\u001b\[/;

  it('are for terminals, unless NO_COLOR or a dumb terminal says otherwise', async () => {
    answer = () => ({ json: { tasks: [taskView({ priority: 'high' })], next_cursor: null } });
    expect((await machine.run(['list'], { columns: 80 })).stdout).toMatch(colour);
    expect((await machine.run(['list'])).stdout).not.toMatch(colour);
    expect((await machine.run(['list'], { columns: 80, env: { NO_COLOR: '1' } })).stdout).not.toMatch(colour);
    expect((await machine.run(['list'], { columns: 80, env: { TERM: 'dumb' } })).stdout).not.toMatch(colour);
  });
});

describe('texts from standard input', () => {
  it('make a task, and change one', async () => {
    answer = hostile;
    await machine.run(['add', '-', '-p', 'high', '--target', 'mac'], { stdin: '# Title\n\nBody\n' });
    await machine.run(['edit', '5', '-'], { stdin: 'New' });
    expect(server.seen.map(({ json }) => json)).toEqual([
      { description: '# Title\n\nBody', priority: 'high', target: 'mac' },
      { description: 'New' },
    ]);
  });

  it('are refused when they are empty or endless', async () => {
    expect((await machine.run(['add', '-'])).stderr).toContain('description must not be empty.');
    expect((await machine.run(['add', '-'], { stdin: 'x'.repeat(2_000_000) })).stderr).toContain(
      'larger than 1 MiB',
    );
    expect(server.seen).toEqual([]);
  });
});

describe('show', () => {
  it('tells the whole story', async () => {
    const told = taskView({
      status: 'in_progress', attempt: 2, instance_id: 'mac', instance_name: 'MacBook', lease_expires_at: IN_TWO_HOURS,
      error: 'Disk full', submitted_by: '@sam',
    }); // prettier-ignore
    const entry = { id: 1, action: 'priority_changed', actor: 'operator', key: { id: 'k7', name: 'phone' }, details: {}, instance_id: null, timestamp: '2026-03-01T11:30:00.000Z' }; // prettier-ignore
    answer = ({ url }) => ({ json: url.endsWith('logs') ? { logs: [entry] } : { task: told } });
    const { stdout } = await machine.run(['show', '5']);
    expect(stdout).toContain('#5 🔄 in progress\nPriority: 🟡 medium\nCreated:  1 h ago by @sam\n');
    expect(stdout).toContain('Holder:   MacBook (2 h left)\nAttempt:  2 of 3\nError: Disk full\n');
    expect(stdout).toMatch(
      /2026-03-01 \d\d:30:00 {2}priority changed {2}operator, key phone\n\nDeploy new monitoring stack\n$/,
    );
  });
});
