/**
 * What a worker relies on, whatever a run is. Each executor plays the same scenes with means of its own: a shell
 * script, or a model that asks for the Bash tool. What only one of them can do is tested beside it.
 */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Ended, Running } from '../../cli/worker/executor.ts';
import type { RecordedWatcher, RunFolder } from '../support/worker/run-world.ts';
import { isGone, pidIn, until } from '../support/worker/until.ts';

/** What the run does, in order: a shell command if one is named, then its last words. */
export interface Scene {
  readonly shell?: string;
  readonly says?: string;
  /** Ends as an error after what it said. */
  readonly fails?: boolean;
  /** Says nothing at all and does not end. */
  readonly hangs?: boolean;
  /** What it says once it has seen a reply; the reply's text is in it. */
  readonly answersReply?: string;
  readonly idleMs?: number;
}

export interface ExecutorWorld {
  readonly folder: RunFolder;
  readonly watcher: RecordedWatcher;
  play(scene: Scene): Running;
  /** Requests to a model that are open right now; 0 where there is no model. */
  openRequests(): number;
  /** How long the output of a command may go unnoticed. */
  readonly noticesMs: number;
  close(): Promise<void>;
}

const LONGEST = 16_000;

export function executorContract(name: string, open: () => Promise<ExecutorWorld>): void {
  describe(`${name} keeps the executor contract`, () => {
    let world: ExecutorWorld;
    let running: Running | null = null;

    beforeEach(async () => {
      world = await open();
    });

    afterEach(async () => {
      running?.stop();
      await running?.ended;
      running = null;
      await world.close();
    });

    function play(scene: Scene): Running {
      running = world.play(scene);
      return running;
    }

    const file = (called: string) => path.join(world.folder.folders.tree, called);

    test('a run that does its work ends as done, with its last words as the summary', async () => {
      const ended = await play({ shell: 'echo hello > made.txt', says: 'It is done.' }).ended;
      expect(ended.ending).toEqual({ kind: 'done', summary: 'It is done.' });
      expect(fs.readFileSync(file('made.txt'), 'utf8')).toBe('hello\n');
      expect(world.watcher.texts().at(-1)).toBe('It is done.');
    });

    test('a run that fails says why', async () => {
      const ended = await play({ says: 'the disk is made of cheese', fails: true }).ended;
      expect(ended.ending.kind).toBe('failed');
      expect(ended.ending).toHaveProperty('detail', expect.stringContaining('made of cheese'));
    });

    test('silence for too long ends the run', async () => {
      const ended = await play({ hangs: true, idleMs: 1_500 }).ended;
      expect(ended.ending.kind).toBe('failed');
      expect(ended.ending).toHaveProperty('detail', expect.stringContaining('1.5 s'));
      expect(world.openRequests()).toBe(0);
    });

    test('a command that prints all the time may take longer than a silent one', async () => {
      const idleMs = world.noticesMs + 1_500;
      const lines = Math.ceil((1.5 * idleMs) / 100);
      const shell = `for line in $(seq ${lines}); do echo $line; sleep 0.1; done`;
      const ended = await play({ shell, says: 'Printed.', idleMs }).ended;
      expect(ended.ending).toEqual({ kind: 'done', summary: 'Printed.' });
    });

    test('a command that ignores being told to end is gone soon after stop', async () => {
      const run = play({ shell: `trap '' TERM INT HUP; echo $$ > pid; while :; do sleep 1; done` });
      const pid = await pidIn(file('pid'));
      const ended = await stopInTime(run);
      expect(ended.ending).toEqual({ kind: 'stopped' });
      await until('the command to be gone', () => isGone(pid), 2_000);
      for (const known of run.pids()) expect(isGone(known)).toBe(true);
      expect(world.openRequests()).toBe(0);
    });

    test('stop can be repeated, and after the end it changes nothing', async () => {
      const run = play({ says: 'Quick.' });
      await run.ended;
      run.stop();
      run.stop();
      expect((await run.ended).ending).toEqual({ kind: 'done', summary: 'Quick.' });
    });

    test('stop before anything has begun ends it as well', async () => {
      const run = play({ shell: 'echo $$ > pid; sleep 60', says: 'Never said.' });
      const ended = await stopInTime(run);
      expect(ended.ending).toEqual({ kind: 'stopped' });
      for (const known of run.pids()) await until('it to be gone', () => isGone(known), 2_000);
    });

    test('what a command left running in the background does not hold up the end, nor outlive it', async () => {
      const run = play({ shell: 'sleep 300 & echo $! > pid; echo left', says: 'Left something.' });
      expect((await run.ended).ending.kind).toBe('done');
      const orphan = await pidIn(file('pid'));
      await until('the orphan to be gone', () => isGone(orphan), 2_000);
    });

    test('output without end is bounded, and its beginning and end are there', async () => {
      const ended = await play({
        shell: `echo begin; head -c 60000000 /dev/zero | tr '\\0' 'x'; echo; echo end`,
        says: 'Much was said.',
      }).ended;
      expect(ended.ending.kind).toBe('done');
      expect(world.watcher.messages.length).toBeLessThan(100);
      for (const { text } of world.watcher.messages) expect(text.length).toBeLessThanOrEqual(LONGEST);
      expect(world.watcher.messages.map(({ text }) => text).join('')).toContain('begin');
    });

    test('binary output becomes text without control characters', async () => {
      const bytes = String.raw`printf 'caf\303\251 \000\001\033[31mred\033[0m \377\376 end\n'`;
      const ended = await play({ shell: bytes, says: 'Bytes.' }).ended;
      expect(ended.ending.kind).toBe('done');
      const all = world.watcher.messages.map(({ text }) => text).join('\n');
      expect(all).toContain('café');
      expect(all).toContain('red');
      expect(all).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
    });

    test('a run whose process is killed by somebody else has crashed', async () => {
      const run = play({ shell: 'echo $$ > pid; exec sleep 300' });
      const command = await pidIn(file('pid'));
      for (const pid of run.pids().slice(0, 1)) process.kill(pid, 'SIGKILL');
      expect((await run.ended).ending.kind).toBe('crashed');
      await until('what it ran to be gone', () => isGone(command), 2_000);
      expect(world.openRequests()).toBe(0);
    });

    test('a reply reaches the run and is reported once', async () => {
      const run = play({
        shell: 'touch began; while [ ! -e go ]; do sleep 0.05; done',
        says: 'First part.',
        answersReply: 'Understood: use port 8080.',
      });
      await until('the command to run', () => fs.existsSync(file('began')));
      run.reply({ number: 3, text: 'use port 8080', author: 'ada', now: false });
      fs.writeFileSync(file('go'), '');
      const ended = await run.ended;
      expect(ended.ending).toEqual({ kind: 'done', summary: 'Understood: use port 8080.' });
      expect(world.watcher.taken).toEqual([3]);
    });

    test('a reply that says "now" interrupts what is going on', async () => {
      const run = play({
        shell: 'echo $$ > pid; exec sleep 300',
        says: 'Never said.',
        answersReply: 'Understood: stop that.',
      });
      const command = await pidIn(file('pid'));
      run.reply({ number: 4, text: 'stop that', author: 'ada', now: true });
      const ended = await run.ended;
      expect(isGone(command)).toBe(true);
      expect(ended.ending).toEqual({ kind: 'done', summary: 'Understood: stop that.' });
      expect(world.watcher.taken).toEqual([4]);
    });

    async function stopInTime(run: Running): Promise<Ended> {
      const began = performance.now();
      run.stop();
      const ended = await run.ended;
      // 700 ms are promised for the processes; the rest is what two busy cores may add.
      expect(performance.now() - began).toBeLessThan(1_500);
      return ended;
    }
  });
}
