/** Named keys from outside: the built server, the built client, and what lies on the disk. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { runClient, type ClientMachine } from '../support/client-process.ts';
import { cleanUp, newFolder, startServer, type RunningServer } from '../support/http-process.ts';
import { KEY } from '../support/http-world.ts';

afterEach(cleanUp);

const machine = ({ url }: RunningServer, key: string, instance: string): ClientMachine => ({
  url,
  key,
  home: newFolder(),
  instance,
});

/** Everything that a folder holds, as one text. */
const contents = (folder: string) =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => fs.readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');

it('a key is made, works within its scope, outlives a kill, and ends with its revocation', async () => {
  const folder = newFolder();
  let server = await startServer({ folder });
  const owner = machine(server, KEY, 'desk');
  const run = (...argv: string[]) => runClient({ ...owner, url: server.url }, ...argv);
  const added = await run('keys', 'add', 'mac', '--scope', 'worker', '--instance', 'mac');
  const secret = added.stdout.split('\n')[1] ?? '';
  expect([added.code, secret]).toEqual([0, expect.stringMatching(/^athena_[a-z2-7]{8}_[\w-]{43}$/)]);
  await run('add', 'Deploy the stack');

  const mac = machine(server, secret, 'mac');
  expect((await runClient(mac, 'claim')).stdout).toContain('Task #1 claimed');
  const refused = await runClient(mac, 'add', 'another one');
  expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining('scope submit')]);
  const foreign = await runClient({ ...mac, instance: 'nas' }, 'complete', '1');
  expect([foreign.code, foreign.stderr]).toEqual([4, expect.stringContaining('CLAUDE_INSTANCE to "mac"')]);

  await server.kill();
  server = await startServer({ folder });
  expect((await runClient({ ...mac, url: server.url }, 'complete', '1')).code).toBe(0);
  expect((await server.api.logs(1)).map(({ key }) => key?.name)).toEqual(['owner', 'mac', 'mac']);
  expect((await run('keys', 'list')).stdout).toMatch(/worker +\d+ s ago +mac/);
  expect((await run('keys', 'revoke', 'mac', '--yes')).code).toBe(0);
  expect((await runClient({ ...mac, url: server.url }, 'claim')).code).toBe(4);
  expect((await run('audit')).stdout).toMatch(/key revoked[^]*key added/);

  const kept = `${contents(folder)}${contents(owner.home)}${JSON.stringify(server.lines)}`;
  expect(kept).not.toContain(secret.split('_').slice(2).join('_'));
});

it('a waiting claim ends with the revocation of its key', async () => {
  const server = await startServer({ folder: newFolder() });
  const made = await server.send('POST', '/api/keys', { body: { name: 'mac', scope: 'worker' } });
  const { secret } = made.json as { secret: string };
  const mac = machine(server, secret, 'mac');
  const waiting = runClient(mac, 'claim', '--wait', '60');
  await expect.poll(async () => (await server.api.instances()).instances.length, { timeout: 20_000 }).toBe(1);
  await server.send('DELETE', '/api/keys/mac');
  expect(await waiting).toMatchObject({ code: 4, stderr: expect.stringContaining('revoked') as string });
});
