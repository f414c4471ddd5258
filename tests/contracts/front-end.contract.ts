/**
 * What the relay relies on, whatever the place is. Every front end runs this suite; what its messages look like
 * is its own business and tested beside it.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TransientError } from '../../src/core/errors.ts';
import type { EventDetails, TaskEvent } from '../../src/core/event.ts';
import {
  DeliveryBlocked,
  type Attempt,
  type Delivered,
  type FrontEnd,
  type Store,
} from '../../src/core/ports.ts';
import type { TaskService } from '../../src/core/task-service.ts';
import type { EventAction } from '../../src/core/vocabulary.ts';
import type { ManualClock } from '../support/clock.ts';

/** A front end that is ready, on an empty store, and the strings of its puppets. */
export interface FrontEndWorld {
  readonly frontEnd: FrontEnd;
  readonly store: Store;
  readonly tasks: TaskService;
  readonly clock: ManualClock;
  /** The texts of all messages where notifications go, oldest first, as they stand. */
  shown(): readonly string[];
  /** The next send is carried out, but its answer never arrives. */
  loseNextAnswer(): void;
  /** The place does not answer at all, until `comeBack`. */
  goDown(): Promise<void>;
  comeBack(): Promise<void>;
  takeChannelAway(): void;
  giveChannelBack(): void;
  close(): Promise<void>;
}

/** How many messages each kind of event makes by itself. */
const MESSAGES: Readonly<Record<EventAction, number>> = {
  created: 1,
  edited: 0,
  claimed: 1,
  released: 1,
  completed: 1,
  failed: 1,
  retried: 1,
  expired: 1,
  requeued: 1,
  cancelled: 1,
  priority_changed: 0,
  notes_updated: 0,
  replied: 0,
};
const ACTIONS = Object.keys(MESSAGES) as EventAction[];

export function frontEndContract(name: string, open: () => Promise<FrontEndWorld>): void {
  describe(`${name} keeps the front-end contract`, () => {
    let world: FrontEndWorld;

    beforeEach(async () => {
      world = await open();
    });

    afterEach(async () => {
      await world.close();
    });

    let lastId = 0;

    function eventOf(action: EventAction, details: Partial<EventDetails> = {}): TaskEvent {
      lastId += 1;
      return {
        id: lastId,
        position: String(lastId),
        taskId: 1,
        action,
        actor: 'operator',
        keyId: null,
        instanceId: null,
        timestamp: world.clock.now(),
        details: { title: 'Deploy', ...details },
      };
    }

    function attempt(inDoubtSince: Date | null = null): Attempt & { announced: number } {
      return {
        announced: 0,
        inDoubtSince,
        decided: null,
        announceSend() {
          this.announced += 1;
          return Promise.resolve();
        },
      };
    }

    async function submit() {
      return world.store.decide(world.tasks.submit({ description: 'Deploy' }));
    }

    async function deliver(event: TaskEvent, how: Attempt = attempt()): Promise<Delivered> {
      const task = await world.store.task(event.taskId);
      const { inDoubtSince, decided } = how;
      const delivery = { event, task, cardIsSuperseded: false, inDoubtSince, decided };
      const delivered = await world.frontEnd.deliver({ ...delivery, announceSend: () => how.announceSend() });
      await world.store.memory(world.frontEnd.name).save(delivered);
      return delivered;
    }

    test('it has a name, and is connected once it is ready', async () => {
      await world.frontEnd.ready();
      expect(world.frontEnd.name).toMatch(/^[a-z][a-z0-9-]*$/);
      expect(world.frontEnd.state()).toBe('connected');
    });

    test.each(ACTIONS)('%s is delivered, with the least that an event can say', async (action) => {
      await submit();
      await deliver(eventOf(action));
      expect(world.shown()).toHaveLength(MESSAGES[action]);
    });

    test.each(ACTIONS)('%s of a task that is gone is delivered or passed over', async (action) => {
      await deliver({ ...eventOf(action), taskId: 404 });
    });

    test('a send is announced before it can be seen, and only a send is', async () => {
      await submit();
      const sending = attempt();
      let shownBefore = -1;
      await deliver(eventOf('completed'), {
        inDoubtSince: null,
        decided: null,
        announceSend() {
          shownBefore = world.shown().length;
          return sending.announceSend();
        },
      });
      expect(sending.announced).toBe(1);
      expect(shownBefore).toBe(0);
      const silent = attempt();
      await deliver(eventOf('priority_changed'), silent);
      expect(silent.announced).toBe(0);
    });

    test('an announcement that fails stops the send', async () => {
      await submit();
      const locked = new TransientError('locked', { retryAfterMs: 1 });
      const failing: Attempt = {
        inDoubtSince: null,
        decided: null,
        announceSend: () => Promise.reject(locked),
      };
      await expect(deliver(eventOf('completed'), failing)).rejects.toBe(locked);
      expect(world.shown()).toEqual([]);
    });

    test.each(['created', 'claimed', 'completed'] as const)(
      '%s whose answer is lost is repeated and seen once: at once, and an hour later',
      async (action) => {
        await submit();
        const event = eventOf(action);
        const since = world.clock.now();
        world.loseNextAnswer();
        await expect(deliver(event)).rejects.toThrow(TransientError);
        await deliver(event, attempt(since));
        expect(world.shown()).toHaveLength(1);
        world.clock.advance(3_600_000);
        const later = eventOf(action);
        const laterSince = world.clock.now();
        await world.store.memory(world.frontEnd.name).save({ unlink: [{ taskId: 1, kind: 'card' }] });
        world.loseNextAnswer();
        await expect(deliver(later)).rejects.toThrow(TransientError);
        world.clock.advance(3_600_000);
        await deliver(later, attempt(laterSince));
        expect(world.shown()).toHaveLength(2);
      },
    );

    test('while the place is down deliveries say when to come back; then they succeed', async () => {
      await submit();
      const event = eventOf('completed');
      await world.goDown();
      const error = await deliver(event).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(TransientError);
      expect((error as TransientError).retryAfterMs).toBeGreaterThan(0);
      await world.comeBack();
      await deliver(event, attempt(world.clock.now()));
      expect(world.shown()).toHaveLength(1);
    });

    test('without its channel it says that it is blocked, and why; then it goes on', async () => {
      await submit();
      world.takeChannelAway();
      const error = await deliver(eventOf('completed')).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(DeliveryBlocked);
      expect((error as Error).message.length).toBeGreaterThan(10);
      world.giveChannelBack();
      await deliver(eventOf('completed'));
      expect(world.shown()).toHaveLength(1);
    });

    test('what was missed is one message, also when its answer is lost', async () => {
      await submit();
      const events = [eventOf('claimed'), eventOf('completed'), eventOf('failed')];
      const missed = { since: world.clock.now(), events };
      world.loseNextAnswer();
      await expect(world.frontEnd.summarize({ ...missed, ...attempt() })).rejects.toThrow(TransientError);
      const inDoubtSince = world.clock.now();
      world.clock.advance(3_600_000);
      await world.frontEnd.summarize({ ...missed, ...attempt(inDoubtSince) });
      expect(world.shown()).toHaveLength(1);
    });

    test('once stopped it delivers nothing, and stopping again does no harm', async () => {
      await submit();
      await world.frontEnd.stop();
      await expect(deliver(eventOf('completed'))).rejects.toThrow(TransientError);
      await world.frontEnd.stop();
      expect(world.shown()).toEqual([]);
    });
  });
}
