/** The archive as files: what stands in it after appends, crashes, full disks and other people's editors. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Archive, TaskTrail } from '../../src/core/retention.ts';
import { createArchiveFolder } from '../../src/store/archive-folder.ts';
import { aFinishedTask, NOON } from '../support/builders.ts';
import { recordingLogger } from '../support/logger.ts';
import { aFolder } from './world.ts';

const JANUARY = 'athena-2026-01.jsonl';

let folder: string;
/** What the store still has. */
let kept: Map<number, Date>;
let logger: ReturnType<typeof recordingLogger>;
let archive: Archive;

beforeEach(() => {
  folder = aFolder();
  kept = new Map();
  logger = recordingLogger();
  archive = createArchiveFolder({
    folder,
    toEntry: ({ task }) => ({
      id: task.id,
      created_at: task.createdAt.toISOString(),
      description: task.description,
    }),
    isKept: ({ id, created_at }) => Promise.resolve(kept.get(id)?.toISOString() === created_at),
    logger,
  });
});

function trail(id: number, facts: Partial<TaskTrail['task']> = {}): TaskTrail {
  const task = aFinishedTask('completed', { id, ...facts });
  kept.set(id, task.createdAt);
  return { task, events: [], leases: [] };
}

/** Appends, and deletes as retention does. */
async function retire(...trails: TaskTrail[]): Promise<void> {
  await archive.append(trails);
  for (const { task } of trails) kept.delete(task.id);
}

const read = (name = JANUARY) => readFileSync(join(folder, name), 'utf8');
const ids = (name = JANUARY) =>
  read(name)
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { id: number }).id);

describe('files', () => {
  it('there is one for each month of completion, for its owner alone, one task per line', async () => {
    const inMay = { completedAt: new Date('2026-05-31T23:59:59.999Z') };
    const inJune = { completedAt: new Date('2026-06-01T00:00:00.000Z') };
    await retire(trail(1, inMay), trail(2, inJune), trail(3, { ...inMay, description: 'two\nlines, "😀"' }));
    await retire(trail(4, inJune));
    expect(readdirSync(folder)).toEqual(['athena-2026-05.jsonl', 'athena-2026-06.jsonl']);
    expect([ids('athena-2026-05.jsonl'), ids('athena-2026-06.jsonl')]).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(read('athena-2026-05.jsonl')).toContain('"two\\nlines, \\"😀\\""');
    expect(statSync(join(folder, 'athena-2026-05.jsonl')).mode & 0o777).toBe(0o600);
    expect(logger.lines).toEqual([]);
  });

  it('of earlier runs are added to, and never shortened by a task that is no longer kept', async () => {
    await retire(trail(1), trail(2));
    const before = read();
    await retire(trail(3));
    expect(read().startsWith(before)).toBe(true);
    expect(ids()).toEqual([1, 2, 3]);
  });

  it('that somebody took away or started anew are made again', async () => {
    await retire(trail(1));
    writeFileSync(join(folder, JANUARY), '');
    await retire(trail(2));
    expect(ids()).toEqual([2]);
  });
});

describe('a crash', () => {
  it('between writing and deleting leaves each task there once', async () => {
    await retire(trail(1));
    const batch = [trail(2), trail(3)];
    await archive.append(batch);
    // Smaller batches than before, as after a restart.
    await retire(batch[0]!);
    await retire(batch[1]!, trail(4));
    expect(ids()).toEqual([1, 2, 3, 4]);
  });

  it('in the middle of a line leaves no torn line behind, wherever it was', async () => {
    await retire(trail(1));
    const whole = statSync(join(folder, JANUARY)).size;
    const batch = [trail(2), trail(3, { description: 'é😀'.repeat(50) })];
    await archive.append(batch);
    const longest = statSync(join(folder, JANUARY)).size;
    for (let size = longest; size >= whole; size -= 1) {
      truncateSync(join(folder, JANUARY), size);
      await archive.append(batch);
      expect(ids()).toEqual([1, 2, 3]);
    }
  });

  it('is mended also where lines are longer than one look at the file', async () => {
    const long = { description: 'x'.repeat(300_000) };
    await retire(trail(1, long));
    const batch = [trail(2, long), trail(3, long)];
    await archive.append(batch);
    truncateSync(join(folder, JANUARY), statSync(join(folder, JANUARY)).size - 1000);
    await retire(...batch);
    expect(ids()).toEqual([1, 2, 3]);
  });

  it('is told of once it is mended', async () => {
    await archive.append([trail(1)]);
    await retire(trail(1));
    expect(logger.lines).toMatchObject([{ level: 'info', message: 'the end of the archive was mended' }]);
  });
});

describe('what is not ours to cut', () => {
  it('is a line without its end whose task is gone: it gets its end', async () => {
    await retire(trail(1));
    truncateSync(join(folder, JANUARY), statSync(join(folder, JANUARY)).size - 1);
    await retire(trail(2));
    expect(ids()).toEqual([1, 2]);
  });

  it('is a line that says something else', async () => {
    await retire(trail(1));
    appendFileSync(join(folder, JANUARY), 'null\n{"note": "moved here by hand"}\n');
    await retire(trail(2));
    expect(read().split('\n').slice(1, 3)).toEqual(['null', '{"note": "moved here by hand"}']);
    expect(read().split('\n')).toHaveLength(5);
  });

  it('is a task of before a restore, although another one has its id now', async () => {
    await retire(trail(7));
    await retire(trail(7, { createdAt: new Date(NOON.getTime() + 1) }));
    expect(ids()).toEqual([7, 7]);
  });
});

describe('an archive that cannot be written rejects, and works again when it can', () => {
  it('without its folder, which it does not make: it may be a disk that is not mounted', async () => {
    rmdirSync(folder);
    await expect(archive.append([trail(1)])).rejects.toThrow('ENOENT');
    expect(existsSync(folder)).toBe(false);
    mkdirSync(folder);
    await retire(trail(1));
    expect(ids()).toEqual([1]);
  });

  it('with something else in the place of its file', async () => {
    mkdirSync(join(folder, JANUARY));
    await expect(archive.append([trail(1)])).rejects.toThrow('EISDIR');
    rmdirSync(join(folder, JANUARY));
    await retire(trail(1));
    expect(ids()).toEqual([1]);
  });

  it('on a disk that is full', async () => {
    symlinkSync('/dev/full', join(folder, JANUARY));
    await expect(archive.append([trail(1)])).rejects.toThrow('ENOSPC');
    rmSync(join(folder, JANUARY));
    await retire(trail(1));
    expect(ids()).toEqual([1]);
  });
});
