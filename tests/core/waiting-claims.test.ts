/** Claims that wait: who is woken, when, and that nobody waits for ever. */
import { describe, expect, it } from 'vitest';
import { ANY, waitingWorld } from './waiting-world.ts';

describe('a claim that waits', () => {
  it('is not parked when there is something, or when it will not wait', async () => {
    const world = waitingWorld();
    world.add('a');
    expect(await world.claim('one', 5000).answer).toBe('a');
    expect(await world.claim('two', 0).answer).toBeNull();
    expect(world.waiting.count()).toBe(0);
  });

  it('is answered at once by a task that arrives', async () => {
    const world = waitingWorld();
    const one = world.claim('one', 5000);
    await world.turn();
    expect(world.waiting.count()).toBe(1);
    world.arrive('a');
    expect(await one.answer).toBe('a');
    expect(world.clock.monotonicMs()).toBe(0);
    expect(world.waiting.count()).toBe(0);
  });

  it('wakes one claimant per task, first come first served', async () => {
    const world = waitingWorld();
    const waiters = ['one', 'two', 'three'].map((name) => world.claim(name, 5000));
    await world.turn();
    const before = world.attempts.length;
    world.arrive('a');
    await world.turn();
    expect(world.attempts.slice(before)).toEqual(['one']);
    world.arrive('b', 'c');
    expect(await Promise.all(waiters.map((waiter) => waiter.answer))).toEqual(['a', 'b', 'c']);
    expect(world.attempts.slice(before)).toEqual(['one', 'two', 'three']);
  });

  it('is woken for its own lane or the common one, and for no other', async () => {
    const world = waitingWorld();
    const nas = world.claim('nas', 5000);
    const mac = world.claim('mac', 5000);
    await world.turn();
    const before = world.attempts.length;
    world.arriveIn('to:mac', 'for mac');
    expect(await mac.answer).toBe('for mac');
    expect(world.attempts.slice(before)).toEqual(['mac']);
    world.arriveIn('to:other', 'for another');
    await world.turn();
    expect(world.waiting.count()).toBe(1);
    world.arrive('a');
    expect(await nas.answer).toBe('a');
  });

  it('is woken for what it may take, whoever came before it', async () => {
    const world = waitingWorld();
    world.claim('people', 60_000);
    const notes = world.claim('notes', 60_000, { projects: ['notes'] });
    const gpu = world.claim('gpu', 60_000, { projects: ['notes', null], capabilities: ['gpu'] });
    await world.turn();
    const before = world.attempts.length;
    world.arriveIn('in:notes;gpu', 'for the gpu');
    expect(await gpu.answer).toBe('for the gpu');
    world.arriveIn('in:notes;', 'for notes');
    expect(await notes.answer).toBe('for notes');
    world.arriveIn('in:web;', 'for nobody here');
    await world.turn();
    expect(world.attempts.slice(before)).toEqual(['gpu', 'notes']);
    expect(world.waiting.count()).toBe(1);
  });

  it('finds its own task behind those of others, by the tick', async () => {
    const world = waitingWorld();
    const notes = world.claim('notes', 60_000, { projects: ['notes'] });
    await world.turn();
    world.put('in:web;', 'for nobody here');
    world.put('in:notes;', 'for notes');
    world.clock.advance(1000);
    expect(await notes.answer).toBe('for notes');
  });

  it('that has gone passes the wake-up on to the next', async () => {
    const world = waitingWorld();
    const gone = world.claim('gone', 5000);
    const next = world.claim('next', 5000);
    await world.turn();
    gone.isGone = true;
    world.arrive('a');
    expect(await next.answer).toBe('a');
    gone.hasLeft = true;
    gone.leave();
    expect(await gone.answer).toBeNull();
  });

  it('that leaves stops waiting and takes nothing', async () => {
    const world = waitingWorld();
    const gone = world.claim('gone', 60_000);
    await world.turn();
    gone.isGone = true;
    gone.leave();
    expect(await gone.answer).toBeNull();
    world.arrive('a');
    expect(await world.claim('later', 0).answer).toBe('a');
  });

  it('that came too late for a task goes on waiting', async () => {
    const world = waitingWorld();
    const slow = world.claim('slow', 5000);
    await world.turn();
    world.tell();
    await world.turn();
    expect(world.waiting.count()).toBe(1);
    world.arrive('b');
    expect(await slow.answer).toBe('b');
  });

  it('finds a task whose wake-up was missed, by the tick', async () => {
    const world = waitingWorld();
    const one = world.claim('one', 60_000);
    await world.turn();
    world.add('a');
    await world.turn();
    expect(world.waiting.count()).toBe(1);
    world.clock.advance(1000);
    expect(await one.answer).toBe('a');
  });

  it('finds a task that came between its first try and its parking', async () => {
    const world = waitingWorld();
    world.afterAttempt = () => {
      world.afterAttempt = () => undefined;
      world.add('a');
    };
    expect(await world.claim('one', 60_000).answer).toBe('a');
    expect(world.clock.monotonicMs()).toBe(0);
  });

  it('survives a look that fails: the tick looks again', async () => {
    const world = waitingWorld();
    const one = world.claim('one', 60_000);
    await world.turn();
    world.add('a');
    world.readFails = true;
    world.clock.advance(1000);
    await world.turn();
    expect(world.waiting.count()).toBe(1);
    world.readFails = false;
    world.clock.advance(1000);
    expect(await one.answer).toBe('a');
  });

  it('waits on while the queue is paused, and all are served when it resumes', async () => {
    const world = waitingWorld();
    world.paused = true;
    world.add('a', 'b');
    const waiters = ['one', 'two', 'three'].map((name) => world.claim(name, 60_000));
    await world.turn();
    expect(world.waiting.count()).toBe(3);
    world.paused = false;
    world.resume();
    expect(await Promise.all(waiters.slice(0, 2).map((waiter) => waiter.answer))).toEqual(['a', 'b']);
    expect(world.waiting.count()).toBe(1);
  });

  it('does not spin while the queue is paused', async () => {
    const world = waitingWorld();
    world.paused = true;
    world.add('a');
    world.claim('one', 60_000);
    await world.turn();
    expect(world.attempts).toHaveLength(1);
    world.clock.advance(5000);
    await world.turn();
    expect(world.attempts.length).toBeLessThanOrEqual(6);
  });

  it('is over when its time is up, with its last answer', async () => {
    const world = waitingWorld();
    const one = world.claim('one', 5000);
    await world.turn();
    world.clock.advance(4999);
    await world.turn();
    expect(world.waiting.count()).toBe(1);
    world.clock.advance(1);
    expect(await one.answer).toBeNull();
    await world.turn();
    world.clock.advance(5000);
    expect(world.clock.timers()).toBe(0);
  });

  it('that takes nothing at its end passes on what woke it', async () => {
    const world = waitingWorld();
    const short = world.claim('short', 1000);
    const long = world.claim('long', 60_000);
    await world.turn();
    short.isGone = true;
    world.add('a');
    world.clock.advance(1000);
    expect(await short.answer).toBeNull();
    expect(await long.answer).toBe('a');
  });

  it('tells a failure of its attempt, and no longer counts', async () => {
    const world = waitingWorld();
    const one = world.claim('one', 5000);
    await world.turn();
    world.attemptFails = new Error('locked');
    world.arrive('a');
    await expect(one.answer).rejects.toThrow('locked');
    expect(world.waiting.count()).toBe(0);
  });
});

