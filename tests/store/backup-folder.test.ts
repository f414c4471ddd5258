/** Rotation, and the process that makes a scheduled backup. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { nameBackup, rotateBackups } from '../../src/store/backup-folder.ts';
import { createBackupShelf } from '../../src/store/backup-process.ts';
import { verifyDatabase } from '../../src/store/verify.ts';
import { aFolder, aWorld } from './world.ts';

const NOW = new Date('2026-03-10T12:00:00.000Z');
const day = (number: number) => `athena-2026-03-${String(number).padStart(2, '0')}T040000Z.db`;

function folderWith(...names: string[]): string {
  const folder = aFolder();
  for (const name of names) writeFileSync(join(folder, name), '');
  return folder;
}

it('keeps the newest and deletes the rest with their checksums, whatever else lies there', () => {
  const others = ['tasks.db', 'athena-notes.db', `${day(1)}.bak`, `old-${day(1)}`, 'athena-2026-03-01.db'];
  const folder = folderWith(
    ...others,
    day(1),
    `${day(1)}.sha256`,
    day(2),
    day(3),
    `${day(3)}.sha256`,
    day(9),
  );
  expect(rotateBackups(folder, 2, NOW)).toEqual([day(1), day(2)].map((name) => join(folder, name)));
  expect(readdirSync(folder).sort()).toEqual([...others, day(3), `${day(3)}.sha256`, day(9)].sort());
});

it('never deletes for the sake of a backup that is not whole, or from the future', () => {
  const future = 'athena-2031-01-01T040000Z.db';
  const folder = folderWith(day(1), `${day(2)}.part`, future);
  expect(rotateBackups(folder, 1, NOW)).toEqual([]);
  expect(readdirSync(folder)).toHaveLength(3);
});

it('a folder that is not there yet holds nothing', () => {
  const shelf = createBackupShelf({ path: 'tasks.db', folder: join(aFolder(), 'new'), keep: 3 });
  expect(shelf.newest(NOW)).toBeNull();
  expect(shelf.rotate(NOW)).toEqual([]);
});

const fromSources = ['--import', 'tsx'];

it('makes a backup in a process of its own, named by its time, and takes away what was cut short', async () => {
  const world = await aWorld({ path: join(aFolder(), 'tasks.db') });
  await world.run(world.tasks.submit({ description: 'one' }));
  const folder = join(aFolder(), 'made', 'for', 'it');
  const shelf = createBackupShelf({ path: world.path, folder, keep: 1, execArgv: fromSources });
  const first = await shelf.make(NOW);
  expect(first).toMatchObject({ file: join(folder, nameBackup(NOW)), tasks: 1, events: 1 });
  expect(shelf.newest(NOW)).toEqual(NOW);

  writeFileSync(join(folder, `${day(9)}.part`), 'half');
  const later = new Date(NOW.getTime() + 1000);
  const second = await shelf.make(later);
  expect(shelf.rotate(later)).toEqual([first.file]);
  expect(readdirSync(folder).sort()).toEqual([nameBackup(later), `${nameBackup(later)}.sha256`]);
  expect(verifyDatabase(second.file, 'it').tasks).toBe(1);
});

it('says why it failed, in the words of the backup', async () => {
  const folder = aFolder();
  const shelf = createBackupShelf({ path: join(folder, 'no.db'), folder, keep: 1, execArgv: fromSources });
  await expect(shelf.make(NOW)).rejects.toThrow(/There is no database/);
});

it('is ended by a stop, and nothing is left of it', async () => {
  const world = await aWorld({ path: join(aFolder(), 'tasks.db') });
  const filler = 'x'.repeat(3900);
  await Promise.all(
    Array.from({ length: 5000 }, () => world.run(world.tasks.submit({ description: filler }))),
  );
  const folder = aFolder();
  const shelf = createBackupShelf({ path: world.path, folder, keep: 1, execArgv: fromSources });
  onTestFinished(() => shelf.stop());
  const making = shelf.make(NOW).catch((error: unknown) => error);
  while (!existsSync(join(folder, `${nameBackup(NOW)}.part`)))
    await new Promise((resolve) => setImmediate(resolve));
  await shelf.stop();
  expect(await making).toBeInstanceOf(Error);
  expect(readdirSync(folder)).toEqual([]);
});
