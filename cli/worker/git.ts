/**
 * The only way in which the worker runs git. The repository is always named, never looked for; no configuration of
 * the machine or of the account is read, no hook, file monitor, credential helper or pager is run, nothing is asked on
 * a terminal, and of the worker's environment only PATH gets in. What such a repository is made of is up to the
 * callers: none of them names a GIT_DIR that a run could have written to.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { GitError, gitError, saidByGit } from './git-fault.ts';
import { noteOwnChild } from './own-children.ts';

export interface GitCall {
  readonly gitDir: string;
  readonly workTree?: string;
  readonly indexFile?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  /** Exit codes besides 0 that are an answer, not a failure. */
  readonly answers?: readonly number[];
  readonly timeoutMs?: number;
  readonly maxOutputBytes?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface GitOutput {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** `stdout` as UTF-8, without the blanks at its ends. */
  readonly text: string;
}

export interface Git {
  /** Rejects with `GitError`. */
  run(args: readonly string[], call: GitCall): Promise<GitOutput>;
}

export interface GitDeps {
  /** Where programs are looked for; git itself runs others. */
  readonly searchPath: string;
  readonly program?: string;
}

const MINUTE_MS = 60_000;
const MAX_OUTPUT = 64 * 1024 * 1024;
const MAX_ERRORS = 64 * 1024;
/** Between being told to end and being killed: git removes its lock files meanwhile. */
const GRACE_MS = 2000;

const SETTINGS = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.untrackedCache=false',
  'core.attributesFile=/dev/null',
  'core.excludesFile=/dev/null',
  // Both say what lies in the objects, and are believed: neither is needed.
  'core.commitGraph=false',
  'core.multiPackIndex=false',
  'core.quotePath=false',
  'core.askPass=',
  'credential.helper=',
  'http.followRedirects=false',
  'http.proxy=',
  'protocol.ext.allow=never',
  'submodule.recurse=false',
  'fetch.recurseSubmodules=false',
  'push.recurseSubmodules=no',
  'push.gpgSign=false',
  'fetch.fsckObjects=false',
  'gc.auto=0',
  'maintenance.auto=false',
];

const FIXED_ENV = {
  LC_ALL: 'C',
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ALLOW_PROTOCOL: 'file:http:https:ssh',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_GRAFT_FILE: '/dev/null',
  GIT_NO_LAZY_FETCH: '1',
  GIT_OPTIONAL_LOCKS: '0',
  // The worker's proxy is on the loopback, and goes through other proxies by itself.
  NO_PROXY: '*',
};

export function createGit({ searchPath, program = 'git' }: GitDeps): Git {
  return {
    run(args, call) {
      const settings = SETTINGS.flatMap((setting) => ['-c', setting]);
      const child = spawn(program, [...settings, ...args], {
        cwd: '/',
        // A group of its own: what git starts ends with it.
        detached: true,
        stdio: ['pipe', 'pipe', 'pipe'],
        env: {
          ...FIXED_ENV,
          PATH: searchPath,
          GIT_DIR: call.gitDir,
          ...(call.workTree !== undefined && { GIT_WORK_TREE: call.workTree }),
          ...(call.indexFile !== undefined && { GIT_INDEX_FILE: call.indexFile }),
          ...call.env,
        },
      });
      noteOwnChild(child);
      return outcome(child, call);
    },
  };
}

function outcome(child: ChildProcess, call: GitCall): Promise<GitOutput> {
  return new Promise((resolve, reject) => {
    const output = collect(child, call.maxOutputBytes ?? MAX_OUTPUT);
    let ended: GitError | undefined;
    const end = (why: GitError) => {
      ended ??= why;
      endGroup(child);
    };
    const late = setTimeout(
      () => {
        end(gitError('timeout'));
      },
      call.timeoutMs ?? 10 * MINUTE_MS,
    );
    const stop = () => {
      end(new GitError('timeout', 'Git was ended.'));
    };
    output.tooLarge(() => {
      end(new GitError('other', 'Git said more than there is room for.'));
    });
    call.signal?.addEventListener('abort', stop);
    if (call.signal?.aborted === true) stop();
    const settle = (act: () => void) => {
      clearTimeout(late);
      call.signal?.removeEventListener('abort', stop);
      act();
    };
    child.once('error', (error) => {
      settle(() => {
        reject(new GitError('other', 'Git cannot be started: is it installed?', { detail: error.message }));
      });
    });
    child.once('close', (code, signal) => {
      settle(() => {
        const result = { code: code ?? -1, ...output.taken() };
        const isAnswer = code !== null && (code === 0 || (call.answers ?? []).includes(code));
        if (ended !== undefined) reject(ended);
        else if (isAnswer) resolve(result);
        else if (signal !== null) reject(gitError('killed', `it was ended by ${signal}`));
        else reject(saidByGit(result.stderr));
      });
    });
    // Git may end before it has read everything.
    child.stdin?.on('error', () => {});
    child.stdin?.end(call.input ?? '');
  });
}

function collect(child: ChildProcess, most: number) {
  const chunks: Buffer[] = [];
  let size = 0;
  let stderr = '';
  let onTooLarge = () => {};
  child.stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > most) onTooLarge();
    else chunks.push(chunk);
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-MAX_ERRORS);
  });
  return {
    tooLarge: (act: () => void) => {
      onTooLarge = act;
    },
    taken: () => {
      const stdout = Buffer.concat(chunks);
      return { stdout, stderr, text: stdout.toString('utf8').trim() };
    },
  };
}

function endGroup(child: ChildProcess): void {
  const tell = (signal: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // It is gone.
    }
  };
  tell('SIGTERM');
  const last = setTimeout(() => {
    tell('SIGKILL');
  }, GRACE_MS);
  child.once('close', () => {
    clearTimeout(last);
    // What git had started may outlive it by a moment, and holds nothing that is needed.
    tell('SIGKILL');
  });
}
