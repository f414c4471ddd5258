/** An `npm` that "installs" the Agent SDK without a network: a few small files with the names and sums of the real ones. */
import fs from 'node:fs';
import path from 'node:path';

const NAME = '@anthropic-ai/claude-agent-sdk';
const LOCK = path.join(import.meta.dirname, '../../agent/package-lock.json');

interface Lock {
  readonly packages: Readonly<Record<string, { version: string; integrity?: string }>>;
}

/** A folder for the PATH. */
export function makeFakeNpm(folder: string, over: { integrity?: string; fails?: string } = {}): string {
  const bin = path.join(folder, 'bin');
  const modules = path.join(folder, 'modules');
  const platform = `${NAME}-${process.platform}-${process.arch}`;
  const { packages } = JSON.parse(fs.readFileSync(LOCK, 'utf8')) as Lock;
  const installed = Object.fromEntries(
    [NAME, platform].map((name) => {
      const key = `node_modules/${name}`;
      return [key, { ...packages[key], ...(over.integrity !== undefined && { integrity: over.integrity }) }];
    }),
  );
  for (const name of [NAME, platform]) fs.mkdirSync(path.join(modules, name), { recursive: true });
  fs.mkdirSync(bin, { recursive: true });
  fs.writeFileSync(path.join(modules, '.package-lock.json'), JSON.stringify({ packages: installed }));
  fs.writeFileSync(path.join(modules, NAME, 'sdk.mjs'), 'export const query = () => {};\n');
  program(path.join(modules, platform, 'claude'), 'echo "2.1.329 (Claude Code)"');
  program(
    path.join(bin, 'npm'),
    over.fails === undefined
      ? `echo "$@" > "${folder}/asked"; cp -R "${modules}" ./node_modules`
      : `echo "npm error ${over.fails}" >&2; exit 1`,
  );
  return bin;
}

function program(file: string, script: string): void {
  fs.writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}
