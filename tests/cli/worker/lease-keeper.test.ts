import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../../src/contract/endpoints.ts';
import { createCall } from '../../../cli/call.ts';
import { createTransport } from '../../../cli/http.ts';
import { createLeaseKeeper, type LeaseKeeper } from '../../../cli/worker/lease-keeper.ts';
import { refusal, startCliServer, type Answer, type CliServer } from '../../support/cli-server.ts';
import { createManualClock, type ManualClock } from '../../support/worker/run-clock.ts';
import { until } from '../../support/worker/until.ts';

const LEASE = { leaseId: 'lease-1', heartbeatMs: 10_000 };
const INSTANCE = {
  ...{ id: 'lab', name: 'lab', status: 'working', current_task_id: 5, last_seen: '2026-03-01T12:00:00Z' },
  ...{ projects: [], capabilities: [], concurrency: 1, running: [], held_until: null, problem: null },
};

describe('the lease keeper', () => {
  let clock: ManualClock;
  let server: CliServer;
  let keeper: LeaseKeeper;
  let isAlive: boolean;
  let answers: number;
  let answer: (() => Answer) | null;
  const transport = createTransport();
  const trouble: unknown[] = [];
  const lost: string[] = [];

  beforeEach(async () => {
    clock = createManualClock();
    isAlive = true;
    answers = 0;
    answer = null;
    trouble.length = 0;
    lost.length = 0;
    server = await startCliServer(({ json }) => answer?.() ?? heard((json['lease_ids'] ?? []) as string[]));
    const call = createCall({
      config: { apiUrl: server.url, apiKey: 'secret-key', instanceId: 'lab', instanceName: 'lab' },
      transport,
      pending: { open: () => ({ key: 'k', body: '', done: () => {} }) },
      pace: { now: () => 0, random: () => 0.5, sleep: () => Promise.resolve() },
      signal: new AbortController().signal,
      patience: { tries: 1, withinMs: 0 },
      newKey: () => 'key',
    });
    keeper = createLeaseKeeper({
      clock,
      random: () => 0.5,
      heard: () => {
        answers += 1;
      },
      trouble: (error) => trouble.push(error),
      send: (body) => call(ENDPOINTS.heartbeat, { body: { instance_id: 'lab', ...body }, isFleeting: true }),
    });
  });

  afterEach(async () => {
    keeper.stop();
    await server.close();
  });

  function heard(ids: readonly string[]): Answer {
    const leases = ids.map((lease_id) => ({ task_id: 5, lease_id, expires_at: '2026-03-01T13:00:00Z' }));
    return {
      json: {
        instance: INSTANCE,
        leases: isAlive ? leases : [],
        lost: isAlive ? [] : ids.map((lease_id) => ({ lease_id, task_id: 5, reason: 'expired' })),
        unclaimed: [],
        cancelled_task_ids: [],
        heartbeat_seconds: 10,
      },
    };
  }

  const hold = () => keeper.hold(LEASE, (reason) => lost.push(reason));
  /** The network takes its own time; the clock is moved when it is through. */
  const beats = (count: number) => until(`${count} heartbeats`, () => server.seen.length >= count);

  it('beats as often as the server wants, and tells which leases it works on', async () => {
    keeper.start();
    await clock.pass(0);
    await beats(1);
    hold();
    await clock.pass(100);
    await beats(2);
    expect(server.seen[1]?.json).toMatchObject({ lease_ids: ['lease-1'] });
    await until('the answer', () => answers === 2);
    await clock.pass(0);
    await clock.pass(10_000);
    await beats(3);
  });

  it('says that a lease is held only after a renewal that is seconds old', async () => {
    const lease = hold();
    expect(await lease.fence()).toBe('held');
    expect(server.seen).toHaveLength(1);
    expect(await lease.fence()).toBe('held');
    expect(server.seen).toHaveLength(1);
    await clock.pass(5_000);
    expect(await lease.fence()).toBe('held');
    expect(server.seen).toHaveLength(2);
  });

  it('waits while the server is away, and loses nothing by that', async () => {
    answer = () => refusal(503, 'unavailable');
    const lease = hold();
    let result = '';
    const fence = lease.fence().then((found) => (result = found));
    await beats(1);
    await until('the refusal', () => trouble.length === 1);
    await clock.pass(500);
    expect(result).toBe('');
    expect(lost).toEqual([]);
    answer = null;
    await clock.pass(2_000);
    await fence;
    expect(result).toBe('held');
  });

  it('tells once that a lease is over, whoever learned of it', async () => {
    const lease = hold();
    isAlive = false;
    expect(await lease.fence()).toBe('lost');
    lease.lost('cancelled');
    expect(lost).toEqual(['expired']);
    expect(await lease.fence()).toBe('lost');
  });

  it('never calls a lease held once its key is refused', async () => {
    answer = () => refusal(401, 'unauthenticated');
    expect(await hold().fence()).toBe('lost');
  });

  it('waits while something else answers in the place of the server, whatever it says', async () => {
    answer = () => ({ status: 403, json: 'Forbidden, says a proxy.' });
    const fence = hold().fence();
    await until('the refusal', () => trouble.length === 1);
    answer = null;
    await clock.pass(2_000);
    expect(await fence).toBe('held');
  });

  it('asks no more for a lease that was let go', async () => {
    answer = () => refusal(503, 'unavailable');
    const lease = hold();
    const fence = lease.fence();
    await until('the refusal', () => trouble.length === 1);
    lease.letGo();
    await clock.pass(2_000);
    expect(await fence).toBe('lost');
    expect(trouble).toHaveLength(1);
  });

  it('renews no longer what was let go', async () => {
    hold().letGo();
    await keeper.beat();
    expect(server.seen.at(-1)?.json).toMatchObject({ lease_ids: [] });
  });
});
