/**
 * Git in a person's own clone, with their settings and credentials, for the few things that `checkout` does. What
 * comes from the server is never an option: names are checked, and given as whole refs.
 */
import { ClientError, codeOf, usageError } from './errors.ts';
import { safeLine } from './text.ts';

export interface PersonGit {
  /** Standard output without the blanks at its end; a `ClientError` with git's own words where it fails. */
  run(...args: string[]): Promise<string>;
  /** The same, and undefined where it fails. */
  attempt(...args: string[]): Promise<string | undefined>;
}

interface GitPlace {
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Somebody is there to be asked for a password. */
  readonly isInteractive: boolean;
}

const MINUTE_MS = 60_000;
const MOST_BYTES = 16 * 1024 * 1024;

/** Not what the branch could bring along: transports that run programs, and submodules of its own. */
const SETTINGS = [
  '-c',
  'protocol.ext.allow=never',
  '-c',
  'submodule.recurse=false',
  '-c',
  'fetch.recurseSubmodules=false',
];

export function createPersonGit({ folder, env, signal, isInteractive }: GitPlace): PersonGit {
  const { execFile } = process.getBuiltinModule('node:child_process');
  const asked = isInteractive ? {} : { GIT_TERMINAL_PROMPT: '0' };
  const options = {
    cwd: folder,
    signal,
    timeout: 10 * MINUTE_MS,
    maxBuffer: MOST_BYTES,
    windowsHide: true,
    // In the language that its words are read in.
    env: { ...env, LC_ALL: 'C', ...asked },
  };
  const run = (...args: string[]) =>
    new Promise<string>((resolve, reject) => {
      execFile('git', [...SETTINGS, ...args], options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout.trimEnd());
        else reject(failure(args[0] ?? '', error, stderr));
      });
    });
  return {
    run,
    attempt: (...args) =>
      run(...args).catch((error: unknown) => {
        if (error instanceof ClientError && error.code === 'git_failed') return undefined;
        throw error;
      }),
  };
}

function failure(command: string, error: Error & { killed?: boolean }, stderr: string): ClientError {
  if (codeOf(error) === 'ENOENT')
    return usageError('Git cannot be found on this machine.', 'Install it first.');
  if (codeOf(error) === 'ABORT_ERR') return new ClientError('interrupted', 'Interrupted.');
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('hint:'));
  const said = lines.find((line) => /^(error|fatal):/.test(line)) ?? lines.at(-1) ?? error.message;
  const why = error.killed === true ? 'it took too long' : safeLine(said.replace(/^(error|fatal): /, ''));
  const inTheWay = untrackedIn(stderr);
  if (inTheWay.length > 0) return untracked(inTheWay);
  return new ClientError('git_failed', `git ${command}: ${why.replace(/[.:]$/, '')}.`);
}

const MOST_NAMED = 10;

/** Each on a line of its own, after a tab. */
function untrackedIn(stderr: string): string[] {
  const [, list = ''] =
    /untracked working tree files would be overwritten[^\n]*\n((?:\t[^\n]*\n)+)/.exec(stderr) ?? [];
  return list
    .split('\n')
    .map((line) => safeLine(line.trim()))
    .filter((name) => name !== '');
}

function untracked(names: readonly string[]): ClientError {
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  const named = `${names.slice(0, MOST_NAMED).join(', ')}${more}`;
  return new ClientError(
    'untracked_files',
    `The branch brings files that lie here already, and git does not know yours: ${named}.`,
    {
      hint: 'Move or remove them, or put them aside with "git stash --include-untracked", and run it again.',
    },
  );
}

/** What git takes for a branch, and nothing that a shell or an option parser could take for something else. */
export function isPlainBranch(name: string): boolean {
  return (
    /^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/.test(name) &&
    !/\.\.|\/\/|\/\.|\.lock(\/|$)|[./]$/.test(name) &&
    name !== 'HEAD'
  );
}
