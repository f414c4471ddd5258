/**
 * What `sandbox: true` means. Commands see the system, the run's own folders and what the clone borrows; home folders
 * and the worker's workspace are not there for them. They write to the run's folders only, and Claude's own tools for
 * files keep to the same.
 */
import path from 'node:path';
import type { Brief } from './executor.ts';
import type { SdkOptions } from './claude-sdk.ts';

export function sandboxOf({ folders, env, fences }: Brief): SdkOptions {
  const root = path.dirname(folders.tree);
  return {
    sandbox: {
      enabled: true,
      failIfUnavailable: true,
      allowUnsandboxedCommands: false,
      filesystem: {
        allowWrite: [folders.home, folders.temp],
        denyRead: [...(fences?.closed ?? [])],
        allowRead: [root, ...(fences?.open ?? []), ...programFolders(env['PATH'] ?? '')],
      },
    },
    settings: {
      permissions: {
        blockReadsOutsideWorkingDirectories: true,
        blockWritesOutsideWorkingDirectories: true,
        // Attachments lie beside the clone.
        blockReadsExemptPaths: [root],
      },
    },
  };
}

/** Programs that are installed in a home folder, with the libraries beside them. */
function programFolders(searchPath: string): string[] {
  const folders = searchPath.split(':').filter((folder) => path.isAbsolute(folder));
  return folders.flatMap((folder) => {
    const isBin = path.basename(folder) === 'bin';
    return isBin ? [folder, path.join(path.dirname(folder), 'lib')] : [folder];
  });
}
