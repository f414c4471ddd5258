import { afterEach, expect, test } from 'vitest';
import { ask, begin, loseAll, type Running } from '../../contracts/run-world.ts';
import { eventually } from './stage.ts';
import { openThreadStage, type ThreadStage } from './thread-stage.ts';

let on: ThreadStage;

afterEach(async () => {
  await on.close();
  expect(on.stage.twin.violations).toEqual([]);
});

const person = (name: string) => on.stage.twin.user(name);
const card = () => on.stage.twin.channel('claude-tasks').messages[0]!;
const statusOf = async (id: number) => (await on.world.store.task(id))?.status;

async function inForum(): Promise<Running> {
  on = await openThreadStage({
    config: { taskForum: 'jobs' },
    beforeStart: (twin) => void twin.guild.addChannel('jobs', 'forum'),
  });
  const of = await on.run();
  await ask(on.world, of);
  await on.settle(of.id);
  return of;
}

test('in a forum that was renamed, buttons and commands go on working in its posts', async () => {
  const of = await inForum();
  on.stage.twin.channel('jobs').rename('work');
  const [first, run, question] = await on.thread(of.id);
  const place = { channel: String(first?.channelId) };
  expect((await person('alice').slash('reply', { task_id: '1', text: 'x' }, place).message()).text).toContain(
    '💬',
  );
  expect((await person('alice').slash('status', {}, place).message()).text).toContain('📊 Status');
  const post = on.stage.twin.channel('work').startThread('another', person('alice').id);
  const elsewhere = await person('alice').slash('status', {}, { channel: post.id }).message();
  expect(elsewhere.text).toContain('Athena works in');
  person('alice').clickButton(question!, 'Allow once');
  await eventually(async () => (await on.world.store.question(1))?.status === 'answered');
  const stopped = await person('alice').clickButton(run!, 'Stop').followUp();
  expect(stopped.text).toContain('🚫 Task #1 is stopped');
});

test('a reply is taken in every channel of the server, and its answer is private', async () => {
  on = await openThreadStage();
  await on.run();
  const told = await person('alice')
    .slash('reply', { task_id: '1', text: 'x' }, { channel: 'general' })
    .message();
  expect(told.text).toContain('💬 The run of task #1 hears it');
  expect(told.isEphemeral).toBe(true);
});

test("the card's own buttons and /cancel stop nobody else's run", async () => {
  on = await openThreadStage();
  const of = await on.run();
  await on.stage.relay.run();
  const refused = [
    await person('mallory').clickButton(card(), 'Cancel').followUp(),
    await person('mallory').slash('cancel', { task_id: '1' }).message(),
  ];
  for (const { text } of refused) {
    expect(text).toContain('a worker has begun it');
    expect(text).toContain('That is for whoever queued the task, and for the owner of this server.');
  }
  expect(await statusOf(of.id)).toBe('in_progress');
  await person('alice').clickButton(card(), 'Cancel').answer();
  await eventually(async () => (await statusOf(of.id)) === 'cancelled');
  await on.stage.relay.run();
  const again = await person('mallory').clickButton(card(), 'Requeue').followUp();
  expect(again.text).toContain('a worker has begun it');
  expect(await statusOf(of.id)).toBe('cancelled');
  await person('alice').clickButton(card(), 'Requeue').followUp();
  expect(await statusOf(of.id)).toBe('pending');
});

test('what waits between two runs is cancelled as any task that waits', async () => {
  on = await openThreadStage();
  const of = await on.run();
  await loseAll(on.world);
  await person('bob')
    .slash('cancel', { task_id: String(of.id) })
    .message();
  expect(await statusOf(of.id)).toBe('cancelled');
});

test('what no worker has run is for everybody where no role is set', async () => {
  on = await openThreadStage();
  const id = await on.submit();
  await on.world.run(on.world.tasks.claim(id, { instanceId: 'laptop' }));
  await on.stage.relay.run();
  await person('bob').clickButton(card(), 'Cancel').answer();
  await eventually(async () => (await statusOf(id)) === 'cancelled');
  await on.stage.relay.run();
  await person('bob').clickButton(card(), 'Requeue').followUp();
  expect(await statusOf(id)).toBe('pending');
});

test('the managing role stops the run of somebody else', async () => {
  on = await openThreadStage({ config: { manageRoles: ['ops'] } });
  const id = await on.submit();
  await begin(on.world, id);
  await on.stage.relay.run();
  const oleg = on.stage.twin.user('oleg', { roles: ['ops'] });
  await oleg.clickButton(card(), 'Cancel').answer();
  await eventually(async () => (await statusOf(id)) === 'cancelled');
});
