/** What /task asks for beside its text, and the files that go along. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createInstanceService } from '../../../src/core/instance-service.ts';
import type { Invocation } from '../../support/discord-twin/users/invocation.ts';
import type { TwinFile } from '../../support/discord-twin/users/files.ts';
import { eventually, openStage, type Stage } from './stage.ts';

describe('what a task asks for', () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await openStage();
  });

  afterEach(async () => {
    await stage.close();
    expect(stage.twin.violations).toEqual([]);
    expect(stage.twin.unknownRoutes).toEqual([]);
    expect(stage.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  const alice = () => stage.twin.user('alice');
  const announce = (instanceId: string, projects: (string | null)[], capabilities: string[]) => {
    const facts = { session: instanceId, concurrency: 1, problem: null, replaces: null, leaves: false };
    const worker = { ...facts, projects, capabilities };
    const instances = createInstanceService({ clock: stage.clock });
    return stage.store.decide(instances.heartbeat({ instanceId, worker }));
  };
  const contentOf = async (number = 1) => {
    const file = (await stage.store.attachments(1)).find((one) => one.number === number);
    const found = await stage.files.attachment(file?.file ?? '');
    return found === null ? null : new Response(found.content).text();
  };
  /** At once, or in place of a public "thinking…". */
  const privately = (asked: Invocation) =>
    stage.twin.waitFor(() => asked.followUps[0] ?? (asked.original?.isEphemeral === true && asked.original));
  const nothingQueued = async () => {
    expect((await stage.store.tasks({ statuses: ['pending'], limit: 10 })).tasks).toEqual([]);
    expect(stage.texts()).toEqual([]);
  };

  test('project, capabilities, model and budget reach the task and stand on its card', async () => {
    const card = await alice()
      .slash('task', {
        description: 'Train it',
        project: 'Notes',
        requires: 'gpu, docker GPU',
        model: 'claude-opus-4-5',
        max_cost_usd: 12.5,
        max_tokens: 1_000_000,
        max_turns: 1,
        max_minutes: 30,
      })
      .message();
    for (const said of [
      'Project: notes',
      'Needs: docker, gpu',
      'Model: claude-opus-4-5',
      'Budget: $12.50, 1,000,000 tokens, 1 turn, 30 min',
    ]) {
      expect(card.text).toContain(said);
    }
    expect(await stage.store.task(1)).toMatchObject({
      project: 'notes',
      requires: ['docker', 'gpu'],
      model: 'claude-opus-4-5',
      budget: { costUsd: 12.5, tokens: 1_000_000, turns: 1, minutes: 30 },
    });
  });

  test.each([
    [{ project: '../etc' }, 'A project is a name'],
    [{ requires: 'a b c d e f g h i j k' }, 'at most 10 things'],
    [{ requires: 'gpu!' }, 'in words of a-z'],
    [{ model: 'not a model' }, 'A model is an id without spaces'],
  ])('%j is refused to that person, with the text given back', async (options, said) => {
    const told = await alice()
      .slash('task', { description: 'Train it', ...options })
      .message();
    expect(told.isEphemeral).toBe(true);
    expect(told.text).toContain(said);
    expect(told.text).toContain('Train it');
    await nothingQueued();
  });

  test('projects and capabilities are suggested as workers announce them, until they are gone', async () => {
    await announce('w-1', ['notes', null], ['gpu', 'docker']);
    await announce('w-2', ['notes', 'shop'], ['docker']);
    const ask = async (name: string, typed: string) =>
      (await alice().autocomplete('task', { name, typed }).choices()).map((choice) => choice.name);
    expect(await ask('project', '')).toEqual(['notes (2 workers)', 'shop (1 worker)']);
    expect(await ask('project', 'SH')).toEqual(['shop (1 worker)']);
    expect(await ask('requires', 'g')).toEqual(['gpu']);
    expect(await ask('requires', 'docker, ')).toEqual(['docker, gpu']);
    stage.clock.advance(121_000);
    expect(await ask('project', '')).toEqual([]);
  });

  test('the form offers the projects, and keeps what was chosen beside it', async () => {
    await announce('w-1', ['notes', 'shop'], []);
    const file = { name: 'log.txt', content: 'hello', type: 'text/plain' };
    const form = await alice().slash('task', { project: 'shop', max_cost_usd: 2, file }).modal();
    expect(form.inputs.map(({ customId, value }) => [customId, value])).toEqual([
      ['description', ''],
      ['priority', 'medium'],
      ['project', 'shop'],
    ]);
    const card = await alice().submitModal(form, { description: 'Long text', project: 'notes' }).message();
    expect(card.text).toContain('Project: notes');
    expect(card.text).toContain('Budget: $2.00');
    expect(await stage.store.task(1)).toMatchObject({ project: 'notes', budget: { costUsd: 2 } });
    expect(await contentOf()).toBe('hello');
  });

  test('a form whose file was forgotten by a restart queues nothing, and gives the text back', async () => {
    const said = stage.twin.user('bob').say('See the log', { files: [{ name: 'a.log', content: 'x' }] });
    const form = await alice().messageCommand('Queue as task', said).modal();
    stage = await stage.restart();
    const told = await alice().submitModal(form).message();
    expect(told).toMatchObject({ isEphemeral: true });
    expect(told.text).toContain('Nothing was queued: please begin again.');
    expect(told.text).toContain('See the log');
    expect(await stage.store.task(1)).toBeNull();
  });

  test('a form that was open for too long says so, and not that anything was restarted', async () => {
    const said = stage.twin.user('bob').say('See the log', { files: [{ name: 'a.log', content: 'x' }] });
    const form = await alice().messageCommand('Queue as task', said).modal();
    stage.clock.advance(61 * 60_000);
    const told = await alice().submitModal(form).message();
    expect(told.text).toContain('open for over an hour');
    expect(told.text).toContain('See the log');
    expect(await stage.store.task(1)).toBeNull();
  });

  test('Queue as task of a long message with ten files says what it leaves out', async () => {
    const files = Array.from({ length: 10 }, (_file, at) => ({ name: `${at}.txt`, content: 'x' }));
    const said = stage.twin.user('bob').say('word '.repeat(790), { files });
    said.embeds.push({ title: 'More', description: 'word '.repeat(700) });
    const form = await alice().messageCommand('Queue as task', said).modal();
    expect(form.inputs[0]?.value).toContain('its 10 files leave no room for the rest');
    await alice().submitModal(form).message();
    expect(await stage.store.attachments(1)).toHaveLength(10);
  });

  test('Queue as task takes the files of a message along, in their order', async () => {
    const files = ['a', 'b'].map((name) => ({ name: `${name}.txt`, content: name, type: 'text/plain' }));
    const said = stage.twin.user('bob').say('See these', { files });
    const form = await alice().messageCommand('Queue as task', said).modal();
    await alice().submitModal(form).message();
    expect(await stage.store.attachments(1)).toMatchObject([{ name: 'a.txt' }, { name: 'b.txt' }]);
    expect([await contentOf(1), await contentOf(2)]).toEqual(['a', 'b']);
  });

  test('a file is fetched without our token, and its name is made harmless', async () => {
    const file = { name: '../../etc/passwd', content: 'hello', type: 'text/plain; charset=utf-8' };
    await alice().slash('task', { description: 'Look', file }).message();
    const fetched = stage.twin.requests.filter(({ path }) => path.includes('attachments'));
    expect(fetched).toMatchObject([{ method: 'GET', auth: 'none' }]);
    expect(await stage.store.attachments(1)).toMatchObject([
      { name: 'passwd', type: 'text/plain', bytes: 5, number: 1 },
    ]);
  });

  test.each<[string, TwinFile, string]>([
    [
      'too large',
      { name: 'a.zip', content: 'x', claimedBytes: 11 * 1024 * 1024 },
      'has 11 MiB; a file may have 10 MiB',
    ],
    [
      'larger than it says',
      { name: 'a.zip', content: 'x'.repeat(99), claimedBytes: 9 },
      '99 bytes came in place of 9',
    ],
    ['a program', { name: 'setup.EXE', content: 'MZ' }, 'setup.EXE is a program'],
    ['a program with a dot at its end', { name: 'trail.exe.', content: 'MZ' }, 'is a program'],
    ['a program with a space at its end', { name: 'trail.exe ', content: 'MZ' }, 'is a program'],
    ['a program by its type', { name: 'a', content: 'MZ', type: 'application/x-msdownload' }, 'is a program'],
    [
      'nothing but a lie',
      { name: 'a.bin', content: Buffer.alloc(10 * 1024 * 1024 + 1), claimedBytes: 5 },
      'must not be larger',
    ],
  ])('a file that is %s: nothing is queued, and the text comes back', async (_what, file, said) => {
    const asked = alice().slash('task', { description: 'Look **here**', file });
    const told = await privately(asked);
    expect(told.isEphemeral).toBe(true);
    expect(told.text).toContain(said);
    expect(told.text).toContain('Look **here**');
    await nothingQueued();
  });

  const FILE = { name: 'a.txt', content: 'hello', type: 'text/plain' };
  const CDN = { path: /attachments/ };

  test.each([
    ['gone', { kind: 'status', status: 404 }, 'it is there no more'],
    ['broken', { kind: 'status', status: 500 }, 'Discord answered 500'],
    ['cut off', { kind: 'cut', when: 'after' }, 'the connection broke'],
  ] as const)('a file that is %s: nothing is queued, and a second try works', async (_what, fault, said) => {
    stage.twin.fault(CDN, fault);
    const told = await alice().slash('task', { description: 'Look', file: FILE }).followUp();
    expect(told.isEphemeral).toBe(true);
    expect(told.text).toContain(`a.txt could not be fetched from Discord: ${said}. Nothing was queued`);
    await nothingQueued();
    await alice().slash('task', { description: 'Look', file: FILE }).message();
    expect(await contentOf()).toBe('hello');
  });

  test('a file that is slow is given up after 30 s', async () => {
    const held = stage.twin.fault(CDN, { kind: 'hold', when: 'before' });
    const asked = alice().slash('task', { description: 'Look', file: FILE });
    await stage.twin.waitFor(() => held.held === 1);
    stage.clock.advance(30_000);
    await eventually(() => asked.followUps.length > 0);
    expect(asked.followUps[0]?.text).toContain('it took longer than 30 s');
    held.release();
    await nothingQueued();
  });

  test('a file that leads elsewhere is not followed', async () => {
    const elsewhere = await listening();
    const { port } = elsewhere.server.address() as AddressInfo;
    stage.twin.fault(CDN, {
      kind: 'status',
      status: 302,
      headers: { location: `http://127.0.0.1:${port}/secret` },
    });
    const told = await alice().slash('task', { description: 'Look', file: FILE }).followUp();
    expect(told.text).toContain('it leads elsewhere');
    expect(elsewhere.visits()).toBe(0);
    elsewhere.server.close();
    await nothingQueued();
  });
});

async function listening(): Promise<{ server: Server; visits: () => number }> {
  let visits = 0;
  const server = createServer((_request, response) => {
    visits += 1;
    response.end('secret');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, visits: () => visits };
}
