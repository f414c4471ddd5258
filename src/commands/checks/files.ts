/** Who may read and write what lies on the disk, and how much room there is. */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../../config.ts';
import { ok, problem, warning, type Finding } from '../../core/finding.ts';
import { bytesText } from '../words.ts';

/** Numbers of `statfs` for file systems whose locks are not to be trusted with a database. */
const NETWORK: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0xff534d42: 'SMB',
  0xfe534d42: 'SMB',
  0x517b: 'SMB',
  0x01021997: '9P',
  0x65735546: 'FUSE',
  0x00c36400: 'Ceph',
};
/** Group and everybody. */
const OTHERS = 0o077;
const LITTLE_BYTES = 500_000_000;
const TOO_LITTLE_BYTES = 50_000_000;

export function examineFiles(config: Config, folder: string): readonly Finding[] {
  const database = resolve(config.databasePath);
  const data = dirname(database);
  const backups = config.backup === null ? [] : folderFor('backups', resolve(config.backup.folder));
  const archive = config.retention?.archiveFolder ?? null;
  return [
    ...folderFor('data folder', data),
    ...owner(database),
    ...secret('API key', join(data, 'api-key'), config.apiKey === null),
    ...secret('.env', join(folder, '.env'), false),
    ...backups,
    ...(archive === null ? [] : folderFor('archive', resolve(archive))),
    ...room('disk', data, database),
    ...(config.backup === null ? [] : room('backup disk', resolve(config.backup.folder), database)),
  ];
}

function folderFor(about: string, folder: string): readonly Finding[] {
  if (!existsSync(folder)) {
    if (about === 'archive')
      return [problem(about, `${folder} does not exist`, 'Make it: nothing is deleted until then.')];
    const parent = nearest(folder);
    if (isWritable(parent)) return [ok(about, `${folder} is not there yet: it is made when it is needed`)];
    return [problem(about, `${folder} cannot be made: ${parent} may not be written to`, own(parent))];
  }
  if (!isWritable(folder)) return [problem(about, `${folder} may not be written to`, own(folder))];
  if (about === 'data folder' && (statSync(folder).mode & 0o007) !== 0)
    return [warning(about, `${folder} is open to everybody on this machine`, `chmod o= ${folder}`)];
  return [ok(about, `${folder} can be written to`)];
}

const own = (path: string) => `Give it to the user that runs Athena: chown -R USER ${path}`;

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function owner(database: string): readonly Finding[] {
  const found = statSync(database, { throwIfNoEntry: false });
  const me = process.getuid?.();
  if (found === undefined || me === undefined) return [];
  if (!isWritable(database))
    return [problem('database file', `${database} may not be written to`, own(database))];
  if ((found.mode & OTHERS) !== 0)
    return [problem('database file', `${database} can be read by others`, `chmod 600 ${database}*`)];
  if (found.uid === me) return [ok('database file', 'belongs to this user and can be written to')];
  const todo = 'Run the doctor as the user that runs Athena: it may see other things than you do.';
  return [warning('database file', `belongs to user ${found.uid}, and this is user ${me}`, todo)];
}

function secret(about: string, file: string, isNeeded: boolean): readonly Finding[] {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return isNeeded ? [ok(about, 'is not there yet: the first start makes one')] : [];
  if ((found.mode & OTHERS) === 0) return [ok(about, `${file} is read by its owner alone`)];
  return [problem(about, `${file} can be read by others`, `chmod 600 ${file}`)];
}

function room(about: string, folder: string, database: string): readonly Finding[] {
  const { bavail, bsize, type } = statfsSync(nearest(folder));
  const free = bavail * bsize;
  const used = statSync(database, { throwIfNoEntry: false })?.size ?? 0;
  const says = `${bytesText(free)} free; the database has ${bytesText(used)}`;
  const network = NETWORK[type];
  const remote =
    network !== undefined && about === 'disk'
      ? [
          warning(
            about,
            `lies on ${network}`,
            "Keep the database on a local disk: SQLite's locks are not safe there.",
          ),
        ]
      : [];
  return [...remote, judge(about, says, { free, used })];
}

/** A backup, a restore and an update each need the database's size once more. */
function judge(about: string, says: string, { free, used }: { free: number; used: number }): Finding {
  const todo = 'Free some space: backups, restores and updates need room for one more copy.';
  if (free < TOO_LITTLE_BYTES) return problem(about, says, todo);
  return free < Math.max(LITTLE_BYTES, 2 * used) ? warning(about, says, todo) : ok(about, says);
}

function nearest(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearest(dirname(path));
}
