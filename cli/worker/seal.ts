/**
 * Whether anything under a folder of objects was touched since it was last looked at. The time of change of a file
 * cannot be set by an account that is not root, so that comparing a few numbers finds what hashing would.
 */
import fs from 'node:fs';
import path from 'node:path';
import { readIfThere, writePrivate } from '../files.ts';

export function writeSeal(folder: string, file: string): void {
  writePrivate(file, sealOf(folder));
}

/** `none`: it was never sealed, or the seal was lost. */
export function checkSeal(folder: string, file: string): 'intact' | 'touched' | 'none' {
  const sealed = readIfThere(file);
  if (sealed === undefined) return 'none';
  return sealed === sealOf(folder) ? 'intact' : 'touched';
}

function sealOf(folder: string): string {
  const lines: string[] = [];
  const visit = (current: string) => {
    for (const name of fs.readdirSync(current).sort()) {
      const entry = path.join(current, name);
      const stat = fs.lstatSync(entry, { bigint: true });
      const kind = stat.isDirectory() ? 'folder' : `${stat.ino} ${stat.size} ${stat.ctimeNs}`;
      lines.push(`${path.relative(folder, entry)} ${kind}`);
      if (stat.isDirectory()) visit(entry);
    }
  };
  visit(folder);
  return `${lines.join('\n')}\n`;
}

/** Best effort against a run of the same account, which could undo it; whole against a slip. */
export function setWritable(folder: string, isWritable: boolean): void {
  fs.chmodSync(folder, isWritable ? 0o700 : 0o500);
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) setWritable(path.join(folder, entry.name), isWritable);
  }
}
