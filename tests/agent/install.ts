/**
 * Before the tests with the real Agent SDK: installs what the lock of this folder names, unless it is there. Where that
 * cannot be done the tests are skipped, loudly, and counted; with ATHENA_REQUIRE_AGENT=1 it is a failure.
 */
import { spawnSync } from 'node:child_process';
import { findSdk } from '../../cli/worker/sdk-home.ts';

/** It is 240 MB; a registry that hangs is one that cannot be had. */
const INSTALL_MS = 10 * 60_000;

export function setup(): void {
  const folder = import.meta.dirname;
  if (findSdk(folder).kind === 'ready') return;
  const options = { cwd: folder, encoding: 'utf8', timeout: INSTALL_MS } as const;
  const npm = spawnSync('npm', ['ci', '--ignore-scripts'], options);
  const found = findSdk(folder);
  if (found.kind === 'ready') return;
  const why = `${found.detail}\n${(npm.stderr || String(npm.error ?? '')).slice(-2_000)}`;
  if (process.env['ATHENA_REQUIRE_AGENT'] === '1') throw new Error(`ATHENA_REQUIRE_AGENT=1, but: ${why}`);
  console.error(`\nSKIPPED: the tests with the real Agent SDK did not run. ${why}\n`);
}
