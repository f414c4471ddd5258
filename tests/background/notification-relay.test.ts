import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNotificationRelay, type NotificationRelay } from '../../src/background/notification-relay.ts';
import { TransientError } from '../../src/core/errors.ts';
import { DeliveryBlocked, type FrontEndMemory, type Store } from '../../src/core/ports.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';
import { turns, until } from '../support/http-until.ts';
import { fakeFrontEnd, type FakeFrontEnd } from './fake-front-end.ts';

let world: HttpWorld;
let fake: FakeFrontEnd;
let relays: NotificationRelay[];
beforeEach(async () => {
  world = await createHttpWorld();
  fake = fakeFrontEnd();
  relays = [];
});
afterEach(async () => {
  for (const relay of relays) await relay.stop();
  await world.store.close();
});

/** A relay on the same store; the front end before it is forgotten, as by a kill. */
function newRelay(front = fake, store: Store = world.store): NotificationRelay {
  const { clock, logger } = world;
  const relay = createNotificationRelay({ store, frontEnd: front.frontEnd, clock, logger });
  relays.push(relay);
  return relay;
}

async function started(front = fake, store?: Store): Promise<NotificationRelay> {
  const relay = newRelay(front, store);
  relay.start();
  await turns();
  return relay;
}

const shown = (count: number, front = fake) =>
  until(() => front.shown.length === count, `${count} deliveries`);
const pass = async (ms: number) => {
  world.clock.advance(ms);
  await turns();
};
const never = () => new Promise<never>(() => undefined);
const messages = () => world.logger.lines.map(({ message }) => message);

/** Everything up to now counts as delivered, by a front end of the same name. */
async function switchedOnEarlier() {
  const relay = await started(fakeFrontEnd());
  await relay.stop();
}

