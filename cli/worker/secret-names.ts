/** Variables that hold a secret of the worker, and those that it sets for every run: no project may hand them over. */
const SECRETS = [
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_AUTH_TOKEN',
  'CLAUDE_CODE_OAUTH_TOKEN',
  'ATHENA_API_KEY',
  'ATHENA_GIT_TOKEN',
];

const RUNS_OWN = ['HOME', 'TMPDIR'];
/** They choose account, model and address of Claude Code, which are the worker's to choose; or speak of the worker. */
const OTHERS_OWN = /^(ATHENA_|ANTHROPIC_|CLAUDE_|CLAUDECODE$|GIT_CONFIG)/;

export function isSecret(name: string): boolean {
  return SECRETS.includes(name) || name.startsWith('ATHENA_GIT_TOKEN_');
}

export function isReserved(name: string): boolean {
  return isSecret(name) || RUNS_OWN.includes(name) || OTHERS_OWN.test(name);
}

/** `ATHENA_GIT_TOKEN_MY_NOTES` for the project `my-notes`. */
export function tokenName(project: string): string {
  return `ATHENA_GIT_TOKEN_${project.toUpperCase().replaceAll('-', '_')}`;
}
