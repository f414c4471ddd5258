/** What time brings about for runs, over a real store and real files: reminders, and what goes some time after the end. */
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { onTestFinished, expect, it } from 'vitest';
import { createRunKeeper, type RunKeeperDeps } from '../../src/background/run-keeper.ts';
import { TransientError } from '../../src/core/errors.ts';
import type { Clock } from '../../src/core/ports.ts';
import { aFolder } from '../store/world.ts';
import { createHttpWorld } from '../support/http-world.ts';
import { until } from '../support/http-until.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const ROUND = 10 * MINUTE;

async function aWorld(wrap: (store: RunKeeperDeps['store']) => RunKeeperDeps['store'] = (store) => store) {
  const folder = aFolder();
  const world = await createHttpWorld({ path: join(folder, 'tasks.db') });
  const { store, runs, files, clock, logger } = world;
  let rounds = 0;
  const counted = {
    ...files,
    async transcripts() {
      rounds += 1;
      return files.transcripts();
    },
  };
  let scheduled = 0;
  const watched: Clock = {
    ...clock,
    after(delayMs, run) {
      scheduled += 1;
      return clock.after(delayMs, () => {
        scheduled -= 1;
        run();
      });
    },
  };
  const keeper = createRunKeeper({
    store: wrap(store),
    runs,
    files: counted,
    keep: { messagesMs: 30 * DAY, transcriptsMs: 40 * DAY },
    clock: watched,
    logger,
  });
  keeper.start();
  onTestFinished(async () => {
    await keeper.stop();
    await store.close();
  });

  /** Both loops wait for their next step. */
  const idle = () => until(() => scheduled === 2, 'the end of a step');
  /** Until everything that time has made due is done. */
  async function pass(ms: number): Promise<void> {
    const before = rounds;
    clock.advance(ms);
    await idle();
    // Each step of a round is a little later than the one before.
    while (rounds === before) {
      clock.advance(100);
      await idle();
    }
  }

  /** A task that a worker has begun, said this much about and, if so, ended. */
  async function task({ says = 1, ends = true, transcript = true } = {}) {
    const { id } = await world.api.add();
    const { lease } = await world.api.claim(id, 'w-1', { session: 's' });
    const { lease_id } = lease;
    for (let first = 1; first <= says; first += 100) {
      const messages = Array.from({ length: Math.min(100, says - first + 1) }, () => ({
        kind: 'text',
        text: 'x',
      }));
      await world.send('POST', `/api/tasks/${id}/messages`, { body: { lease_id, first, messages } });
    }
    const content = new Blob([gzipSync('{}\n')]).stream();
    if (transcript) await files.putTranscript({ taskId: id, content, mayReplace: () => Promise.resolve() });
    if (ends) await world.send('POST', `/api/tasks/${id}/complete`, { body: { lease_id } });
    return { id, lease_id };
  }

  const messagesOf = async (id: number) => (await store.messages(id, 0, 500)).messages.length;
  const filesIn = (what: string) => {
    const place = join(folder, 'tasks.db-files', what);
    return existsSync(place) ? readdirSync(place) : [];
  };
  /** Files have the time of the machine; these have the time of the test. */
  const age = (what: string, name: string, ms: number) => {
    const at = new Date(clock.now().getTime() - ms);
    utimesSync(join(folder, 'tasks.db-files', what, name), at, at);
  };
  return { ...world, folder, pass, idle, task, messagesOf, filesIn, age };
}

it('reminds of a question that stays open, once', async () => {
  const world = await aWorld();
  const { id, lease_id } = await world.task({ says: 0, ends: false });
  const ask = (key: string) =>
    world.send('POST', `/api/tasks/${id}/questions`, {
      body: { lease_id, key, kind: 'text', title: `${key}?`, detail: '' },
    });
  await ask('first');
  await ask('second');
  await world.send('POST', '/api/questions/2/answer', { body: { text: 'yes' } });
  await world.pass(59 * MINUTE);
  expect(await world.messagesOf(id)).toBe(2);
  for (let rounds = 0; rounds < 2; rounds += 1) await world.pass(ROUND);
  const { messages } = await world.store.messages(id, 0, 9);
  expect(messages.slice(2).map(({ kind, text, run }) => [kind, text, run])).toEqual([
    ['question', 'Still waiting for an answer: first?', null],
  ]);
  for (let hours = 0; hours < 3; hours += 1) await world.pass(60 * MINUTE);
  expect(await world.messagesOf(id)).toBe(3);
});

it('drops messages thirty days after the end of their task, and no others', async () => {
  const world = await aWorld();
  const [old, open] = [await world.task({ says: 250 }), await world.task({ says: 3, ends: false })];
  world.clock.advance(DAY);
  const young = await world.task({ says: 3 });
  await world.pass(29 * DAY - ROUND);
  expect(await world.messagesOf(old.id)).toBe(251);
  for (let rounds = 0; rounds < 2; rounds += 1) await world.pass(ROUND);
  expect(await Promise.all([old, open, young].map(({ id }) => world.messagesOf(id)))).toEqual([0, 3, 4]);
  for (const ms of [DAY, ROUND]) await world.pass(ms);
  expect(await Promise.all([open, young].map(({ id }) => world.messagesOf(id)))).toEqual([3, 0]);
  expect((await world.store.messages(old.id, 0, 9)).truncated).toBe(true);
});

