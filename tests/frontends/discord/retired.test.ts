/** What people meet of a task that was retired: its old messages, and nothing else. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStage, type Stage } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(async () => {
  await stage.close();
  expect(stage.twin.violations).toEqual([]);
  expect(stage.twin.unknownRoutes).toEqual([]);
});

const alice = () => stage.twin.user('alice');

async function retired() {
  const card = await alice().slash('task', { description: 'Deploy the monitoring stack' }).message();
  await stage.relay.run();
  await stage.store.decide(stage.tasks.cancel(1, {}));
  await stage.relay.run();
  stage.clock.advance(1000);
  const which = { endedBefore: stage.clock.now(), deliveredUpTo: null, limit: 10 };
  expect(await stage.store.retire(await stage.store.retirable(which))).toMatchObject({ done: true });
  return card;
}

test.each(['raise:1', 'cancel:1', 'requeue:1'])('its button %s says that it is gone', async (button) => {
  const card = await retired();
  const pressed = alice().clickButton(card, button, { evenIfGone: true });
  expect((await pressed.followUp()).content).toContain('There is no task #1 any more.');
  expect(stage.log.filter(({ level }) => level === 'error')).toEqual([]);
});

test('neither lists nor suggestions know it, and its number is not given again', async () => {
  await retired();
  expect((await alice().slash('done').message()).text).toContain('Nothing has ended yet.');
  expect((await alice().slash('cancel', { task_id: '1' }).message()).content).toContain(
    'There is no task #1.',
  );
  expect(await alice().autocomplete('cancel', { name: 'task_id', typed: 'deploy' }).choices()).toEqual([]);
  expect((await alice().slash('task', { description: 'next' }).message()).text).toContain('#2');
  await stage.relay.run();
  expect(stage.log.filter(({ level }) => level === 'error')).toEqual([]);
});
