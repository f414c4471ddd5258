import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLeaseFile } from '../../cli/lease-file.ts';
import { IN_TWO_HOURS, NOW } from '../support/cli-task.ts';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-cli-'));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const leaseFile = (more: { apiUrl?: string; instanceId?: string; now?: () => number } = {}) =>
  createLeaseFile({
    folder,
    apiUrl: 'http://a',
    instanceId: 'mac',
    now: () => NOW,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    ...more,
  });
const lease = (task_id: number, lease_id = `lease-${task_id}`, expires_at = IN_TWO_HOURS) => ({
  task_id,
  lease_id,
  expires_at,
});

/** Remembers twenty leases and forgets every other one. */
const WRITER = `
  import { createLeaseFile } from ${JSON.stringify(path.join(import.meta.dirname, '../../cli/lease-file.ts'))};
  const [folder, first] = process.argv.slice(-2);
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const leases = createLeaseFile({ folder, apiUrl: 'http://a', instanceId: 'mac', now: Date.now, sleep });
  for (let id = Number(first); id < Number(first) + 20; id += 1) {
    await leases.remember({ task_id: id, lease_id: 'lease-' + id, expires_at: '2999-01-01T00:00:00.000Z' });
    if (id % 2 === 1) await leases.forget('lease-' + id);
  }`;
const RUN_WRITER = ['--import', 'tsx', '--input-type=module', '--eval', WRITER, '--'];

describe('the lease file', () => {
  it('remembers, renews and forgets', async () => {
    const leases = leaseFile();
    await leases.remember(lease(1), lease(2));
    expect(leases.find(1)?.lease_id).toBe('lease-1');
    await leases.renew(lease(1, 'lease-1', '2026-03-01T16:00:00.000Z'), lease(3));
    expect(leases.find(1)?.expires_at).toBe('2026-03-01T16:00:00.000Z');
    expect(leases.find(3)).toBeUndefined();
    await leases.forget('lease-1');
    expect(leases.all().map(({ task_id }) => task_id)).toEqual([2]);
  });

  it('keeps one lease for a task: the newest', async () => {
    const leases = leaseFile();
    await leases.remember(lease(1, 'old'));
    await leases.remember(lease(1, 'new'));
    await leases.forget('old');
    expect(leases.all().map(({ lease_id }) => lease_id)).toEqual(['new']);
  });

  it('keeps servers and instances apart', async () => {
    await leaseFile().remember(lease(1));
    expect(leaseFile({ apiUrl: 'http://b' }).all()).toEqual([]);
    expect(leaseFile({ instanceId: 'linux' }).all()).toEqual([]);
  });

  it('drops what ran out long ago', async () => {
    await leaseFile().remember(lease(1));
    const later = leaseFile({ now: () => NOW + 30 * 86_400_000 });
    await later.remember(lease(2, 'lease-2', '2026-04-01T00:00:00.000Z'));
    expect(later.all().map(({ task_id }) => task_id)).toEqual([2]);
  });

  it('is private on the disk', async () => {
    await leaseFile().remember(lease(1));
    expect(fs.statSync(path.join(folder, 'leases.json')).mode & 0o777).toBe(0o600);
    expect(fs.readdirSync(folder)).toEqual(['leases.json']);
  });

  it.each(['garbage', '[]', '{"leases": 5}', '{"leases": [null, {"task_id": "5"}]}', ''])(
    'holds nothing where it is garbled: %s',
    async (text) => {
      fs.writeFileSync(path.join(folder, 'leases.json'), text);
      const leases = leaseFile();
      expect(leases.all()).toEqual([]);
      await leases.remember(lease(1));
      expect(leases.find(1)).toBeDefined();
    },
  );

  it('frees itself from the lock of a killed process', async () => {
    fs.writeFileSync(path.join(folder, 'leases.json.lock'), '999999999');
    await leaseFile().remember(lease(1));
    expect(leaseFile().find(1)).toBeDefined();
    expect(fs.readdirSync(folder)).toEqual(['leases.json']);
  });

  it('loses nothing when processes use it side by side', async () => {
    fs.writeFileSync(path.join(folder, 'leases.json.lock'), '999999999');
    const workers = [0, 1, 2, 3].map((worker) =>
      spawn(process.execPath, [...RUN_WRITER, folder, String(worker * 20)], { stdio: 'inherit' }),
    );
    const codes = await Promise.all(workers.map(async (worker) => (await once(worker, 'exit'))[0] as number));
    expect(codes).toEqual([0, 0, 0, 0]);
    const even = Array.from({ length: 40 }, (_, at) => at * 2);
    const kept = leaseFile().all().map(({ task_id }) => task_id); // prettier-ignore
    expect(kept.sort((a, b) => a - b)).toEqual(even);
  });
});