it('drops a hundred messages at a time', async () => {
  const world = await aWorld();
  const { id } = await world.task({ says: 450 });
  const left: Promise<number>[] = [];
  world.store.onCommit(() => left.push(world.messagesOf(id)));
  await world.pass(31 * DAY);
  const seen = await Promise.all(left);
  expect(Math.max(...seen.map((count, index) => (seen[index - 1] ?? 451) - count))).toBe(100);
  expect(seen.at(-1)).toBe(0);
});

it('drops transcripts forty days after the end, and those of tasks that are gone', async () => {
  const world = await aWorld();
  const [old, open] = [await world.task(), await world.task({ ends: false })];
  world.clock.advance(20 * DAY);
  const young = await world.task();
  const content = new Blob([gzipSync('{}\n')]).stream();
  await world.files.putTranscript({ taskId: 99, content, mayReplace: () => Promise.resolve() });
  await world.pass(ROUND);
  expect(await world.files.transcripts()).toEqual(expect.arrayContaining([old.id, open.id, young.id]));
  expect(await world.files.transcripts()).not.toContain(99);
  await world.pass(20 * DAY);
  expect([...(await world.files.transcripts())].sort()).toEqual([open.id, young.id]);
});

it('drops files that were stored for a task which was never submitted, after an hour', async () => {
  const world = await aWorld();
  const keep = (name: string) => world.files.keep({ name, type: null, content: new Blob([name]).stream() });
  const [used, lost, fresh] = [await keep('used'), await keep('lost'), await keep('fresh')];
  await world.store.decide(world.tasks.submit({ description: 'x', attachments: [used] }));
  world.age('attachments', used.file, DAY);
  world.age('attachments', lost.file, 60 * MINUTE);
  world.age('attachments', fresh.file, 0);
  await world.pass(ROUND);
  expect(world.filesIn('attachments').sort()).toEqual([used.file, fresh.file].sort());
});

it('drops the files that came with a task forty days after its end', async () => {
  const world = await aWorld();
  const submit = async (name: string) => {
    const file = await world.files.keep({ name, type: null, content: new Blob([name]).stream() });
    const work = world.tasks.submit({ description: name, attachments: [file] });
    return { id: (await world.store.decide(work)).id, file: file.file };
  };
  const [old, open, again] = [await submit('old'), await submit('open'), await submit('again')];
  for (const { id } of [old, again]) await world.store.decide(world.tasks.cancel(id, {}));
  await world.pass(39 * DAY);
  expect(world.filesIn('attachments')).toHaveLength(3);
  await world.store.decide(world.tasks.requeue(again.id, {}));
  await world.pass(2 * DAY);
  expect(world.filesIn('attachments').sort()).toEqual([open.file, again.file].sort());
  await world.store.decide(world.tasks.requeue(old.id, {}));
  const told = await world.send('GET', `/api/tasks/${old.id}/attachment`);
  expect([told.status, told.text]).toEqual([404, expect.stringContaining('Attachment 1 of task #1 is gone')]);
  expect(await world.store.attachments(old.id)).toHaveLength(1);
});

it('looks at two hundred files in one step', async () => {
  const world = await aWorld();
  const content = new Blob([gzipSync('{}\n')]);
  const putOne = (taskId: number) =>
    world.files.putTranscript({ taskId, content: content.stream(), mayReplace: () => Promise.resolve() });
  for (let taskId = 1; taskId <= 450; taskId += 1) await putOne(taskId);
  const left: number[] = [];
  await world.pass(ROUND);
  while (world.filesIn('transcripts').length > 0) {
    left.push(world.filesIn('transcripts').length);
    world.clock.advance(100);
    await world.idle();
  }
  expect(left).toEqual([250, 50]);
});

it('clears what an interrupted write left when it starts, and no write that goes on later', async () => {
  const world = await aWorld();
  const { id } = await world.task();
  const part = (name: string) => {
    writeFileSync(join(world.folder, 'tasks.db-files', 'transcripts', name), 'half');
  };
  part('before.part');
  await world.pass(100);
  expect(world.filesIn('transcripts')).toEqual([`${id}.jsonl.gz`]);
  part('running.part');
  await world.pass(ROUND);
  expect(world.filesIn('transcripts')).toContain('running.part');
});

it('goes on after a failure, and only a bug is an error', async () => {
  const failures: Error[] = [new TransientError('Locked.', { retryAfterMs: 1000 }), new Error('a bug')];
  const world = await aWorld((store) => ({
    ...store,
    dropMessages(step) {
      const failure = failures.shift();
      return failure === undefined ? store.dropMessages(step) : Promise.reject(failure);
    },
  }));
  const { id } = await world.task();
  await world.pass(31 * DAY);
  expect(await world.messagesOf(id)).toBe(0);
  expect(failures).toEqual([]);
  expect(world.logger.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
});