describe('order and position', () => {
  it('each event is shown once, in order, also when the relay is started again', async () => {
    const relay = await started();
    await Promise.all([world.api.held(), world.api.held(), world.api.add()]);
    await shown(5);
    await relay.stop();
    await world.api.add();
    await started();
    await shown(6);
    await turns();
    expect(fake.positions()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(fake.shown.every(({ inDoubtSince }) => inDoubtSince === null)).toBe(true);
  });

  it('more events than one page are all shown', async () => {
    await switchedOnEarlier();
    for (let n = 0; n < 120; n += 1) await world.api.add();
    await started();
    await shown(120);
    expect(fake.positions()).toEqual(Array.from({ length: 120 }, (_, n) => n + 1));
  });

  it('a later event of the same task that waits already is told', async () => {
    await switchedOnEarlier();
    const { id } = await world.api.held();
    await world.send('POST', `/api/tasks/${id}/complete`);
    await world.api.add();
    await started();
    await shown(4);
    expect(fake.shown.map(({ cardIsSuperseded }) => cardIsSuperseded)).toEqual([true, true, false, false]);
  });

  it('an event that comes while one is being shown is not missed', async () => {
    await started();
    let more: Promise<unknown> = Promise.resolve();
    fake.on.deliver = async () => {
      fake.on.deliver = () => Promise.resolve();
      more = world.api.add();
      await more;
    };
    await world.api.add();
    await shown(2);
    await more;
  });

  it('what a delivery leaves behind is saved together with the position', async () => {
    await started();
    const link = { taskId: 1, kind: 'card', channelId: 'c', messageId: 'm' };
    fake.on.sent = () => Promise.resolve({ links: [link], values: { last_message: 'm' } });
    await world.api.add();
    await shown(1);
    await turns();
    const memory = world.store.memory('fake');
    expect(await memory.link(1, 'card')).toEqual({ channelId: 'c', messageId: 'm' });
    expect([await memory.value('last_message'), await memory.value('position')]).toEqual(['m', '1']);
  });
});

describe('the first switch-on', () => {
  it('begins at the newest event', async () => {
    await world.api.held();
    await started();
    await world.api.add();
    await shown(1);
    expect(fake.positions()).toEqual([3]);
  });

  it('begins when it is switched on, not when the front end lets us in at last', async () => {
    await world.api.add();
    let letIn: () => void = () => undefined;
    fake.readyWhen(new Promise((resolve) => (letIn = resolve)));
    const relay = await started();
    await world.api.add();
    expect(await relay.status()).toMatchObject({ undelivered: 1 });
    letIn();
    await shown(1);
    expect(fake.positions()).toEqual([2]);
  });

  it('waits for a database that is locked', async () => {
    let locked = true;
    const memory = (name: string): FrontEndMemory => ({
      ...world.store.memory(name),
      save: (remembered) =>
        locked
          ? Promise.reject(new TransientError('Locked.', { retryAfterMs: 1000 }))
          : world.store.memory(name).save(remembered),
    });
    await started(fake, { ...world.store, memory });
    locked = false;
    await pass(1000);
    await world.api.add();
    await shown(1);
  });
});

it('a position beyond the newest event is set to the newest, and the log says so', async () => {
  await world.api.add();
  await world.store.memory('fake').save({ values: { position: '99' } });
  await started();
  expect(await world.store.memory('fake').value('position')).toBe('1');
  expect(messages().some((message) => message.includes('beyond the newest event'))).toBe(true);
  await world.api.add();
  await shown(1);
  expect(fake.positions()).toEqual([2]);
});

describe('a kill', () => {
  it('between announcing and remembering leaves the send in doubt, since its first try', async () => {
    await started();
    fake.on.sent = never;
    await world.api.add();
    await shown(1);
    const since = world.clock.now();
    world.clock.advance(60_000);

    for (const last of [false, true]) {
      const next = fakeFrontEnd();
      if (!last) next.on.sent = never;
      await started(next);
      await shown(1, next);
      expect(next.shown[0]).toMatchObject({ position: '1', inDoubtSince: since });
    }
    await turns();
    await world.api.add();
    const after = fakeFrontEnd();
    await started(after);
    relays = relays.slice(-1);
  });

  it('before announcing leaves no doubt', async () => {
    await started();
    fake.on.deliver = never;
    await world.api.add();
    await until(() => fake.tries() === 1);
    const next = fakeFrontEnd();
    await started(next);
    await shown(1, next);
    expect(next.shown[0]?.inDoubtSince).toBeNull();
    relays = relays.slice(-1);
  });

  it('in a delivery of several messages leaves it in doubt since the first of them', async () => {
    await started();
    fake.on.sent = async (delivery) => {
      world.clock.advance(90_000);
      await delivery.announceSend();
      return never();
    };
    const since = world.clock.now();
    await world.api.add();
    await shown(1);
    await turns();
    const next = fakeFrontEnd();
    await started(next);
    await shown(1, next);
    expect(next.shown[0]?.inDoubtSince).toEqual(since);
    relays = relays.slice(-1);
  });
});

describe('what passes', () => {
  const transient = (retryAfterMs: number) => new TransientError('Not now.', { retryAfterMs });

  it('is tried again after the time that was asked for, and keeps the order', async () => {
    await started();
    fake.on.deliver = () => Promise.reject(transient(3000));
    await world.api.add();
    await world.api.add();
    await until(() => fake.tries() === 1);
    await pass(2999);
    expect(fake.tries()).toBe(1);
    fake.on.deliver = () => Promise.resolve();
    await pass(1);
    await shown(2);
    expect(fake.positions()).toEqual([1, 2]);
  });

  it('and does not pass is tried less and less often, but at least once a minute', async () => {
    await started();
    fake.on.deliver = () => Promise.reject(transient(1000));
    await world.api.add();
    for (let second = 0; second < 600; second += 1) {
      world.clock.advance(1000);
      await turns(4);
    }
    expect(fake.tries()).toBeGreaterThan(10);
    expect(fake.tries()).toBeLessThan(30);
    expect(fake.shown).toEqual([]);
  });

  it('asked for a longer time is not tried before', async () => {
    await started();
    fake.on.deliver = () => Promise.reject(transient(600_000));
    await world.api.add();
    await until(() => fake.tries() === 1);
    await pass(599_000);
    expect(fake.tries()).toBe(1);
    await pass(1000);
    await until(() => fake.tries() === 2);
  });

  it('on remembering is waited for, and nothing is sent again', async () => {
    let refusals = 3;
    const memory = (name: string): FrontEndMemory => {
      const real = world.store.memory(name);
      return {
        ...real,
        save: (remembered) =>
          remembered.values?.position === '1' && refusals-- > 0
            ? Promise.reject(transient(1000))
            : real.save(remembered),
      };
    };
    await started(fake, { ...world.store, memory });
    await world.api.add();
    await shown(1);
    for (let n = 0; n < 4; n += 1) await pass(1000);
    await world.api.add();
    await shown(2);
    await turns();
    expect(fake.positions()).toEqual([1, 2]);
    expect(await world.store.memory('fake').value('sending')).toBeNull();
  });
});

describe('a blocked channel', () => {
  it('is tried at most once a minute, named by the status, and delivery goes on where it was', async () => {
    const relay = await started();
    fake.on.deliver = () => Promise.reject(new DeliveryBlocked('#claude-tasks is missing.'));
    await world.api.add();
    await until(() => fake.tries() === 1);
    for (let n = 1; n <= 3; n += 1) {
      await pass(59_999);
      await world.api.add();
      await turns();
      expect(fake.tries()).toBe(n);
      await pass(1);
      await until(() => fake.tries() === n + 1);
    }
    await turns();
    expect(await relay.status()).toEqual({
      undelivered: 4,
      oldestSeconds: 180,
      blocked: '#claude-tasks is missing.',
    });
    expect(messages().filter((message) => message === 'delivery is blocked')).toHaveLength(1);

    fake.on.deliver = () => Promise.resolve();
    await pass(60_000);
    await shown(4);
    await turns();
    expect(fake.positions()).toEqual([1, 2, 3, 4]);
    expect(await relay.status()).toEqual({ undelivered: 0, oldestSeconds: null, blocked: null });
    expect(messages()).toContain('delivery goes on');
  });

  it('does not hold up the stop', async () => {
    const relay = await started();
    fake.on.deliver = () => Promise.reject(new DeliveryBlocked('Gone.'));
    await world.api.add();
    await until(() => fake.tries() === 1);
    await relay.stop();
    await pass(120_000);
    expect(fake.tries()).toBe(1);
  });
});

describe('what can never succeed', () => {
  it('is skipped with a log line after a few tries, and the next event is shown', async () => {
    await started();
    fake.on.deliver = ({ event }) =>
      event.position === '1' ? Promise.reject(new Error('a bug')) : Promise.resolve();
    await world.api.add();
    await world.api.add();
    for (let second = 0; second < 200 && fake.shown.length === 0; second += 1) await pass(1000);
    expect(fake.positions()).toEqual([2]);
    expect(fake.tries()).toBe(6);
    const line = world.logger.lines.find(({ message }) => message.includes('is skipped'));
    expect(line).toMatchObject({ level: 'error', details: { event: 1, task: 1 } });
  });

  it('a refused front end leaves everything else alone, and says so once', async () => {
    fake.readyWhen(Promise.reject(new Error('Discord refused the token.')));
    const relay = await started();
    await world.api.add();
    await turns();
    expect(fake.tries()).toBe(0);
    expect(await relay.status()).toMatchObject({ blocked: 'Discord refused the token.', undelivered: 1 });
    expect(messages().filter((message) => message.includes('until the next start'))).toHaveLength(1);
  });

  it('a front end that never becomes ready does not hold up the stop, nor is that an error', async () => {
    fake.readyWhen(new Promise(() => undefined));
    const relay = await started();
    await relay.stop();
    expect(world.logger.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('after more than a day away', () => {
  const DAY = 24 * 60 * 60_000;

  it('one message sums up what was missed, and later events are shown one by one', async () => {
    await switchedOnEarlier();
    const since = world.clock.now();
    for (let n = 0; n < 70; n += 1) await world.api.add();
    world.clock.advance(DAY + 1);
    await world.api.add();
    await started();
    await until(() => fake.summaries.length === 1);
    await world.api.add();
    await shown(1);
    expect(fake.summaries).toEqual([{ events: 71, since, inDoubtSince: null }]);
    expect(fake.positions()).toEqual([72]);
  });

  it('exactly a day is not more', async () => {
    await switchedOnEarlier();
    await world.api.add();
    world.clock.advance(DAY);
    await started();
    await shown(1);
    expect(fake.summaries).toEqual([]);
  });

  it('a summary in doubt is repeated over the same events', async () => {
    await switchedOnEarlier();
    await world.api.held();
    world.clock.advance(DAY + 1);
    fake.on.summarize = never;
    await started();
    await until(() => fake.summaries.length === 1);
    const since = world.clock.now();
    await world.api.add();
    const next = fakeFrontEnd();
    await started(next);
    await shown(1, next);
    expect(next.summaries).toMatchObject([{ events: 2, inDoubtSince: since }]);
    expect(next.positions()).toEqual([3]);
    relays = relays.slice(-1);
  });

  it('an event that may have been shown already is settled by itself, then the rest is summed up', async () => {
    await switchedOnEarlier();
    const first = await started();
    fake.on.sent = never;
    await world.api.add();
    await shown(1);
    await world.api.add();
    const since = world.clock.now();
    world.clock.advance(DAY + 1);
    const next = fakeFrontEnd();
    await started(next);
    await until(() => next.summaries.length === 1);
    expect(next.shown).toMatchObject([{ position: '1', inDoubtSince: since }]);
    expect(next.summaries).toMatchObject([{ events: 1, inDoubtSince: null }]);
    relays = relays.filter((relay) => relay !== first);
  });

  it('a summary that can never be sent is skipped as one', async () => {
    await switchedOnEarlier();
    for (let n = 0; n < 10; n += 1) await world.api.add();
    world.clock.advance(DAY + 1);
    fake.on.summarize = () => Promise.reject(new Error('a bug'));
    const relay = await started();
    for (let second = 0; second < 200 && (await relay.status()).undelivered > 0; second += 1)
      await pass(1000);
    expect(fake.tries()).toBe(5);
    expect((await relay.status()).undelivered).toBe(0);
  });
});