describe('a stop', () => {
  it('ends every wait now, and hands out nothing any more', async () => {
    const world = waitingWorld();
    const waiters = ['one', 'two'].map((name) => world.claim(name, 60_000));
    await world.turn();
    world.waiting.stop();
    expect(await Promise.all(waiters.map((waiter) => waiter.answer))).toEqual([null, null]);
    world.add('a');
    expect(await world.claim('late', 60_000).answer).toBeNull();
    expect(world.waiting.count()).toBe(0);
    expect(world.clock.timers()).toBe(0);
  });

  it('also ends the wait of a claim that was being tried just then', async () => {
    const world = waitingWorld();
    const one = world.claim('one', 60_000);
    await world.turn();
    world.beforeAttempt = () => {
      world.waiting.stop();
    };
    world.tell();
    expect(await one.answer).toBeNull();
    expect(world.waiting.count()).toBe(0);
  });
});

it('at most two thousand wait; one more is told to come back', async () => {
  const world = waitingWorld();
  const waiters = Array.from({ length: 2000 }, (_, n) => world.claim(`m-${n}`, 60_000));
  await world.turn();
  expect(world.waiting.count()).toBe(2000);
  await expect(world.claim('too many', 60_000).answer).rejects.toMatchObject({
    name: 'TransientError',
    retryAfterMs: 5000,
  });
  world.arrive('a');
  expect(await waiters[0]?.answer).toBe('a');
  const again = world.claim('now', 60_000);
  await world.turn();
  expect(world.waiting.count()).toBe(2000);
  world.waiting.stop();
  expect(await again.answer).toBeNull();
});

it('the common lane is called as the store calls it', () => {
  expect(ANY).toBe('any');
});

describe('a claim of an account that has nothing left', () => {
  it('is asked once, and once more when the hold is over', async () => {
    const world = waitingWorld();
    world.held = { one: 3000 };
    world.add('a');
    const one = world.claim('one', 60_000);
    await world.turn();
    world.arrive('b');
    world.clock.advance(2999);
    await world.turn();
    expect(world.attempts).toEqual(['one']);
    world.held = {};
    world.clock.advance(1);
    expect(await one.answer).toBe('a');
    expect(world.attempts).toEqual(['one', 'one']);
  });

  it('is answered with nothing when it is still held, or when its own time is up before', async () => {
    const world = waitingWorld();
    world.held = { one: 3000, two: 90_000 };
    world.add('a');
    const [one, two] = [world.claim('one', 60_000), world.claim('two', 60_000)];
    await world.turn();
    world.clock.advance(3000);
    expect(await one.answer).toBeNull();
    expect(world.waiting.count()).toBe(1);
    world.clock.advance(57_000);
    expect(await two.answer).toBeNull();
  });

  it('passes a task on that arrives for it', async () => {
    const world = waitingWorld();
    const [one, two, three] = ['one', 'two', 'three'].map((name) => world.claim(name, 60_000));
    await world.turn();
    world.held = { one: 3000, two: 3000 };
    world.arrive('a');
    expect(await three?.answer).toBe('a');
    expect(world.attempts.length).toBeLessThan(12);
    world.waiting.stop();
    expect(await Promise.all([one?.answer, two?.answer])).toEqual([null, null]);
  });
});
