import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findSdk, loadSdk } from '../../../cli/worker/sdk-home.ts';
import { beatAnswer } from '../../support/cli-task.ts';
import { createMachine, type Machine } from '../../support/cli-run.ts';
import { refusal, startCliServer, type Answer, type CliServer } from '../../support/cli-server.ts';
import { GIT_TOKEN, makeRepository, startGitServer, type GitServer } from '../../support/git-server.ts';
import { startMessagesApi, type MessagesApi } from '../../support/messages-api/index.ts';
import { refuse, say } from '../../support/messages-api/replies.ts';
import { makeFakeNpm } from '../../support/worker/fake-npm.ts';

const MODEL_KEY = 'fake-model-key-0123456789';

describe('work setup', () => {
  let machine: Machine;
  let athena: CliServer;
  let host: GitServer;
  let model: MessagesApi;
  let heartbeat: Answer;

  beforeEach(async () => {
    heartbeat = { json: beatAnswer() };
    athena = await startCliServer(() => heartbeat);
    machine = createMachine(athena.url);
    host = await startGitServer();
    makeRepository(host.root, 'notes', { 'a.txt': 'one\n' });
    model = await startMessagesApi();
    model.script({ when: /./, then: say('counted') });
  });
  afterEach(async () => {
    machine.remove();
    await Promise.all([athena.close(), host.close(), model.close()]);
  });

  const workspace = () => path.join(machine.home, 'ws');
  const sdk = () => path.join(workspace(), 'sdk');

  function setup(more = '', env: Record<string, string> = {}, bin = makeFakeNpm(machine.home)) {
    const file = path.join(machine.home, 'worker.yaml');
    const lines = [
      'name: lab',
      'workspace: ./ws',
      'projects:',
      '  notes:',
      `    repo: ${host.urlOf('notes')}`,
      '    model: claude-opus-4-5',
    ];
    fs.writeFileSync(file, `${lines.join('\n')}\n${more}`);
    return machine.run(['work', 'setup', '--config', file], {
      env: {
        PATH: `${bin}:${process.env['PATH'] ?? ''}`,
        ANTHROPIC_API_KEY: MODEL_KEY,
        ANTHROPIC_BASE_URL: model.url,
        ATHENA_GIT_TOKEN: GIT_TOKEN,
        ...env,
      },
    });
  }

  it('installs the SDK, finds all in order, and asks each side once with its credential', async () => {
    const ran = await setup();
    expect(ran.stdout).toMatch(/^✅ git: git version \d/);
    expect(ran.stdout).toContain(
      '✅ Agent SDK 0.3.329: It is installed; its program says 2.1.329 (Claude Code).\n',
    );
    const { host: address } = new URL(model.url);
    expect(ran.stdout).toContain(`✅ model: ${address} takes ANTHROPIC_API_KEY and knows claude-opus-4-5.\n`);
    expect(ran.stdout).toContain(`✅ projects.notes: ${host.urlOf('notes')} has the branch main.\n`);
    expect(ran.stdout).toContain(`✅ server: ${athena.url} takes the key, for the instance lab.\n`);
    expect(ran.stdout).toContain('kept off only by "sandbox: true" or by an account of its own');
    expect(ran.stderr).toContain('Installing the Claude Agent SDK 0.3.329');
    expect(ran.stderr).toContain('The worker lab can be started');
    expect(ran.code).toBe(0);

    expect(model.requests.map(({ path: asked, headers }) => [asked, headers['x-api-key']])).toEqual([
      ['/v1/messages/count_tokens', MODEL_KEY],
    ]);
    expect(athena.seen.map(({ json }) => json)).toEqual([
      { instance_id: 'lab', instance_name: 'lab', lease_ids: [] },
    ]);
    expect(typeof (await loadSdk(sdk())).sdk.query).toBe('function');
    expect(ran.stdout + ran.stderr).not.toMatch(new RegExp(`${MODEL_KEY}|${GIT_TOKEN}`));

    fs.rmSync(path.join(machine.home, 'asked'));
    expect((await setup()).code).toBe(0);
    expect(fs.existsSync(path.join(machine.home, 'asked'))).toBe(false);
    expect(fs.readdirSync(workspace()).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('replaces what is no longer the pinned one', async () => {
    fs.mkdirSync(path.join(sdk(), 'node_modules'), { recursive: true });
    fs.writeFileSync(path.join(sdk(), 'node_modules/.package-lock.json'), '{"packages":{}}');
    expect((await setup()).code).toBe(0);
    expect(findSdk(sdk()).kind).toBe('ready');
  });

  it.each([
    [{ integrity: 'sha512-other' }, 'What npm brought is not what was expected'],
    [{ fails: 'network request to the registry failed' }, 'npm could not install it: network request'],
  ])('says what is wrong with the installation, and leaves none behind: %j', async (over, text) => {
    const ran = await setup('', {}, makeFakeNpm(machine.home, over));
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain(text);
    expect(ran.stderr).toContain('❌ Not ready yet: Agent SDK 0.3.329. Do what is said above');
    expect(fs.existsSync(sdk())).toBe(false);
    expect(fs.readdirSync(workspace()).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it.each([
    [
      refuse(401, 'invalid x-api-key'),
      1,
      /refuses ANTHROPIC_API_KEY \(401: invalid x-api-key\)\. Set a valid/,
    ],
    [refuse(400, 'Your credit balance is too low'), 1, /cannot pay \(400: .*\)\. Put its billing in order/],
    [refuse(404, 'model: claude-opus-4-5'), 1, /does not know the model claude-opus-4-5\. Correct "model"/],
    [refuse(529, 'Overloaded'), 1, /does not answer properly \(529: Overloaded\)/],
    [refuse(429, 'Slow down'), 0, /takes ANTHROPIC_API_KEY; its limit is reached for now/],
    [refuse(404, 'no such path'), 0, /does not refuse ANTHROPIC_API_KEY, and answers 404/],
    [{ kind: 'reset' } as const, 1, /cannot be reached .*ANTHROPIC_BASE_URL/],
  ])('judges what the API says: %j', async (answer, code, text) => {
    model.script({ when: /./, then: answer });
    const ran = await setup();
    expect(ran.stdout).toMatch(text);
    expect(ran.code).toBe(code);
  });

  it('shows a subscription in the way that it is used, and says how to get one', async () => {
    await setup('', { ANTHROPIC_API_KEY: '', CLAUDE_CODE_OAUTH_TOKEN: MODEL_KEY });
    expect(model.requests[0]?.headers.authorization).toBe(`Bearer ${MODEL_KEY}`);
    const ran = await setup('', { ANTHROPIC_API_KEY: '' });
    expect(ran.stdout).toMatch(/❌ model: Neither .* is set\. .*"claude setup-token"/);
  });

  it('names every repository, program and key that will not do', async () => {
    heartbeat = refusal(403, 'not_permitted');
    host.behave({ kind: 'refuse', status: 401 });
    const more = '  tool:\n    repo: ./nowhere\n    executor: command\n    command: [no-such-program]\n';
    const ran = await setup(more);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toMatch(/❌ projects\.notes: .*refused the credentials.* Set ATHENA_GIT_TOKEN/);
    expect(ran.stdout).not.toContain('?.');
    expect(ran.stdout).toMatch(/❌ projects\.tool: .*cannot be reached.* Correct projects\.tool\.repo/);
    expect(ran.stdout).toContain(
      '❌ projects.tool.command: There is no program no-such-program on the PATH.',
    );
    expect(ran.stdout).toMatch(/❌ server: .*The server said not_permitted/);
  });

  it('tells a script the same', async () => {
    const file = path.join(machine.home, 'worker.yaml');
    fs.writeFileSync(
      file,
      `workspace: ws\nprojects:\n  tool:\n    repo: ${host.urlOf('notes')}\n    executor: command\n    command: [sh]\n`,
    );
    const ran = await machine.run(['work', 'setup', '--json', '--config', file], {
      env: { PATH: process.env['PATH'] ?? '' },
    });
    expect(ran.code).toBe(1);
    const { ok, findings } = JSON.parse(ran.stdout) as {
      ok: boolean;
      findings: { name: string; state: string }[];
    };
    expect(ok).toBe(false);
    expect(findings.map(({ name, state }) => `${name} ${state}`)).toEqual(
      expect.arrayContaining(['git ok', 'projects.tool.command ok', 'projects.tool missing', 'server ok']),
    );
    expect(findings.some(({ name }) => /SDK|model/.test(name))).toBe(false);
  });

  it('is not for Windows', async () => {
    const ran = await machine.run(['work', 'setup'], { platform: 'win32' });
    expect(ran).toMatchObject({ code: 2 });
    expect(ran.stderr).toContain('WSL2');
  });
});
