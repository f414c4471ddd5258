import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMachine, type Machine } from '../support/cli-run.ts';
import {
  refusal,
  startCliServer,
  type Answer,
  type CliServer,
  type SeenRequest,
} from '../support/cli-server.ts';
import { beatAnswer, claimed, IN_TWO_HOURS, statsView, taskView } from '../support/cli-task.ts';

let server: CliServer;
let machine: Machine;
let answers: Record<string, Answer>;
beforeEach(async () => {
  answers = {
    '/api/stats': { json: statsView() },
    '/api/tasks/next?instance_id=mac': { json: { task: taskView() } },
    '/api/instance/heartbeat': { json: beatAnswer() },
  };
  server = await startCliServer(({ url }: SeenRequest) => answers[url] ?? refusal(404, 'not_found'));
  machine = createMachine(server.url);
});
afterEach(async () => {
  machine.remove();
  await server.close();
});

const hang: Answer = { raw: () => {} };

describe('check', () => {
  it('says in one line what waits', async () => {
    const ran = await machine.run(['check']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toBe('📋 2 task(s) pending - Next: #5 Deploy new monitoring stack\n');
  });

  it('is quiet when nothing waits', async () => {
    answers['/api/stats'] = { json: statsView({ pending: 0 }) };
    answers['/api/tasks/next?instance_id=mac'] = { json: { task: null } };
    expect((await machine.run(['check'])).stdout).toBe('No tasks pending.\n');
  });

  it('tells why nothing is offered although something waits', async () => {
    answers['/api/stats'] = { json: statsView({ paused: true }) };
    answers['/api/tasks/next?instance_id=mac'] = { json: { task: null } };
    expect((await machine.run(['check'])).stdout).toBe(
      '📋 2 task(s) pending - none for this instance now (the queue is paused)\n',
    );
  });

  it('is a sign of life that renews nothing', async () => {
    await machine.run(['check']);
    const beat = server.seen.find(({ url }) => url === '/api/instance/heartbeat');
    expect(beat?.json).toEqual({ instance_id: 'mac', instance_name: 'mac', lease_ids: [] });
    expect(machine.files()).toEqual([]);
  });

  it('names what this instance holds, and what was cancelled under it', async () => {
    answers['/api/tasks/claim'] = { json: claimed({ id: 4 }) };
    await machine.run(['claim']);
    const lease = { task_id: 3, lease_id: 'l', expires_at: IN_TWO_HOURS };
    answers['/api/instance/heartbeat'] = {
      json: beatAnswer({ unclaimed: [lease], cancelled_task_ids: [4, 99] }),
    };
    answers['/api/tasks/3'] = {
      json: { task: taskView({ id: 3, description: 'Old\u001b]0;x\u0007 one\nmore' }) },
    };
    const lines = (await machine.run(['check'])).stdout.split('\n').slice(1, -1);
    expect(lines).toEqual([
      '🔄 You hold #3 Old␛]0;x␇ one (2 h left)',
      '🚫 #4 was cancelled: stop working on it',
    ]);
  });

  it('speaks JSON', async () => {
    const ran = await machine.run(['check', '--json']);
    expect(JSON.parse(ran.stdout)).toMatchObject({ pending: 2, paused: false, next: { id: 5 }, holding: [] });
  });

  it.each([
    ['hangs', hang],
    ['drips', { raw: (response) => void setInterval(() => response.write(' '), 50).unref() }],
    ['stops in the middle', { raw: (response) => void response.writeHead(200).write('{') }],
  ])('gives up in time when the server %s', async (_what, answer) => {
    answers['/api/stats'] = answer;
    // 1.3 of the 1.5 s that it may take have gone into starting the process.
    const startedAt = performance.now();
    const ran = await machine.run(['check'], { elapsed: 1300 });
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect(ran).toMatchObject({ code: 6, stdout: '' });
    expect(ran.stderr).toMatch(/^❌ Cannot reach Athena at [^\n]+: no answer[^\n]+\n$/);
  });

  it('exits with 6 when nobody is there, and with 4 when the key is wrong', async () => {
    answers['/api/stats'] = refusal(401, 'unauthenticated');
    expect((await machine.run(['check'])).code).toBe(4);
    await server.close();
    expect((await machine.run(['check'])).code).toBe(6);
  });
});
