import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createNotificationRelay,
  type NotificationRelay,
} from '../../../src/background/notification-relay.ts';
import { eventually, headlines, openStage, type Stage } from './stage.ts';

describe('the front end under the real relay', () => {
  let stage: Stage;
  let relay: NotificationRelay;

  beforeEach(async () => {
    stage = await openStage();
    await begin();
  });

  afterEach(async () => {
    await Promise.all([relay.stop(), stage.close()]);
    expect(stage.twin.violations).toEqual([]);
  });

  async function begin() {
    const { store, frontEnd, clock } = stage;
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    relay = createNotificationRelay({ store, frontEnd, clock, logger });
    relay.start();
    await eventually(async () => (await store.memory('discord').value('position')) !== null);
  }

  const channel = () => stage.twin.channel('claude-tasks');
  const delivered = () => eventually(async () => (await relay.status()).undelivered === 0);
  const claim = (id: number) =>
    stage.store.decide(stage.tasks.claim(id, { instanceId: 'mac', instanceName: 'MacBook-Claude' }));

  test('a task travels from Discord to a machine and back', async () => {
    const alice = stage.twin.user('alice');
    const card = await alice.slash('task', { description: 'Deploy the monitoring stack' }).message();
    await claim(1);
    await delivered();
    stage.clock.advance(16 * 60_000);
    await stage.store.decide(stage.tasks.complete(1, {}, 'Done'));
    await delivered();
    expect(headlines(channel().messages)).toEqual([
      '✅ Task Completed',
      '🔄 Task #1 claimed by MacBook-Claude',
      '✅ Task #1 Completed!',
    ]);
    expect(channel().messages[0]).toBe(card);
    expect(stage.twin.pings).toHaveLength(1);
  });

  test('many at once: each has one card, in the channel where it was asked for', async () => {
    const asked = Array.from({ length: 20 }, (_, index) =>
      stage.twin.user(`user-${index}`).slash('task', { description: `Task ${index}` }),
    );
    await Promise.all(asked.map((one) => one.message()));
    await delivered();
    expect(channel().messages).toHaveLength(20);
    for (const message of channel().messages) expect(message.text).toContain('📋 Task Queued');
  });

  test('down, killed and started again: everything is there once, in order', async () => {
    await stage.twin.user('alice').slash('task', { description: 'One' }).message();
    await delivered();
    await stage.twin.beginOutage('bad-gateway');
    await claim(1);
    await stage.store.decide(stage.tasks.complete(1, {}));
    await stage.store.decide(stage.tasks.submit({ description: 'Two' }));
    stage.clock.advance(60_000);
    const stopped = relay.stop();
    const restarted = stage.restart();
    await stopped;
    await stage.twin.endOutage();
    stage = await restarted;
    await begin();
    await eventually(async () => {
      stage.clock.advance(1_000);
      return (await relay.status()).undelivered === 0;
    });
    expect(headlines(channel().messages)).toEqual([
      '✅ Task Completed',
      '🔄 Task #1 claimed by MacBook-Claude',
      '✅ Task #1 Completed!',
      '📋 Task Queued',
    ]);
  });
});
