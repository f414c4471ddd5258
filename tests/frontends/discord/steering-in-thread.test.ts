/** A task seen from its thread alone, as on a phone: its question, what is said to it, its end, and how it goes on. */
import { afterEach, expect, test } from 'vitest';
import { ask, report } from '../../contracts/run-world.ts';
import type { TwinMessage } from '../../support/discord-twin/index.ts';
import { eventually } from './stage.ts';
import { openThreadStage, type ThreadStage } from './thread-stage.ts';

let on: ThreadStage;

afterEach(async () => {
  await on.close();
  expect(on.stage.twin.violations).toEqual([]);
  expect(on.stage.twin.unknownRoutes).toEqual([]);
});

const open = async () => {
  on = await openThreadStage({
    config: { threadReplies: true, manageRoles: ['ops'] },
    twin: { allowedIntents: ['messageContent'] },
  });
};
const alice = () => on.stage.twin.user('alice');
const withButton = async (label: string): Promise<TwinMessage> => {
  const found = (await on.thread(1)).filter(({ controls }) => controls.some((one) => one.label === label));
  expect(found, label).toHaveLength(1);
  return found[0]!;
};
const texts = async () => (await on.thread(1)).map(({ text }) => text).join('\n');

test('a question is answered there, words are heard there, and the task goes on from its end', async () => {
  await open();
  const of = await on.run();
  await on.report(of, ['I look at it.']);
  await ask(on.world, of, { rule: 'Bash(npm test)' });
  await on.settle(1);

  const card = await withButton('Allow for this task');
  const pings = on.stage.twin.pings.length;
  await on.stage.twin.user('bob').clickButton(card, 'Deny').followUp();
  await alice().clickButton(card, 'Allow for this task').answer();
  await eventually(async () => (await on.stage.store.question(1))?.status === 'answered');
  await on.settle(1);
  expect(card.controls).toEqual([]);
  expect(card.text).toContain('Answered by @alice: Allow for this task');
  expect(on.stage.twin.pings).toHaveLength(pings);

  const threadId = (await on.stage.store.threads('discord').position(1))?.threadId ?? '';
  await on.submit('Another one');
  const place = { channel: threadId };
  const first = await alice().autocomplete('reply', { name: 'task_id', typed: '' }, place).choices();
  expect(first.map(({ value }) => value)).toEqual(['1', '2']);
  const said = alice().say('Use Postgres, please', { channel: threadId });
  expect(await on.stage.twin.waitFor(() => said.reactions[0])).toBe('👀');

  await on.world.run(
    on.world.tasks.complete(1, { leaseId: of.leaseId }, { report: report({ lastReply: 1 }) }),
  );
  await on.settle(1);
  const end = await withButton('Follow up');
  const form = await alice().clickButton(end, 'Follow up').modal();
  expect((await alice().submitModal(form, { text: 'And the docs' }).message()).text).toContain(
    'goes on with it',
  );
  await on.settle(1);
  // What was said elsewhere is shown, and what was said there not again.
  expect((await on.thread(1)).filter(({ text }) => text.includes('replied')).map(({ text }) => text)).toEqual(
    ['💬 @alice replied: And the docs'],
  );
  expect(await on.stage.store.task(1)).toMatchObject({ status: 'pending' });
  await on.stage.relay.run();
  const lines = on.stage.twin.channel('claude-tasks').botMessages.map(({ content }) => content);
  expect(lines.at(-1)).toBe(`💬 Task #1 goes on with a follow-up by ${alice().mention}`);
  expect((await on.stage.store.replies(1, 0)).map(({ authorName, text }) => [authorName, text])).toEqual([
    ['@alice', 'Use Postgres, please'],
    ['@alice', 'And the docs'],
  ]);
});

test('a run that is stopped there ends for everybody, and a second press is told so', async () => {
  await open();
  const of = await on.run();
  await on.report(of, [{ kind: 'tool', text: 'Bash: sleep 600' }]);
  await on.settle(1);
  const progress = await withButton('Stop');
  const [first, second] = [alice().clickButton(progress, 'Stop'), alice().clickButton(progress, 'Stop')];
  const told = [await first.followUp(), await second.followUp()].map(({ text }) => text).sort();
  expect(told[0]).toContain('Task #1 is cancelled and cannot be cancelled');
  expect(told[1]).toContain('🚫 Task #1 is stopped');
  await on.settle(1);
  expect(await texts()).toContain('Cancelled');
  expect(progress.controls).toEqual([]);
});

test('after a restart the buttons and forms of a thread that sleeps work all the same', async () => {
  await open();
  const of = await on.run();
  await on.report(of, ['Hello.']);
  await on.world.run(on.world.tasks.complete(1, { leaseId: of.leaseId }, { report: report() }));
  await on.settle(1);
  const end = await withButton('Follow up');
  on.stage.twin.channel(end.channelId).archive();
  await on.restart();
  const form = await alice().clickButton(end, 'Follow up').modal();
  const answer = await alice().submitModal(form, { text: 'And the docs' }).message();
  expect(answer.text).toContain('goes on with it');
});
