/**
 * Before git looks at the tree of a run: folders that its owner may not read are opened, since git leaves them out
 * without a word, and what git would wait for, or read without end, is moved aside: it opens by its name alone whatever
 * is called like its files of patterns.
 */
import fs from 'node:fs';
import path from 'node:path';
import { isTooLarge } from './file-size.ts';
import type { Workspace } from './workspace-shape.ts';

type Opened = Pick<Workspace, 'root' | 'folders'>;

const PATTERNS = ['.gitignore', '.gitattributes'];
const MOST_NAMED = 10;

/** Returns a sentence about what was moved. Never rejects: what cannot be opened is told by git. */
export async function openTree({ root, folders }: Opened): Promise<string[]> {
  const moved: string[] = [];
  openFolder(root, 0o700);
  await walk(Buffer.from(folders.tree), (file) => {
    moveAside(file, folders.temp);
    moved.push(path.relative(folders.tree, file.toString('utf8')).replace(/[\u0000-\u001f\u007f]/g, '?'));
  });
  if (moved.length === 0) return [];
  const more = moved.length > MOST_NAMED ? ` and ${moved.length - MOST_NAMED} more` : '';
  return [`Left out, since git cannot read patterns there: ${moved.slice(0, MOST_NAMED).join(', ')}${more}.`];
}

const SLASH = Buffer.from('/');

async function walk(folder: Buffer, found: (file: Buffer) => void): Promise<void> {
  openFolder(folder, 0o500);
  const entries = await fs.promises
    .readdir(folder, { encoding: 'buffer', withFileTypes: true })
    .catch(() => []);
  for (const entry of entries) {
    const one = Buffer.concat([folder, SLASH, entry.name]);
    if (entry.isDirectory()) await walk(one, found);
    else if (PATTERNS.includes(entry.name.toString('latin1')) && isEndless(one)) found(one);
  }
}

function openFolder(folder: string | Buffer, least: number): void {
  try {
    const { mode } = fs.lstatSync(folder);
    if ((mode & fs.constants.S_IFMT) !== fs.constants.S_IFDIR || (mode & least) === least) return;
    fs.chmodSync(folder, (mode & 0o7777) | least);
  } catch {
    // It is gone, or somebody else's.
  }
}

/** Links are not followed by git. */
function isEndless(file: Buffer): boolean {
  try {
    const stat = fs.lstatSync(file);
    return stat.isFIFO() || stat.isCharacterDevice() || stat.isBlockDevice() || isTooLarge(stat);
  } catch {
    return false;
  }
}

/** Where the run still finds it, if it lives. */
function moveAside(file: Buffer, temp: string): void {
  try {
    fs.renameSync(file, path.join(temp, `aside-${path.basename(file.toString('utf8'))}-${Date.now()}`));
  } catch {
    fs.rmSync(file, { force: true });
  }
}
