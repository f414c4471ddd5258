/** An account that has nothing left: who waits for how long, and who tries first. */
import { describe, expect, it } from 'vitest';
import { report, say, totals, type Running } from './run-world.ts';
import { submit, taskOf, type OpenStoreWorld, type StoreWorld } from './store-world.ts';

const MINUTE = 60_000;
const after = (world: StoreWorld, ms: number) => new Date(world.clock.now().getTime() + ms);

/** Whatever is next for this worker: a run, or until when its account is held. */
async function next(world: StoreWorld, instanceId: string, account: string | undefined = 'acc') {
  const told = await world.run(world.tasks.claimNext({ instanceId, session: 's', account }));
  if (told.claimed === null) return { run: null, heldUntil: told.heldUntil };
  const { task, leaseId, run } = told.claimed;
  if (run === null) throw new Error('the claim began no run');
  return { run: { id: task.id, leaseId, run } satisfies Running, heldUntil: null };
}

async function runOf(world: StoreWorld, instanceId: string, account?: string): Promise<Running> {
  const { run } = await next(world, instanceId, account);
  if (run === null) throw new Error(`there was nothing for ${instanceId}`);
  return run;
}

const NO_ANSWER = report({ outcome: 'parked', totals: totals({ turns: 0, outputTokens: 0 }) });

const endsForQuota = (world: StoreWorld, one: Running, until: Date | null = null) =>
  world.run(
    world.tasks.release(
      one.id,
      { leaseId: one.leaseId },
      { retryInMs: 0, cause: { kind: 'parked', waitsFor: 'quota', until }, report: NO_ANSWER },
    ),
  );

/** Three tasks wait, and the account `acc` is held for five minutes. */
async function held(open: OpenStoreWorld): Promise<StoreWorld> {
  const world = await open();
  for (let n = 0; n < 3; n += 1) await submit(world);
  await endsForQuota(world, await runOf(world, 'w-1'));
  return world;
}

/** The hold is over, the parked tasks are in the queue again, and one worker tries. */
async function probed(open: OpenStoreWorld) {
  const world = await held(open);
  world.clock.advance(5 * MINUTE);
  await world.run(world.sweeps.unparkDueTasks());
  return { world, probe: await runOf(world, 'w-1') };
}

