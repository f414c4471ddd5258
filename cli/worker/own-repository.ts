/**
 * Repositories of the worker's own: a GIT_DIR that is written file by file, so that nothing but these lines is its
 * configuration. It is put back into that state before every use; what a run of the same account might change in the
 * moment between is what only a sandbox or another account keeps off.
 */
import fs from 'node:fs';
import path from 'node:path';
import { codeOf } from '../errors.ts';

export interface OwnRepository {
  readonly isBare: boolean;
  /** Folders of objects that it borrows. */
  readonly alternates: readonly string[];
  /** More lines of configuration. */
  readonly settings?: string;
}

/** What stays when it is put back: objects, refs, and the index with its knowledge of what was looked at. */
const CONTENT = ['objects', 'refs', 'packed-refs', 'index'];

const MAC_FOLDERS = '\tignorecase = true\n\tprecomposeunicode = true\n';

export function settleRepository(gitDir: string, { isBare, alternates, settings = '' }: OwnRepository): void {
  fs.mkdirSync(gitDir, { recursive: true, mode: 0o700 });
  for (const name of fs.readdirSync(gitDir)) {
    const entry = path.join(gitDir, name);
    const isWanted = CONTENT.includes(name) && !fs.lstatSync(entry).isSymbolicLink();
    if (!isWanted) fs.rmSync(entry, { recursive: true, force: true });
  }
  fs.rmSync(path.join(gitDir, 'refs/replace'), { recursive: true, force: true });
  for (const folder of ['objects/info', 'objects/pack', 'refs/heads']) {
    fs.mkdirSync(path.join(gitDir, folder), { recursive: true, mode: 0o700 });
  }
  const macOnly = process.platform === 'darwin' ? MAC_FOLDERS : '';
  fs.writeFileSync(
    path.join(gitDir, 'config'),
    `[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = ${String(isBare)}\n${macOnly}${settings}`,
  );
  fs.writeFileSync(path.join(gitDir, 'HEAD'), 'ref: refs/heads/none\n');
  writeAlternates(gitDir, alternates);
}

/** Of refs, by a git that was killed. Only where no other git is at work. */
export function dropRefLocks(gitDir: string): void {
  const refs = path.join(gitDir, 'refs');
  if (!fs.existsSync(refs)) return;
  for (const entry of fs.readdirSync(refs, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && entry.name.endsWith('.lock')) fs.rmSync(path.join(entry.parentPath, entry.name));
  }
}

function writeAlternates(gitDir: string, alternates: readonly string[]): void {
  const file = path.join(gitDir, 'objects/info/alternates');
  const text = alternates.map((folder) => `${folder}\n`).join('');
  if (text === readOrEmpty(file)) return;
  fs.rmSync(file, { force: true });
  fs.writeFileSync(file, text);
}

function readOrEmpty(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}
