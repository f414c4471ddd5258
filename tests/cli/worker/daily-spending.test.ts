import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDailySpending } from '../../../cli/worker/daily-spending.ts';

let workspace: string;
let now: Date;
let troubles: unknown[];
beforeEach(() => {
  workspace = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-spending-'));
  now = new Date(2026, 2, 1, 12);
  troubles = [];
});
afterEach(() => {
  fs.rmSync(workspace, { recursive: true, force: true });
});

const open = (limitUsd: number | null = 10) =>
  createDailySpending({ workspace, limitUsd, now: () => now, trouble: (error) => troubles.push(error) });

describe('what a worker spends in a day', () => {
  it('counts while runs live, each by what it has used since it began', () => {
    const spending = open();
    spending.note('one', 1);
    spending.note('two', 2);
    spending.note('one', 3);
    expect(spending.leftUsd()).toBe(5);
    spending.note('two', 20);
    expect(spending.leftUsd()).toBe(0);
    expect(open(null).leftUsd()).toBe(null);
  });

  it('is known to the next process, also of runs that never came to their end', () => {
    const spending = open();
    spending.note('one', 3);
    spending.keep();
    expect(open().leftUsd()).toBe(7);
    spending.note('one', 4);
    spending.end('one');
    expect(open().leftUsd()).toBe(6);
  });

  it('begins anew with the day; of a run over midnight only the rest counts', () => {
    const spending = open();
    spending.note('one', 4);
    spending.keep();
    now = new Date(2026, 2, 2, 0, 1);
    expect(spending.leftUsd()).toBe(10);
    spending.note('one', 8);
    spending.end('one');
    expect(spending.leftUsd()).toBe(6);
    expect(open().leftUsd()).toBe(6);
  });

  it('counts though it cannot be written down, and is written down as soon as it can', () => {
    const file = path.join(workspace, 'spending.json');
    fs.mkdirSync(file);
    const spending = open();
    spending.note('one', 4);
    spending.end('one');
    expect([spending.leftUsd(), troubles.length]).toEqual([6, 1]);
    fs.rmdirSync(file);
    spending.keep();
    expect(open().leftUsd()).toBe(6);
  });
});
