/**
 * A project's repository for the length of one operation: a URL that git can use, behind which the credentials are.
 * Over HTTP that is a proxy of its own. A local path is used as it is, its hooks on receiving included: they are the
 * remote's. Over ssh git uses the machine's own agent and known hosts, and no token.
 */
import { EnvHttpProxyAgent, type Dispatcher } from 'undici';
import { GitError } from './git-fault.ts';
import { openGitProxy } from './git-proxy.ts';
import type { AllowedRefs } from './push-filter.ts';
import { kindOf, publicAddress } from './repository-address.ts';
import type { ProjectSettings } from './settings.ts';

export interface Remote {
  readonly url: string;
  /** More variables for the git that uses it. */
  readonly env: Readonly<Record<string, string>>;
  /** Aborted when nobody waits for that git any longer. */
  readonly signal: AbortSignal;
}

export interface Remotes {
  /** `push`: what may be pushed; null for a fetch. Rejects with `GitError`, in words about the real repository. */
  use<T>(target: Target, push: AllowedRefs | null, act: (remote: Remote) => Promise<T>): Promise<T>;
  /** The same, for as long as `signal` is not aborted either. */
  until(signal: AbortSignal): Remotes;
  /** Aborted: nothing goes to a repository, or comes from one, any more. */
  readonly over: AbortSignal;
  close(): Promise<void>;
}

export interface Target extends Pick<ProjectSettings, 'name' | 'repo'> {
  /** Asked right before a push goes out, where the repository is behind a proxy of ours; left out: it may. */
  readonly mayPush?: () => Promise<boolean>;
}

export interface RemotesDeps {
  readonly tokenOf: (project: string) => string | undefined;
  /** The worker's environment: proxies, and the socket of the ssh agent. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends whatever git is under way to a repository. */
  readonly signal?: AbortSignal;
}

export function createRemotes(deps: RemotesDeps): Remotes {
  let shared: Dispatcher | undefined;
  const dispatcher = () => (shared ??= createDispatcher(deps.env));
  const close = async () => {
    // Not "close", which waits for whatever a host may still have to say.
    await shared?.destroy();
  };
  const until = (signal: AbortSignal): Remotes => ({
    ...waysOf(deps, dispatcher, signal),
    until: (other) => until(AbortSignal.any([signal, other])),
    over: signal,
    close,
  });
  return until(deps.signal ?? new AbortController().signal);
}

function waysOf(
  { tokenOf, env }: RemotesDeps,
  dispatcher: () => Dispatcher,
  signal: AbortSignal,
): Pick<Remotes, 'use'> {
  return {
    async use({ name, repo, mayPush }, push, act) {
      const kind = kindOf(repo);
      if (kind !== 'http') return act({ url: repo, env: kind === 'ssh' ? sshEnv(env) : {}, signal });
      const how = { push, mayPush, token: tokenOf(name), dispatcher: dispatcher() };
      const proxy = await openGitProxy({ repo, ...how });
      try {
        return await act({ url: proxy.url, env: {}, signal });
      } catch (error) {
        throw inWordsOf(error, { repo, proxy });
      } finally {
        await proxy.close();
      }
    },
  };
}

export function createDispatcher(env: RemotesDeps['env']): Dispatcher {
  const named = (name: string) => env[name.toLowerCase()] ?? env[name] ?? '';
  return new EnvHttpProxyAgent({
    httpProxy: named('HTTP_PROXY'),
    httpsProxy: named('HTTPS_PROXY'),
    noProxy: named('NO_PROXY'),
    connect: { timeout: 20_000 },
  });
}

/** No passphrase and no new host can be asked about here. */
function sshEnv(env: RemotesDeps['env']): Record<string, string> {
  const agent = env['SSH_AUTH_SOCK'];
  return {
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes -o ConnectTimeout=20',
    ...(agent !== undefined && { SSH_AUTH_SOCK: agent }),
  };
}

interface Behind {
  readonly repo: string;
  readonly proxy: { readonly url: string; problem(): GitError | undefined };
}

/** Git saw the proxy only: what it says about "127.0.0.1" is of no use to anybody, and the path is nobody's business. */
function inWordsOf(error: unknown, { repo, proxy }: Behind): unknown {
  if (!(error instanceof GitError) || ['disk', 'timeout'].includes(error.kind)) return error;
  const problem = proxy.problem();
  if (problem !== undefined && error.kind !== 'rejected') return problem;
  const named = (text: string) => text.replaceAll(proxy.url, publicAddress(repo));
  return new GitError(error.kind, named(error.message), {
    detail: named(error.detail),
    plain: error.plain,
  });
}
