import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTrash, discardOldMirrors, freeBytes, removeTree } from '../../../cli/worker/disk.ts';
import { createPlaces, type Places } from '../../../cli/worker/places.ts';

const DAY_MS = 24 * 3_600_000;

let folder: string;
let places: Places;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-disk-'));
  places = createPlaces(folder);
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

describe('the disk', () => {
  it('has room, in bytes', () => {
    expect(freeBytes(folder)).toBeGreaterThan(1024 * 1024);
  });

  it('gives a folder back without following what lies in it', async () => {
    const outside = path.join(folder, 'outside');
    fs.mkdirSync(outside);
    fs.writeFileSync(path.join(outside, 'stays'), 'x');
    const clone = path.join(folder, 'clone');
    fs.mkdirSync(path.join(clone, 'deep'), { recursive: true });
    fs.symlinkSync(outside, path.join(clone, 'deep/link'));
    fs.chmodSync(path.join(clone, 'deep'), 0o500);
    await removeTree(clone);
    await removeTree(clone);
    expect(fs.existsSync(clone)).toBe(false);
    expect(fs.readdirSync(outside)).toEqual(['stays']);
  });

  it('gives back a tree that is deeper than a path can be long', async () => {
    const trash = createTrash(places);
    const clone = path.join(folder, 'clone');
    fs.mkdirSync(clone);
    const step = 'a'.repeat(100);
    const dig = `for i in $(seq 1 60); do mkdir ${step} && cd ${step} || exit 1; done; echo x > f; chmod 500 .`;
    execFileSync('/bin/bash', ['-c', dig], { cwd: clone });
    trash.discard(clone);
    await trash.empty();
    expect(fs.readdirSync(places.trash)).toEqual([]);
  });

  it('loses mirrors that nobody used for long, unless somebody needs them', () => {
    const now = Date.now();
    const make = (project: string, ageDays: number) => {
      fs.mkdirSync(places.mirror(project), { recursive: true });
      const seal = `${places.mirror(project)}.seal`;
      fs.writeFileSync(seal, '');
      fs.utimesSync(seal, (now - ageDays * DAY_MS) / 1000, (now - ageDays * DAY_MS) / 1000);
    };
    for (const project of ['old', 'running', 'saved']) make(project, 40);
    make('young', 1);
    fs.mkdirSync(path.join(places.store('saved'), 'refs/athena/5'), { recursive: true });
    fs.writeFileSync(path.join(places.store('saved'), 'refs/athena/5/1'), 'x');
    const trash = createTrash(places);
    const inUse = new Set(['running']);
    expect(discardOldMirrors({ places, trash, now, maxAgeMs: 30 * DAY_MS, inUse })).toEqual(['old']);
    expect(fs.readdirSync(path.dirname(places.mirror('x'))).filter((name) => name.endsWith('.git'))).toEqual([
      'running.git',
      'saved.git',
      'young.git',
    ]);
  });
});
