/**
 * Which compose implementation reads the files, best first: the plugin of this machine's docker client, Docker's
 * standalone binary, the one of Debian 13. Older ones (1.x in Python, podman-compose before 1.1) do not know
 * `env_file` with `required`, and the files say that they need 2.24.
 */
import { composeFrom } from './base.ts';
import type { Lab } from './lab.ts';
import { SkipError } from './report.ts';
import { has, run } from './run.ts';

export interface ComposeTool {
  readonly command: readonly string[];
  readonly version: string;
}

export async function findCompose(lab: Lab, base: () => Promise<string>): Promise<ComposeTool> {
  const installed = [
    { program: 'docker', command: ['docker', 'compose'] },
    { program: 'docker-compose', command: ['docker-compose'] },
  ];
  for (const { program, command } of installed) {
    const tool = has(program) ? await probe(command) : undefined;
    if (tool) return tool;
  }
  const tool = await probe([await composeFrom(await base(), lab)]);
  if (!tool) throw new SkipError('no Docker Compose of 2.24 or newer is here');
  return tool;
}

async function probe(command: readonly string[]): Promise<ComposeTool | undefined> {
  const { code, stdout } = await run([...command, 'version', '--short']);
  const [, major = '0', minor = '0'] = /^v?(\d+)\.(\d+)/.exec(stdout.trim()) ?? [];
  const isNewEnough = Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 24);
  return code === 0 && isNewEnough ? { command, version: stdout.trim() } : undefined;
}
