import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settleWorkspace } from '../../../cli/worker/workspace-folder.ts';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-folder-'));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const modeOf = (file: string) => fs.statSync(file).mode & 0o777;

describe('the folder of a workspace', () => {
  it('is made for this account alone', () => {
    const workspace = path.join(folder, 'a/b');
    expect(settleWorkspace(workspace)).toBeUndefined();
    expect(modeOf(workspace)).toBe(0o700);
  });

  it('is left as it is where it was there before', () => {
    fs.chmodSync(folder, 0o755);
    expect(settleWorkspace(folder)).toBeUndefined();
    expect(modeOf(folder)).toBe(0o755);
  });

  it('is refused where others may write', () => {
    fs.chmodSync(folder, 0o1777);
    expect(settleWorkspace(folder)).toContain('may be written by other accounts');
    expect(modeOf(folder)).toBe(0o777);
    expect(settleWorkspace('/tmp')).toBeDefined();
  });

  it.runIf(process.getuid?.() === 0)('is refused where it belongs to somebody else', () => {
    fs.chownSync(folder, 65_534, 65_534);
    expect(settleWorkspace(folder)).toContain('belongs to another account');
  });

  it.runIf(process.platform === 'linux')('is refused at once where no folder can be made', () => {
    expect(settleWorkspace('/proc/x')).toBe('cannot be used (ENOENT)');
    fs.writeFileSync(path.join(folder, 'file'), '');
    expect(settleWorkspace(path.join(folder, 'file'))).toBe('is no folder');
  });
});
