/** What went wrong with git, in words for the person whose task it is. Matched on git's English messages (LC_ALL=C). */

export type GitFaultKind =
  /** The repository, its host, or the way there. */
  | 'unreachable'
  /** It wants other credentials, or none will do. */
  | 'refused'
  /** A push that the repository does not take: the branch moved, or one of its rules forbids it. */
  | 'rejected'
  | 'disk'
  /** Objects are missing or damaged. */
  | 'corrupt'
  | 'timeout'
  /** By somebody else. */
  | 'killed'
  /** Another git is at work there, or one was killed there. */
  | 'locked'
  | 'other';

/**
 * `message` is a sentence for people, which ends in what git said; `plain` is one without that, and `detail` the end of
 * what git said. None holds a credential.
 */
export class GitError extends Error {
  readonly kind: GitFaultKind;
  readonly detail: string;
  readonly plain: string;

  constructor(kind: GitFaultKind, message: string, said: { detail?: string; plain?: string } = {}) {
    super(message);
    this.name = 'GitError';
    this.kind = kind;
    this.detail = said.detail ?? '';
    this.plain = said.plain ?? message;
  }
}

const SENTENCES: Record<GitFaultKind, string> = {
  unreachable: 'The repository cannot be reached',
  refused: 'The repository refused the credentials of this worker',
  rejected: 'The repository did not take the push',
  disk: 'The disk of the worker is full, or may not be written',
  corrupt: 'The copy of the repository on the worker is damaged',
  timeout: 'Git took too long and was ended',
  killed: 'Git was killed',
  locked: 'The copy of the repository on the worker is in use',
  other: 'Git failed',
};

/** The first that matches, in this order: a full disk also ends in "the remote end hung up". */
const SIGNS: readonly (readonly [GitFaultKind, RegExp])[] = [
  [
    'disk',
    /no space left on device|out of disk ?space|disk quota exceeded|read-only file system|file too large/i,
  ],
  [
    'refused',
    /authentication failed|could not read (username|password)|permission denied|error: 40[13]|access denied|host key verification failed/i,
  ],
  [
    'rejected',
    /\[(remote )?rejected\]|non-fast-forward|pre-receive hook declined|protected branch|stale info/i,
  ],
  ['locked', /unable to create '[^']*\.lock': file exists|cannot lock ref '[^']*': .*file exists/i],
  [
    'corrupt',
    /corrupt|bad object|unable to read tree|missing (blob|tree|commit)|fsck error|does not match index|inflate:|invalid sha1|bad pack|could not parse/i,
  ],
  [
    'unreachable',
    /could not resolve host|failed to connect|couldn't connect|connection (refused|reset|timed out)|unable to access|does not appear to be a git repository|repository .*not (found|exist)|error: [45]\d\d|early eof|hung up|network is unreachable|dubious ownership|unable to update url base/i,
  ],
];

export function kindOfFault(stderr: string): GitFaultKind {
  return SIGNS.find(([, sign]) => sign.test(stderr))?.[0] ?? 'other';
}

export function gitError(kind: GitFaultKind, detail = ''): GitError {
  const why = lastWords(detail);
  return new GitError(kind, `${SENTENCES[kind]}${why === '' ? '.' : `: ${why}`}`, { detail });
}

/** What git itself has said, on its standard error. */
export function saidByGit(stderr: string): GitError {
  const { kind, message, detail } = gitError(kindOfFault(stderr), stderr);
  return new GitError(kind, message, { detail, plain: `${SENTENCES[kind]}.` });
}

/** Git's own advice, an exception in its configuration, is of no use: the worker reads none of the account's. */
const FOREIGN =
  'it belongs to another user of this machine, and git trusts its owner alone (safe.directory): give it to the account of the worker with "chown -R", or run the worker as its owner';

/** Git has only seen that ssh ended; the line before it says why. */
const SSH_ENDED = /could not read from remote repository/i;
const SSH_ADVICE = /^please make sure you have|^and the repository exists/i;

/** The line that says most: git's own `fatal:` or `error:`, else what the other side said. */
function lastWords(text: string): string {
  if (/dubious ownership/.test(text)) return FOREIGN;
  const lines = text
    .split(/[\r\n]+/)
    .map((line) => line.replace(/[\u0000-\u001f\u007f]/g, ' ').trim())
    .filter((line) => line !== '' && !/^(hint:|To http|To \/)/.test(line));
  const rejected = lines.find((line) => line.includes('[remote rejected]') || line.includes('[rejected]'));
  const said = lines.find((line) => /^remote: \S/.test(line) && !/^remote: *(error: hook)/.test(line));
  const fatal = lines.findLast((line) => /^(fatal|error):/.test(line));
  const own = SSH_ENDED.test(fatal ?? '') ? whyEnded(lines) : (fatal ?? lines.at(-1) ?? '');
  const best = rejected === undefined ? own : [rejected, said ?? ''].join(' ');
  return best
    .replace(/^(fatal|error): /, '')
    .trim()
    .slice(0, 300);
}

function whyEnded(lines: readonly string[]): string {
  const said = lines.filter((line) => !SSH_ENDED.test(line) && !SSH_ADVICE.test(line));
  return said.findLast((line) => !line.startsWith('fatal: ')) ?? said.at(-1) ?? lines[0] ?? '';
}
