/**
 * Packs the client as a package, installs it into a folder of its own without any registry, and runs it:
 * what a machine gets is one file that needs nothing else.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'athena-pack-'));
try {
  const run = (command: string, args: string[]) =>
    execFileSync(command, args, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    }).trim();
  execFileSync('npm', ['pack', '--workspace', 'cli', '--silent', '--pack-destination', folder], {
    stdio: 'inherit',
  });
  const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no package');
  run('tar', ['-xzf', tarball]);
  const client = join(folder, 'package', 'dist', 'claude-task-client.mjs');
  const version = run('node', [client, '--version']);
  const direct = run(client, ['--version']);
  if (!/^\d+\.\d+\.\d+/.test(version) || version !== direct)
    throw new Error(`unexpected version: ${version} / ${direct}`);
  run('node', [client, 'claim', '--help']);
  process.stdout.write(`the packed client ${version} runs in a folder of its own\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
