/** The folder of the workspace itself: made for this account alone, or found, and then left as it is. */
import fs from 'node:fs';
import path from 'node:path';
import { codeOf } from '../errors.ts';

/** Made if it is not there. Returns why it cannot be used, to be put after its name; undefined where it can. */
export function settleWorkspace(workspace: string): string | undefined {
  try {
    make(workspace);
    const stat = fs.statSync(workspace);
    const problem = strangerIn(stat);
    if (problem !== undefined) return problem;
    fs.accessSync(workspace, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
    return undefined;
  } catch (error) {
    return `cannot be used (${codeOf(error)})`;
  }
}

/** Step by step: `mkdir` with "recursive" never ends where a system refuses folders, as below /proc. */
function make(folder: string): void {
  const parent = path.dirname(folder);
  if (parent !== folder && !fs.existsSync(parent)) make(parent);
  try {
    fs.mkdirSync(folder, { mode: 0o700 });
    // Whatever the umask.
    fs.chmodSync(folder, 0o700);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** What lies in it decides what the worker runs and pushes: nobody else may put anything there. */
function strangerIn(stat: fs.Stats): string | undefined {
  const user = process.getuid?.();
  if (!stat.isDirectory()) return 'is no folder';
  if (user === undefined) return undefined;
  if (isOpen(stat)) return 'may be written by other accounts: take a folder of its own, or "chmod 700" it';
  // A volume that is handed to this account by its group stays root's.
  const isOurs = stat.uid === user || (stat.uid === 0 && (stat.mode & 0o020) !== 0);
  return isOurs ? undefined : 'belongs to another account: take a folder of its own';
}

/** The account's own group is itself, as most systems set it up. */
function isOpen({ mode, gid }: fs.Stats): boolean {
  return (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== process.getgid?.());
}
