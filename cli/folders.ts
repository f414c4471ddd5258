/** Where each platform keeps a program's settings and its state. */
import path from 'node:path';

const NAME = 'claude-task-client';

export interface Place {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

export function configFolder({ platform, env, home }: Place): string {
  if (platform === 'win32') {
    return path.win32.join(env['APPDATA'] || path.win32.join(home, 'AppData', 'Roaming'), NAME);
  }
  if (platform === 'darwin') return path.posix.join(home, 'Library', 'Application Support', NAME);
  return path.posix.join(absolute(env['XDG_CONFIG_HOME']) ?? path.posix.join(home, '.config'), NAME);
}

export function stateFolder({ platform, env, home }: Place): string {
  if (platform === 'win32') {
    return path.win32.join(env['LOCALAPPDATA'] || path.win32.join(home, 'AppData', 'Local'), NAME);
  }
  if (platform === 'darwin') return path.posix.join(configFolder({ platform, env, home }), 'state');
  return path.posix.join(absolute(env['XDG_STATE_HOME']) ?? path.posix.join(home, '.local', 'state'), NAME);
}

/** The XDG rules: a relative path is to be ignored. */
function absolute(folder: string | undefined): string | undefined {
  return folder !== undefined && path.posix.isAbsolute(folder) ? folder : undefined;
}
