import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMachine, type Machine } from '../support/cli-run.ts';
import {
  refusal,
  startCliServer,
  type Answer,
  type CliServer,
  type SeenRequest,
} from '../support/cli-server.ts';

const SECRET = `athena_abcdefgh_${'x'.repeat(43)}`;
const mac = {
  id: 'abcdefgh',
  name: 'mac',
  scope: 'worker',
  instance_id: 'mac-1',
  created_at: '2026-03-01T11:30:00.000Z',
  last_used_at: null,
  revoked_at: null,
};
const old = { ...mac, id: 'zzzzzzzz', instance_id: null, revoked_at: '2026-02-01T11:30:00.000Z' };

let server: CliServer;
let machine: Machine;
let answer: (request: SeenRequest) => Answer;
beforeEach(async () => {
  answer = ({ method }) => ({
    json:
      method === 'GET' ? { keys: [old, mac] } : { key: mac, ...(method === 'POST' && { secret: SECRET }) },
  });
  server = await startCliServer((request) => answer(request));
  machine = createMachine(server.url);
});
afterEach(async () => {
  machine.remove();
  await server.close();
});

describe('keys', () => {
  it.each(['keys', 'keys list'])('%s shows them', async (line) => {
    const { stdout, code } = await machine.run(line.split(' '), { columns: 80 });
    expect(server.calls()).toEqual(['GET /api/keys']);
    expect(stdout).toContain('LAST USED');
    expect(stdout).toMatch(/abcdefgh {2}worker {2}never +mac \[for mac-1\]/);
    expect(stdout).toMatch(/zzzzzzzz {2}worker {2}revoked +mac\n/);
    expect(code).toBe(0);
  });

  it('--all asks for the revoked ones as well', async () => {
    await machine.run(['keys', '--all']);
    expect(server.calls()).toEqual(['GET /api/keys?all=true']);
  });

  it('says what to do when there are none', async () => {
    answer = () => ({ json: { keys: [] } });
    expect((await machine.run(['keys'])).stdout).toContain('keys add');
  });

  it.each([['nonsense'], ['add'], ['revoke'], ['list', 'x']])('%s %s is a usage error', async (...words) => {
    const { code, stderr } = await machine.run(['keys', ...words]);
    expect([code, server.seen.length]).toEqual([2, 0]);
    expect(stderr).toContain('keys --help');
  });
});

describe('keys add', () => {
  const add = ['keys', 'add', 'mac', '--scope', 'worker', '--instance', 'mac-1'];

  it('prints the secret on a line of its own, once', async () => {
    const { stdout, stderr } = await machine.run(add);
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({
      name: 'mac',
      scope: 'worker',
      instance_id: 'mac-1',
    });
    expect(stdout.split('\n')[1]).toBe(SECRET);
    expect(stderr).toContain('shown this once');
    expect(JSON.parse((await machine.run([...add, '--json'])).stdout)).toEqual({ key: mac, secret: SECRET });
  });

  it('says which instance its machine has to be', async () => {
    expect((await machine.run(add)).stderr).toContain('set CLAUDE_INSTANCE=mac-1 there');
  });

  it('leaves the secret nowhere on this machine', async () => {
    await machine.run(add);
    const kept = machine.files().map((file) => fs.readFileSync(path.join(machine.home, file), 'utf8'));
    expect(kept.join('\n')).not.toContain(SECRET);
  });

  it('whose answer was lost makes another key in place of one that nobody can use', async () => {
    let posts = 0;
    answer = ({ method }) => {
      if (method !== 'POST') return { json: { key: mac } };
      posts += 1;
      return { json: { key: { ...mac, id: `key${posts}` }, secret: posts === 1 ? null : SECRET } };
    };
    const { stdout } = await machine.run(add);
    expect(server.calls()).toEqual(['POST /api/keys', 'DELETE /api/keys/key1', 'POST /api/keys']);
    expect(server.seen[0]?.headers['idempotency-key']).not.toBe(server.seen[2]?.headers['idempotency-key']);
    expect(stdout).toContain('Key key2 added');
  });

  it.each([
    [['keys', 'add', 'mac'], /scope must be one of/],
    [['keys', 'add', 'mac', '--scope', 'root'], /scope must be one of/],
    [['keys', 'add', ' ', '--scope', 'read'], /name must not be empty/],
  ])('%j is a usage error', async (argv, message) => {
    const { code, stderr } = await machine.run(argv);
    expect([code, server.seen.length]).toEqual([2, 0]);
    expect(stderr).toMatch(message);
  });
});

describe('keys revoke', () => {
  it.each(['mac', 'abcdefgh'])('%s with --yes ends the live one', async (named) => {
    const { stdout, code } = await machine.run(['keys', 'revoke', named, '--yes']);
    expect(server.calls()).toEqual(['GET /api/keys?all=true', 'DELETE /api/keys/abcdefgh']);
    expect([stdout, code]).toEqual(['🔒 Key abcdefgh revoked: mac [for mac-1]\n', 0]);
  });

  it('says so where the key was revoked already, and asks the server for nothing', async () => {
    const { stdout, code } = await machine.run(['keys', 'revoke', old.id]);
    expect([stdout, code]).toEqual(['Key zzzzzzzz was revoked already: mac\n', 0]);
    expect(server.calls()).toEqual(['GET /api/keys?all=true']);
  });

  it('asks on a terminal, and does nothing without a yes', async () => {
    const no = await machine.run(['keys', 'revoke', 'mac'], { columns: 80, stdin: 'n\n' });
    expect([no.code, server.calls()]).toEqual([1, ['GET /api/keys?all=true']]);
    expect(no.stderr).toContain('Revoke mac [for mac-1] (worker) for good?');
    expect((await machine.run(['keys', 'revoke', 'mac'], { columns: 80, stdin: 'y\n' })).code).toBe(0);
  });

  it('without a terminal wants --yes', async () => {
    const { code, stderr } = await machine.run(['keys', 'revoke', 'mac']);
    expect([code, server.calls()]).toEqual([2, ['GET /api/keys?all=true']]);
    expect(stderr).toContain('--yes');
  });

  it('of a key that is not there says so', async () => {
    const { code, stderr } = await machine.run(['keys', 'revoke', 'nas', '--yes']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('keys list')]);
  });
});

describe('a key that may not', () => {
  it('ends with 4 and names the way to another key', async () => {
    answer = () => refusal(403, 'not_permitted', { details: { scope_needed: 'admin', scope: 'read' } });
    const { code, stderr } = await machine.run(['pause']);
    expect(code).toBe(4);
    expect(stderr).toMatch(/login.*ATHENA_API_KEY/);
  });

  it('for another instance names the one to be', async () => {
    answer = () => refusal(403, 'not_permitted', { details: { instance_id: 'mac-1' } });
    const { code, stderr } = await machine.run(['claim']);
    expect(code).toBe(4);
    expect(stderr).toContain('Set CLAUDE_INSTANCE to "mac-1"');
  });
});
