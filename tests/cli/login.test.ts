import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMachine, type Machine } from '../support/cli-run.ts';
import { refusal, startCliServer, type CliServer } from '../support/cli-server.ts';
import { statsView } from '../support/cli-task.ts';

let server: CliServer;
let machine: Machine;
beforeEach(async () => {
  server = await startCliServer(({ headers }) =>
    headers['x-api-key'] === 'right-key' ? { json: statsView() } : refusal(401, 'unauthenticated'),
  );
  machine = createMachine('');
});
afterEach(async () => {
  machine.remove();
  await server.close();
});

const env = { ATHENA_API_KEY: '' };
const file = () => path.join(machine.home, '.config/claude-task-client/config.json');
const saved = () => JSON.parse(fs.readFileSync(file(), 'utf8')) as unknown;

describe('login', () => {
  it('takes the key from a pipe, tries it, and saves it for its owner alone', async () => {
    const ran = await machine.run(['login', `${server.url}/`], { env, stdin: 'right-key\n' });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toBe(`✅ Connected to ${server.url}; saved in ${file()}\n`);
    expect(saved()).toEqual({ api_url: server.url, api_key: 'right-key' });
    expect(fs.statSync(file()).mode & 0o777).toBe(0o600);
    expect((await machine.run(['status', '--json'], { env })).code).toBe(1);
    expect(server.seen.at(-1)?.headers['x-api-key']).toBe('right-key');
  });

  it('takes URL and key from a pipe', async () => {
    await machine.run(['login'], { env, stdin: `${server.url}\r\nright-key\r\n` });
    expect(saved()).toEqual({ api_url: server.url, api_key: 'right-key' });
  });

  it('asks on a terminal, and never shows the key', async () => {
    const ran = await machine.run(['login'], {
      env,
      columns: 80,
      stdin: `${server.url}\nright-kez\u007fy\n`,
    });
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stderr).toBe("Athena's URL [http://127.0.0.1:5051]: API key (not shown): \n");
    expect(ran.stdout + ran.stderr).not.toContain('right');
    expect(saved()).toEqual({ api_url: server.url, api_key: 'right-key' });
  });

  it('saves nothing when the key is wrong, the server away or the input empty', async () => {
    const wrong = await machine.run(['login', server.url], { env, stdin: 'mistaken-key\n' });
    expect(wrong.code).toBe(4);
    expect(wrong.stderr).toBe('❌ The server said unauthenticated. Check the key; nothing was saved.\n');
    expect((await machine.run(['login', server.url], { env })).code).toBe(2);
    expect((await machine.run(['login', 'ftp://x'], { env, stdin: 'right-key\n' })).code).toBe(2);
    expect((await machine.run(['login', server.url], { env, stdin: 'schlüssel\n' })).code).toBe(2);
    await server.close();
    expect((await machine.run(['login', server.url], { env, stdin: 'right-key\n' })).code).toBe(6);
    expect(machine.files()).toEqual([]);
  });

  it('keeps what else was saved, and repairs a garbled file', async () => {
    fs.mkdirSync(path.dirname(file()), { recursive: true });
    fs.writeFileSync(file(), '{"instance": "mac", "colour": "blue"}');
    await machine.run(['login', server.url], { env, stdin: 'right-key\n' });
    expect(saved()).toMatchObject({ instance: 'mac', colour: 'blue', api_key: 'right-key' });
    fs.writeFileSync(file(), 'garbled');
    expect((await machine.run(['list'], { env })).code).toBe(2);
    expect((await machine.run(['login', server.url], { env, stdin: 'right-key\n' })).code).toBe(0);
  });

  it('ends with 130 on Ctrl-C at the question', async () => {
    expect((await machine.run(['login'], { env, columns: 80, stdin: 'ht\u0003' })).code).toBe(130);
  });
});
