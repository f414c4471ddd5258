/** The whole environment of whatever a run starts. Of the worker's own only what its project names gets in. */
import type { RunFolders } from './executor.ts';
import { MARK_VARIABLE } from './process-sweep.ts';
import type { Secrets } from './secrets.ts';
import type { ProjectSettings } from './settings.ts';

export interface EnvParts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly secrets: Pick<Secrets, 'get'>;
  readonly project: Pick<ProjectSettings, 'env'>;
  readonly folders: RunFolders;
  /** By which every process of the run is found again. */
  readonly mark: string;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function runEnv({ env, secrets, project, folders, mark }: EnvParts): Record<string, string> {
  const passed = project.env.pass.flatMap((name) => {
    const value = secrets.get(name) ?? env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    PATH: env['PATH'] ?? PATH,
    LANG: env['LANG'] ?? 'C.UTF-8',
    SHELL: '/bin/sh',
    ...Object.fromEntries(passed),
    ...project.env.set,
    HOME: folders.home,
    TMPDIR: folders.temp,
    [MARK_VARIABLE]: mark,
  };
}
