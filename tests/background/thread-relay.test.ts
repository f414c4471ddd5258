import { afterEach, beforeEach, expect, test } from 'vitest';
import { createThreadRelay } from '../../src/background/thread-relay.ts';
import { createInstanceService } from '../../src/core/instance-service.ts';
import { createRunService } from '../../src/core/run-service.ts';
import { createSweepService } from '../../src/core/sweep-service.ts';
import { isFinished } from '../../src/core/task.ts';
import { createTaskService } from '../../src/core/task-service.ts';
import type { FrontEndThreads } from '../../src/core/thread-ports.ts';
import type { RunMessage } from '../../src/core/run.ts';
import { createSqliteStore } from '../../src/store/sqlite-store.ts';
import { answer, ask, report, running, say, type Running } from '../contracts/run-world.ts';
import type { StoreWorld } from '../contracts/store-world.ts';
import { manualClock } from '../support/clock.ts';
import { recordingLogger } from '../support/logger.ts';

const NOTHING = { parts: [], edits: [], over: [], memo: null, againMs: null };

/** Says every message in its thread; fails for one that says so. */
function fakeThreads() {
  const said: string[] = [];
  const drawn: number[] = [];
  const threads: FrontEndThreads = {
    name: 'fake',
    ready: () => Promise.resolve(),
    open: ({ id }) => Promise.resolve(`thread-${id}`),
    opened: () => Promise.resolve(),
    isAwaiting: (slots) => 'question' in slots,
    draw({ task, seq, messages: [next], memo }) {
      drawn.push(task.id);
      const none = { edits: [], over: isFinished(task) ? ['question'] : [], memo, againMs: null };
      if (next === undefined) return Promise.resolve({ ...none, to: seq, parts: [] });
      return Promise.resolve({ ...none, to: next.seq, parts: [toPart(next)] });
    },
    send(threadId, { message }) {
      if (message === 'poison') return Promise.reject(new Error('a bug'));
      said.push(`${threadId}: ${String(message)}`);
      return Promise.resolve(String(said.length));
    },
    edit: () => Promise.resolve('edited'),
    find: () => Promise.resolve([]),
    aside: {
      place: () => Promise.resolve('aside'),
      draw: ({ messages, seq }) => Promise.resolve({ ...NOTHING, to: messages.at(-1)?.seq ?? seq }),
      send: () => Promise.resolve('1'),
      edit: () => Promise.resolve('edited'),
      find: () => Promise.resolve([]),
    },
  };
  return { said, drawn, threads };
}

function toPart({ kind, text }: RunMessage) {
  return { message: text, ...(kind === 'question' && { slot: 'question' }) };
}

async function openWorld() {
  const clock = manualClock();
  const logger = recordingLogger();
  const store = await createSqliteStore({ path: ':memory:', clock, logger });
  const policy = { leaseMs: 7_200_000, maxAttempts: 3 };
  let lease = 0;
  const ids = { leaseId: () => `lease-${(lease += 1)}` };
  const runs = createRunService({ clock });
  const world: StoreWorld = {
    store,
    clock,
    runs,
    tasks: createTaskService({ clock, ids, policy }),
    instances: createInstanceService({ clock }),
    sweeps: createSweepService({ clock }),
    run: (work) => store.decide(work),
  };
  const { said, drawn, threads } = fakeThreads();
  const isAnnounced = () => Promise.resolve(true);
  const newRelay = () => {
    const relay = createThreadRelay({ store, runs, threads, isAnnounced, clock, logger });
    relay.start();
    return relay;
  };
  const at = { relay: newRelay() };
  const until = async (isSo: () => boolean) => {
    for (let turns = 0; !isSo() && turns < 20_000; turns += 1) {
      clock.advance(50);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(isSo()).toBe(true);
  };
  const restart = async (meanwhile: () => Promise<void>) => {
    await at.relay.stop();
    await meanwhile();
    drawn.length = 0;
    at.relay = newRelay();
  };
  return { world, logger, said, drawn, until, restart, stop: () => at.relay.stop() };
}

let open: Awaited<ReturnType<typeof openWorld>>;

beforeEach(async () => {
  open = await openWorld();
});

afterEach(async () => {
  await open.stop();
  await open.world.store.close();
});

test('a message that can never be told is skipped after some tries, and the next ones are told', async () => {
  const of = await running(open.world);
  await say(open.world, of, { texts: ['before', 'poison', 'after'] });
  await open.until(() => open.said.length === 2);
  expect(open.said).toEqual(['thread-1: before', 'thread-1: after']);
  const skipped = open.logger.lines.filter(({ message }) =>
    message.startsWith('messages could never be told'),
  );
  expect(skipped.map(({ details }) => details)).toEqual([{ task_id: 1, after: 1, up_to: 2 }]);
});

test('a thread that cannot be told keeps no other waiting', async () => {
  const all = [];
  for (let count = 0; count < 20; count += 1) all.push(await running(open.world));
  for (const of of all) await say(open.world, of, { texts: [of.id <= 10 ? 'poison' : 'hello'] });
  const from = open.world.clock.monotonicMs();
  await open.until(() => open.said.length === 10);
  expect(open.world.clock.monotonicMs() - from).toBeLessThan(15_000);
});

test('a start looks at threads that have news, the live ones first, and at no other', async () => {
  const { world } = open;
  const of = [];
  for (let count = 0; count < 4; count += 1) of.push(await running(world));
  const [told, closed, answered, live] = of as [Running, Running, Running, Running];
  for (const one of [closed, answered]) await ask(world, one);
  for (const one of of) await say(world, one, { texts: ['hello'] });
  await open.until(() => open.said.length === 6);
  await answer(world, 1, 'allow_once');
  for (const { id, leaseId } of [told, closed]) {
    await world.run(world.tasks.complete(id, { leaseId }, { report: report() }));
  }
  await world.run(world.tasks.release(answered.id, { leaseId: answered.leaseId }, { retryInMs: 0 }));
  await open.until(() => open.said.length === 9);
  await open.restart(async () => {
    await answer(world, 2, 'allow_once');
    await say(world, live, { first: 2, texts: ['after'] });
  });
  await open.until(() => open.said.length === 10 && open.drawn.includes(answered.id));
  expect(new Set(open.drawn)).toEqual(new Set([live.id, answered.id]));
  expect(open.drawn[0]).toBe(live.id);
});