export function storeHoldsContract(open: OpenStoreWorld): void {
  describe('an account that has nothing left', () => {
    it('gets no task until its quota returns, for any of its workers', async () => {
      const world = await open();
      for (let n = 0; n < 3; n += 1) await submit(world);
      const one = await runOf(world, 'w-1');
      const until = after(world, 3 * 60 * MINUTE);
      expect((await endsForQuota(world, one, until)).parked).toMatchObject({ kind: 'quota', until });
      for (const worker of ['w-1', 'w-2'])
        expect(await next(world, worker)).toEqual({ run: null, heldUntil: until });
      world.clock.advance(3 * 60 * MINUTE - 1);
      expect((await next(world, 'w-2')).heldUntil).toEqual(until);
      world.clock.advance(1);
      await runOf(world, 'w-2');
    });

    it('keeps no other account from its tasks, and nobody who names none', async () => {
      const world = await held(open);
      await runOf(world, 'w-2', 'other');
      const told = await world.run(world.tasks.claimNext({ instanceId: 'mac' }));
      expect(told.claimed).not.toBeNull();
    });

    it('leaves what runs already alone', async () => {
      const world = await open();
      for (let n = 0; n < 2; n += 1) await submit(world);
      const [one, two] = [await runOf(world, 'w-1'), await runOf(world, 'w-2')];
      await endsForQuota(world, one);
      await say(world, two, { texts: ['goes on'], totals: totals() });
      expect((await next(world, 'w-2')).heldUntil).not.toBeNull();
    });

    it('is parked alone where the worker named no account', async () => {
      const world = await open();
      for (let n = 0; n < 2; n += 1) await submit(world);
      const told = await world.run(world.tasks.claimNext({ instanceId: 'w-1', session: 's' }));
      if (told.claimed === null) throw new Error('there was nothing');
      const { task, leaseId } = told.claimed;
      await world.run(
        world.tasks.release(
          task.id,
          { leaseId },
          { retryInMs: 0, cause: { kind: 'parked', waitsFor: 'quota', until: null }, report: NO_ANSWER },
        ),
      );
      expect((await taskOf(world, task.id)).parked).toMatchObject({ until: after(world, 5 * MINUTE) });
      await runOf(world, 'w-1');
    });

    it.each([
      ['in the past', -1, 5 * MINUTE],
      ['in a year', 365 * 24 * 60 * MINUTE, 8 * 24 * 60 * MINUTE],
    ])('does not believe a quota that returns %s', async (_when, saidMs, heldMs) => {
      const world = await open();
      await submit(world);
      const one = await runOf(world, 'w-1');
      const { parked } = await endsForQuota(world, one, after(world, saidMs));
      expect(parked?.until).toEqual(after(world, heldMs));
      expect((await next(world, 'w-1')).heldUntil).toEqual(after(world, heldMs));
    });

    it('is held for the longest that one of its runs says', async () => {
      const world = await open();
      for (let n = 0; n < 3; n += 1) await submit(world);
      const runs = [await runOf(world, 'w-1'), await runOf(world, 'w-2'), await runOf(world, 'w-3')];
      const untils = [after(world, 10 * MINUTE), after(world, 60 * MINUTE), null];
      for (const [index, run] of runs.entries()) await endsForQuota(world, run, untils[index] ?? null);
      expect((await next(world, 'w-1')).heldUntil).toEqual(after(world, 60 * MINUTE));
    });
  });

  describe('after the hold of an account', () => {
    it('its tasks are in the queue again, and no sooner', async () => {
      const world = await held(open);
      const [parked] = (await world.store.tasks({ statuses: ['pending'], limit: 10 })).tasks;
      world.clock.advance(5 * MINUTE - 1);
      expect(await world.run(world.sweeps.unparkDueTasks())).toBe(0);
      expect((await world.store.nextTimes()).due).toEqual(after(world, 1));
      world.clock.advance(1);
      expect(await world.run(world.sweeps.unparkDueTasks())).toBe(1);
      expect((await taskOf(world, parked?.id ?? 0)).parked).toBeNull();
      expect((await world.store.nextTimes()).due).toBeNull();
    });

    it('one run tries, and the others follow when the model has answered it', async () => {
      const { world, probe } = await probed(open);
      for (const worker of ['w-1', 'w-2'])
        expect((await next(world, worker)).heldUntil).toEqual(after(world, 5000));
      await say(world, probe, { texts: ['npm ci'], totals: totals({ turns: 0, outputTokens: 0 }) });
      expect((await next(world, 'w-2')).run).toBeNull();
      await say(world, probe, { first: 2, texts: ['Hello'], totals: totals() });
      await runOf(world, 'w-1');
      await runOf(world, 'w-2');
    });

    it('the others follow when the run that tries has done its task without the model', async () => {
      const { world, probe } = await probed(open);
      await world.run(world.tasks.complete(probe.id, { leaseId: probe.leaseId }, {}));
      await runOf(world, 'w-1');
      await runOf(world, 'w-2');
    });

    it.each([
      [
        'gives its task back',
        (world: StoreWorld, one: Running) =>
          world.run(world.tasks.release(one.id, { leaseId: one.leaseId }, { retryInMs: 0 })),
      ],
      [
        'was never told of it',
        (world: StoreWorld, one: Running) => world.run(world.tasks.undoClaim(one.leaseId)),
      ],
      [
        'is lost',
        async (world: StoreWorld) => {
          world.clock.advance(121 * MINUTE);
          await world.run(world.sweeps.expireLeases());
        },
      ],
    ])('another run tries when the one that tried %s', async (_what, end) => {
      const { world, probe } = await probed(open);
      await end(world, probe);
      await runOf(world, 'w-2');
      expect((await next(world, 'w-1')).run).toBeNull();
    });

    it('a run that began before says nothing about it', async () => {
      const world = await open();
      for (let n = 0; n < 3; n += 1) await submit(world);
      const [one, early] = [await runOf(world, 'w-1'), await runOf(world, 'w-2')];
      await endsForQuota(world, one);
      world.clock.advance(5 * MINUTE);
      await runOf(world, 'w-1');
      await say(world, early, { texts: ['late'], totals: totals() });
      expect((await next(world, 'w-2')).run).toBeNull();
    });

    it('it waits twice as long each time, up to an hour, where nobody says until when', async () => {
      const world = await held(open);
      for (const minutes of [10, 20, 40, 60, 60]) {
        world.clock.advance(60 * MINUTE);
        await world.run(world.sweeps.unparkDueTasks());
        await endsForQuota(world, await runOf(world, 'w-1'));
        expect((await next(world, 'w-2')).heldUntil).toEqual(after(world, minutes * MINUTE));
      }
    });

    it('it begins with five minutes again once it has worked', async () => {
      const { world, probe } = await probed(open);
      await say(world, probe, { texts: ['Hello'], totals: totals() });
      await endsForQuota(world, probe);
      expect((await next(world, 'w-2')).heldUntil).toEqual(after(world, 5 * MINUTE));
    });
  });

  describe('the workers of an account', () => {
    const announce = (world: StoreWorld, instanceId: string) =>
      world.run(
        world.instances.heartbeat({
          instanceId,
          worker: {
            session: 's',
            projects: [null],
            capabilities: [],
            concurrency: 1,
            problem: null,
            replaces: null,
            leaves: false,
          },
        }),
      );
    const shown = async (world: StoreWorld) =>
      Object.fromEntries((await world.store.instances()).map(({ id, heldUntil }) => [id, heldUntil]));

    it('are shown as held until it is over', async () => {
      const world = await open();
      for (const worker of ['w-1', 'w-2', 'w-3']) await announce(world, worker);
      for (let n = 0; n < 2; n += 1) await submit(world);
      const one = await runOf(world, 'w-1');
      await next(world, 'w-3', 'other');
      await endsForQuota(world, one);
      await next(world, 'w-2');
      const until = after(world, 5 * MINUTE);
      expect(await shown(world)).toEqual({ 'w-1': until, 'w-2': until, 'w-3': null });
      expect((await announce(world, 'w-2')).instance.heldUntil).toEqual(until);
      world.clock.advance(5 * MINUTE);
      expect(await shown(world)).toEqual({ 'w-1': null, 'w-2': null, 'w-3': null });
    });
  });
}
