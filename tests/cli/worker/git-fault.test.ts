import { expect, it } from 'vitest';
import { gitError, kindOfFault } from '../../../cli/worker/git-fault.ts';

const FOREIGN = `fatal: detected dubious ownership in repository at '/srv/git/notes.git'
To add an exception for this directory, call:

\tgit config --global --add safe.directory /srv/git/notes.git
fatal: Could not read from remote repository.

Please make sure you have the correct access rights
and the repository exists.
`;

it.each([
  "fatal: sha1 file '/srv/saves/1-1.git/index.lock' write error. Out of diskspace",
  'error: unable to write file: No space left on device\nfatal: the remote end hung up unexpectedly',
])('a full disk is named as that, however git puts it: %s', (said) => {
  expect(kindOfFault(said)).toBe('disk');
});

it('a repository of somebody else is named as that, with what helps', () => {
  const { kind, message } = gitError(kindOfFault(FOREIGN), FOREIGN);
  expect(kind).toBe('unreachable');
  expect(message).toContain('it belongs to another user of this machine');
  expect(message).toContain('chown -R');
  expect(message).not.toContain('Could not read');
});

const ENDED = `fatal: Could not read from remote repository.

Please make sure you have the correct access rights
and the repository exists.
`;

it.each([
  ['git@h: Permission denied (publickey).', 'refused'],
  ['ssh: connect to host h port 22: Connection refused', 'unreachable'],
  ['Host key verification failed.', 'refused'],
  ["fatal: '/srv/none' does not appear to be a git repository", 'unreachable'],
])('the reason why ssh ended is told: %s', (line, kind) => {
  const said = `${line}\n${ENDED}`;
  expect(kindOfFault(said)).toBe(kind);
  expect(gitError(kindOfFault(said), said).message).toContain(line.replace('fatal: ', ''));
});
