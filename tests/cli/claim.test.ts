import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClientError } from '../../cli/errors.ts';
import { createMachine, type Machine } from '../support/cli-run.ts';
import {
  refusal,
  startCliServer,
  type Answer,
  type CliServer,
  type SeenRequest,
} from '../support/cli-server.ts';
import { beatAnswer, claimed, IN_TWO_HOURS, taskView } from '../support/cli-task.ts';

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

const bodies = () => server.seen.map(({ json }) => json);
const remembered = () => {
  const file = path.join(machine.home, '.local/state/claude-task-client/leases.json');
  return (JSON.parse(fs.readFileSync(file, 'utf8')) as { leases: { lease_id: string }[] }).leases;
};
const none: Answer = { json: { task: null } };

async function claimTask(id = 5, leaseId = 'lease-1'): Promise<void> {
  answer = () => ({ json: claimed({ id }, leaseId) });
  expect((await machine.run(['claim', String(id)])).code).toBe(0);
  server.seen.length = 0;
}

describe('claim', () => {
  it('prints the whole task, and remembers the lease', async () => {
    const description = `Deploy:\n${'step '.repeat(300)}`;
    answer = () => ({
      json: claimed({ description, priority: 'high', attempt: 2, error: 'Disk full\nat /x' }),
    });
    const ran = await machine.run(['claim'], { env: { TZ: 'UTC' } });
    expect(ran.code).toBe(0);
    expect(
      ran.stdout.startsWith('✅ Task #5 claimed\nPriority: 🔴 high\nLease:    2 h, until 2026-03-01 '),
    ).toBe(true);
    expect(ran.stdout).toContain('Attempt:  2 of 3\nPrevious attempt:\n  Disk full\n  at /x\n\n');
    expect(ran.stdout.endsWith(`\n\n${description}\n`)).toBe(true);
    expect(server.calls()).toEqual(['POST /api/tasks/claim']);
    expect(bodies()).toEqual([{ instance_id: 'mac', instance_name: 'mac' }]);
    expect(remembered()).toEqual([
      { api_url: server.url, instance: 'mac', task_id: 5, lease_id: 'lease-1', expires_at: IN_TWO_HOURS },
    ]);
  });

  it('prints what people said about it meanwhile', async () => {
    const replies = [
      { number: 1, text: 'Use Postgres', author: 'ada', now: false },
      { number: 2, text: 'And\ntests\u001b[2J', author: '@bob', now: false },
    ];
    answer = () => ({ json: { ...claimed({ description: 'Deploy it' }), replies } });
    const ran = await machine.run(['claim']);
    expect(ran.stdout).toContain('\n\nDeploy it\n\n💬 ada: Use Postgres\n\n💬 @bob:\n  And\n  tests␛[2J\n');
  });

  it('takes a certain task', async () => {
    answer = () => ({ json: claimed({ id: 7 }) });
    expect((await machine.run(['claim', '#7'])).stdout).toContain('✅ Task #7 claimed');
    expect(server.calls()).toEqual(['POST /api/tasks/7/claim']);
  });

  it('says so when there is nothing, or the queue is paused', async () => {
    answer = () => none;
    expect(await machine.run(['claim'])).toMatchObject({ code: 0, stdout: 'No task to claim.\n' });
    answer = () => ({ json: { task: null, paused: true } });
    expect((await machine.run(['claim'])).stdout).toContain('The queue is paused');
  });

  it('names the holder and the next step when another has it', async () => {
    const message = 'Task #5 is already claimed by MacBook\u001b[2J-Claude.';
    answer = () => refusal(409, 'task_not_claimable', { message, details: { status: 'in_progress' } });
    const ran = await machine.run(['claim', '5']);
    expect(ran).toMatchObject({ code: 5, stdout: '' });
    expect(ran.stderr).toBe(
      '❌ Task #5 is already claimed by MacBook␛[2J-Claude. Run "claude-task-client next" for another one, ' +
        'or "claude-task-client release 5 --force" if its holder is gone.\n',
    );
  });

  it('waits in slices of at most 50 s until the time is used up', async () => {
    answer = () => none;
    const ran = await machine.run(['claim', '--wait', '3']);
    expect(ran.stdout).toBe('No task to claim after 3 s.\n');
    // This server does not wait at all: it is not asked more than once a second.
    expect(bodies().map(({ wait_seconds }) => wait_seconds)).toEqual([3, 2, 1, undefined]);
    server.seen.length = 0;
    answer = () => (server.seen.length > 2 ? { json: claimed() } : none);
    expect((await machine.run(['claim', '--wait', '600'])).stdout).toContain('✅ Task #5 claimed');
    expect(bodies().map(({ wait_seconds }) => wait_seconds)).toEqual([50, 50, 50]);
    expect(new Set(server.seen.map(({ headers }) => headers['idempotency-key'])).size).toBe(3);
  });

  it('remembers the lease before it lets go of the request', async () => {
    answer = () => ({ json: claimed() });
    const lock = path.join(machine.home, '.local/state/claude-task-client/leases.json.lock');
    fs.mkdirSync(path.dirname(lock), { recursive: true });
    fs.writeFileSync(lock, String(process.pid));
    const meanwhile: string[][] = [];
    const onSleep = () => {
      meanwhile.push(machine.files().filter((file) => file.includes('pending-writes')));
      fs.rmSync(lock, { force: true });
    };
    expect((await machine.run(['claim'], { onSleep })).code).toBe(0);
    expect(meanwhile.map((files) => files.length)).toEqual([1]);
    expect(remembered()).toMatchObject([{ lease_id: 'lease-1' }]);
    expect(machine.files()).toHaveLength(1);
  });

  it('that waits outlasts a restart of the server, with one request', async () => {
    answer = () =>
      server.seen.length <= 12 ? { raw: (response) => response.destroy() } : { json: claimed() };
    const ran = await machine.run(['claim', '--wait', '30']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.slept.reduce((sum, ms) => sum + ms)).toBeGreaterThan(20_000);
    expect(new Set(server.seen.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  });

  it('that waits gives up with 6 once its own wait is over', async () => {
    answer = () => ({ raw: (response) => response.destroy() });
    const ran = await machine.run(['claim', '--wait', '30']);
    expect(ran.code).toBe(6);
    const waited = ran.slept.reduce((sum, ms) => sum + ms);
    expect(waited).toBeGreaterThan(25_000);
    expect(waited).toBeLessThanOrEqual(30_000);
  });

  it('stops at once on Ctrl-C and closes its connection', async () => {
    const closed = new Promise<void>((resolve) => {
      answer = () => ({ raw: (response) => response.once('close', resolve) });
    });
    const control = new AbortController();
    const running = machine.run(['claim', '--wait', '600'], { signal: control.signal });
    while (server.seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
    control.abort(new ClientError('interrupted', 'Interrupted.'));
    expect((await running).code).toBe(130);
    await closed;
  });

  it.each([
    [['claim', '--wait', 'long'], '--wait must be a whole number of at least 0, not "long".'],
    [['claim', '--wait', '-5'], '--wait must be'],
    [['claim', '5', '--wait', '5'], '--wait is for the next task'],
    [['claim', '0'], '"0" is not a task id'],
    [['claim', '-1'], '"-1" is not a task id'],
    [['claim', '1.5'], '"1.5" is not a task id'],
    [['claim', '99999999999999999999'], 'is not a task id'],
    [['claim', '٣'], 'is not a task id'],
    [['claim', ''], '"" is not a task id'],
  ])('%j is a usage error', async (argv, words) => {
    const ran = await machine.run(argv);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(words);
    expect(server.seen).toEqual([]);
  });
});

describe('complete, fail and release', () => {
  it('say that a completed task goes on for replies that came meanwhile', async () => {
    await claimTask();
    answer = () => ({
      json: { status: 'pending', task: taskView({ id: 5, status: 'pending' }), next_task: null },
    });
    const { code, stdout } = await machine.run(['complete', '5']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^✅ Task #5 completed, and back in the queue: somebody replied.*client claim 5"/);
  });

  it('prove with the remembered lease, and forget it', async () => {
    await claimTask();
    answer = () => ({
      json: {
        status: 'completed',
        task: taskView({ status: 'completed' }),
        next_task: taskView({ id: 6, description: 'Next\nthing' }),
      },
    });
    const ran = await machine.run(['complete', '5', '-n', 'Done.']);
    expect(ran).toMatchObject({ code: 0, stdout: '✅ Task #5 completed\n📋 Next: #6 Next\n' });
    expect(bodies()).toEqual([{ notes: 'Done.', instance_id: 'mac', lease_id: 'lease-1' }]);
    expect(remembered()).toEqual([]);
  });

  it('name the instance alone where no lease is remembered', async () => {
    answer = () => ({ json: { status: 'pending', task: taskView({ attempt: 1 }) } });
    const ran = await machine.run(['fail', '5', '-e', 'Broken', '--no-retry']);
    expect(bodies()).toEqual([{ error: 'Broken', retry: false, instance_id: 'mac' }]);
    expect(ran.stdout).toBe('🔁 Task #5 back in the queue (1 of 3)\n');
  });

  it('name --force after a loss, and forget the lease that ended', async () => {
    await claimTask();
    answer = () => refusal(409, 'lease_lost');
    const ran = await machine.run(['release', '5']);
    expect(ran.code).toBe(5);
    expect(ran.stderr).toBe(
      '❌ The server said lease_lost. If its machine is gone: "claude-task-client release 5 --force".\n',
    );
    expect(remembered()).toEqual([]);
  });

  it.each([
    ['invalid_transition', 'completed', 'Look at it with "claude-task-client show 5".'],
    ['lease_lost', 'completed', 'Look at it with "claude-task-client show 5".'],
    ['lease_lost', 'pending', 'Look at it with "claude-task-client show 5".'],
    [
      'lease_lost',
      'cancelled',
      'Look at it with "claude-task-client show 5", or give it another chance with "claude-task-client requeue 5".',
    ],
    ['lease_lost', 'in_progress', 'If its machine is gone: "claude-task-client complete 5 --force".'],
  ])('name what helps after %s of a task that is %s', async (code, status, hint) => {
    answer = () => refusal(409, code, { details: { status } });
    const ran = await machine.run(['complete', '5']);
    expect(ran).toMatchObject({ code: 5, stderr: `❌ The server said ${code}. ${hint}\n` });
  });

  it('with --force act as operator, once that is confirmed', async () => {
    answer = () => ({ json: { status: 'pending', task: taskView() } });
    const refused = await machine.run(['release', '5', '--force']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('Add --yes to confirm.');
    expect(server.seen).toEqual([]);
    expect((await machine.run(['release', '5', '--force', '--yes'])).code).toBe(0);
    const asked = await machine.run(['release', '5', '--force'], { columns: 80, stdin: 'y\n' });
    expect(asked.stderr).toContain('release #5? [y/N]');
    expect(asked.code).toBe(0);
    const no = await machine.run(['release', '5', '--force'], { columns: 80, stdin: '\n' });
    expect(no).toMatchObject({ code: 1 });
    expect(no.stderr).toContain('Nothing was done.');
    expect(bodies()).toEqual([{}, {}]);
  });

  it('read long texts from standard input', async () => {
    answer = () => ({ json: { status: 'failed', task: taskView(), next_task: null } });
    await machine.run(['complete', '5', '-n', '-'], { stdin: '\ufeffone\r\ntwo\n' });
    await machine.run(['fail', '5', '-e', '-'], { stdin: 'trace\n' });
    expect(bodies().map(({ notes, error }) => notes ?? error)).toEqual(['one\r\ntwo', 'trace']);
  });

  it('refuse what cannot be sent', async () => {
    expect((await machine.run(['fail', '5'])).stderr).toContain('-e, --error TEXT is missing');
    expect((await machine.run(['fail', '5', '-e', ' '])).code).toBe(2);
    const long = await machine.run(['complete', '5', '-n', 'x'.repeat(16_001)]);
    expect(long.code).toBe(2);
    expect(long.stderr).toContain('notes must not be longer than 16000 characters.');
    expect(server.seen).toEqual([]);
  });
});

describe('heartbeat', () => {
  it('renews the leases claimed here', async () => {
    await claimTask();
    const later = '2026-03-01T15:00:00.000Z';
    answer = () => ({
      json: beatAnswer({
        leases: [{ task_id: 5, lease_id: 'lease-1', expires_at: later }],
        unclaimed: [{ task_id: 9, lease_id: 'other', expires_at: later }],
      }),
    });
    const ran = await machine.run(['heartbeat']);
    expect(bodies()).toEqual([{ instance_id: 'mac', instance_name: 'mac', lease_ids: ['lease-1'] }]);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toBe(
      '💓 #5 renewed (3 h left)\n⚠️ #9 is held by this instance, but was not claimed here (3 h left)\n',
    );
    expect(remembered()).toMatchObject([{ expires_at: later }]);
  });

  it('names what was lost, forgets it, and exits with 5', async () => {
    await claimTask(5, 'lease-1');
    await claimTask(6, 'lease-2');
    answer = () => ({
      json: beatAnswer({
        lost: [
          { lease_id: 'lease-1', task_id: 5, reason: 'expired' },
          { lease_id: 'lease-2', task_id: null, reason: 'unknown' },
        ],
        cancelled_task_ids: [4],
      }),
    });
    const ran = await machine.run(['heartbeat']);
    expect(ran.code).toBe(5);
    expect(ran.stderr).toContain('No longer held: #5 (expired), #6 (unknown).');
    expect(ran.stdout).toBe('🚫 #4 was cancelled\n');
    expect(remembered()).toEqual([]);
  });

  it('is never a repeat of an older one', async () => {
    const dead = { self: '1-1-x', isAlive: () => false };
    answer = () => refusal(503, 'unavailable');
    await machine.run(['heartbeat'], { owners: dead });
    expect(machine.files()).toEqual([]);
  });
});
