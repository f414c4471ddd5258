import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOwners, type Owners } from '../../cli/owner.ts';
import { createPendingWrites } from '../../cli/pending-writes.ts';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-cli-'));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const alive = new Set<string>();
const process = (name: string): Owners => {
  alive.add(name);
  return { self: name, isAlive: (owner) => alive.has(owner) };
};
let keys = 0;
const writesOf = (owners: Owners, more: { instanceId?: string; apiUrl?: string; at?: number } = {}) =>
  createPendingWrites({
    folder,
    apiUrl: 'http://a',
    instanceId: 'mac',
    owners,
    newKey: () => `key-${(keys += 1)}`,
    now: () => more.at ?? 0,
    ...more,
  });
const saved = () => fs.readdirSync(path.join(folder, 'pending-writes'));
const add = { method: 'POST', path: '/api/tasks', body: '{"description":"x"}' };

describe('a pending write', () => {
  it('is on the disk before anything is sent, and only for its owner to read', () => {
    const write = writesOf(process('p1')).open(add);
    const [file = ''] = saved();
    const whole = path.join(folder, 'pending-writes', file);
    expect(fs.readFileSync(whole, 'utf8')).toContain(write.key);
    expect(fs.statSync(whole).mode & 0o777).toBe(0o600);
    expect(fs.statSync(path.dirname(whole)).mode & 0o777).toBe(0o700);
  });

  it('is gone once an answer was read', () => {
    writesOf(process('p1')).open(add).done();
    expect(saved()).toEqual([]);
  });

  it('is taken up by the next run of the same command after a kill', () => {
    const first = writesOf(process('p1')).open(add);
    alive.delete('p1');
    const second = writesOf(process('p2')).open(add);
    expect(second).toMatchObject({ key: first.key, body: first.body });
    expect(saved()).toHaveLength(1);
    second.done();
    expect(saved()).toEqual([]);
  });

  it('belongs to its process while that lives: two runs side by side are two tasks', () => {
    const first = writesOf(process('p1')).open(add);
    const second = writesOf(process('p2')).open(add);
    expect(second.key).not.toBe(first.key);
  });

  it('is taken up only once', () => {
    const first = writesOf(process('p1')).open(add);
    alive.delete('p1');
    const keysOfBoth = [writesOf(process('p2')).open(add).key, writesOf(process('p3')).open(add).key];
    expect(keysOfBoth.filter((key) => key === first.key)).toHaveLength(1);
  });

  it.each([
    ['another body', { ...add, body: '{"description":"y"}' }, {}],
    ['another path', { ...add, path: '/api/tasks/1' }, {}],
    ['another method', { ...add, method: 'PUT' }, {}],
    ['another instance', add, { instanceId: 'linux' }],
    ['another server', add, { apiUrl: 'http://b' }],
  ])('is not taken up for %s', (_what, write, more) => {
    const first = writesOf(process('p1')).open(add);
    alive.delete('p1');
    expect(writesOf(process('p2'), more).open(write).key).not.toBe(first.key);
  });

  it('keeps its own body where the same request may be worded differently', () => {
    const claim = (body: string) => ({
      method: 'POST',
      path: '/claim',
      body,
      sameAs: '{"instance_id":"mac"}',
    });
    writesOf(process('p1')).open(claim('{"wait_seconds":50}'));
    alive.delete('p1');
    expect(writesOf(process('p2')).open(claim('{}')).body).toBe('{"wait_seconds":50}');
  });

  it('is dropped when the server may have forgotten its key', () => {
    const first = writesOf(process('p1')).open(add);
    alive.delete('p1');
    expect(writesOf(process('p2'), { at: 24 * 3_600_000 }).open(add).key).not.toBe(first.key);
    expect(saved()).toHaveLength(1);
  });

  it('is not disturbed by strange files', () => {
    fs.mkdirSync(path.join(folder, 'pending-writes'));
    for (const [name, text] of [
      ['a.b.json', 'garbage'],
      ['c.json', '{"key":5}'],
      ['d', ''],
    ] as const)
      // prettier-ignore
      fs.writeFileSync(path.join(folder, 'pending-writes', name), text);
    expect(writesOf(process('p1')).open(add).body).toBe(add.body);
  });

  it('says so when it cannot be saved, before anything is sent', () => {
    fs.writeFileSync(path.join(folder, 'pending-writes'), 'a file in the way');
    expect(() => writesOf(process('p1')).open(add)).toThrow(/was not sent/);
  });
});

describe('the owner of a write', () => {
  const owners = createOwners('my.host');

  it('lives as long as its process', () => {
    expect(owners.isAlive(owners.self)).toBe(true);
    expect(owners.isAlive(owners.self.replace(/^\d+/, '999999999'))).toBe(false);
  });

  it.runIf(fs.existsSync('/proc/self/stat'))('is not a later process with the same number', () => {
    expect(owners.isAlive(owners.self.replace(/-\d+-/, '-1-'))).toBe(false);
  });

  it('on another machine is left alone', () => {
    expect(owners.isAlive('999999999-1-other_host')).toBe(true);
  });
});
