/**
 * Puts the Agent SDK into its folder: unpacked by npm beside it, looked at, and only then moved into its place, so that
 * a worker never finds half of it.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { codeOf } from '../errors.ts';
import { removeTree, type Trash } from './disk.ts';
import { createErrorTail } from './error-tail.ts';
import { findSdk, SDK_NAME, SDK_VERSION } from './sdk-home.ts';

export interface InstallDeps {
  /** Where it is to lie. */
  readonly folder: string;
  readonly trash: Trash;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Told every few seconds while it goes on. */
  readonly progress: (bytes: number) => void;
}

const PROGRESS_MS = 5_000;
const TIMEOUT_MS = 20 * 60_000;

/** Null: it is there. Else why not, as a sentence. */
export async function installSdk(deps: InstallDeps): Promise<string | null> {
  const parent = path.dirname(deps.folder);
  fs.mkdirSync(parent, { recursive: true, mode: 0o700 });
  const unpacked = fs.mkdtempSync(path.join(parent, '.sdk-'));
  try {
    const failure = await runNpm(unpacked, deps);
    if (failure !== null) return failure;
    const found = findSdk(unpacked);
    if (found.kind === 'missing') return `What npm brought is not what was expected: ${found.why}`;
    deps.trash.discard(deps.folder);
    fs.renameSync(unpacked, deps.folder);
    await deps.trash.empty();
    return null;
  } finally {
    await removeTree(unpacked);
  }
}

function runNpm(folder: string, { env, signal, progress }: InstallDeps): Promise<string | null> {
  const wanted = [...['install', '--prefix', folder, `${SDK_NAME}@${SDK_VERSION}`], ...HOW];
  return new Promise((resolve) => {
    const npm = spawn('npm', wanted, {
      cwd: folder,
      env: { ...env },
      signal,
      timeout: TIMEOUT_MS,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const errors = createErrorTail();
    npm.stderr.on('data', (chunk: Buffer) => {
      errors.add(chunk);
    });
    const timer = setInterval(() => {
      progress(bytesIn(folder));
    }, PROGRESS_MS);
    const settle = (failure: string | null) => {
      clearInterval(timer);
      resolve(failure);
    };
    npm.once('error', (error) => {
      settle(codeOf(error) === 'ENOENT' ? 'npm is not installed.' : `npm: ${error.message}.`);
    });
    npm.once('close', (code) => {
      settle(
        code === 0
          ? null
          : `npm could not install it: ${reasonIn(errors.text()) || `exit code ${code ?? '?'}`}`,
      );
    });
  });
}

/** Whatever the account's own configuration of npm says. */
const HOW = [
  ...['--ignore-scripts', '--include=optional', '--global=false', '--no-audit', '--no-fund'],
  ...['--no-update-notifier', '--package-lock=true', '--loglevel=error'],
];

function reasonIn(errors: string): string {
  const lines = errors.split('\n').map((line) => line.replace(/^npm (error|ERR!)\s*/, '').trim());
  return lines
    .filter((line) => line !== '' && !/complete log|^code |^\S+\.log$/.test(line))
    .join(' ')
    .slice(0, 300);
}

function bytesIn(folder: string): number {
  try {
    return fs.readdirSync(folder, { recursive: true, withFileTypes: true }).reduce((sum, entry) => {
      if (!entry.isFile()) return sum;
      return (
        sum + (fs.statSync(path.join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0)
      );
    }, 0);
  } catch {
    // npm moves folders about while it works.
    return 0;
  }
}
