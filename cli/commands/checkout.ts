/** The branch of a task in the clone around this folder, and its session where `claude --resume` finds it. */
import { LARGEST_TRANSCRIPT_BYTES, TRANSCRIPT_PATH } from '../../src/contract/endpoints.ts';
import type { ResultView } from '../../src/contract/run.ts';
import type { TaskView } from '../../src/contract/task.ts';
import { checkOutBranch, type CheckedOut } from '../branch-checkout.ts';
import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { badAnswer } from '../http.ts';
import { ClientError } from '../errors.ts';
import { taskId, text } from '../given.ts';
import { createPersonGit, isPlainBranch } from '../person-git.ts';
import { isSessionId, placeSession, sessionFile, unpackSession, type Placed } from '../session-file.ts';
import { safeLine } from '../text.ts';

export async function run(deps: Deps, { words, options }: Given): Promise<Outcome> {
  const id = taskId(words[0]);
  const { task } = await deps.api().getTask(id);
  const { branch, result } = branchOf(task);
  const { host, io } = deps;
  const git = createPersonGit({
    folder: host.cwd(),
    env: host.env,
    signal: host.signal,
    isInteractive: io.isInteractive,
  });
  const done = await checkOutBranch(git, { branch, commit: result.commit, remote: text(options['remote']) });
  const session =
    options['session'] === false ? undefined : await takeSession(deps, id, { result, folder: done.folder });
  return outcome(deps, { task, branch, done, session });
}

function branchOf(task: TaskView): { branch: string; result: ResultView } {
  const { id, result } = task;
  if (result?.branch != null && isPlainBranch(result.branch)) return { branch: result.branch, result };
  if (result?.branch != null) throw badAnswer(`"${safeLine(result.branch)}" is no name for a branch.`);
  const hint = `See "claude-task-client show ${id}".`;
  const why =
    result?.outcome === 'no_changes' ? 'its run changed nothing' : 'no worker has delivered one yet';
  throw new ClientError('no_branch', `Task #${id} has no branch: ${why}.`, { hint });
}

type Session =
  | { readonly id: string; readonly file: string; readonly placed: Placed }
  | { readonly problem: ClientError }
  | { readonly remark: string };

async function takeSession(
  deps: Deps,
  id: number,
  { result, folder }: { result: ResultView; folder: string },
): Promise<Session> {
  const { session_id: session } = result;
  if (session === null) return { remark: 'There is no session to go on with: its runs were not by Claude.' };
  if (!isSessionId(session)) return { problem: badAnswer(`"${safeLine(session)}" is no session id.`) };
  try {
    const packed = await deps.download()({
      path: TRANSCRIPT_PATH,
      id,
      largestBytes: LARGEST_TRANSCRIPT_BYTES,
    });
    const file = sessionFile(deps.host, folder, session);
    return { id: session, file, placed: placeSession(file, await unpackSession(packed)) };
  } catch (error) {
    if (!(error instanceof ClientError) || error.code === 'interrupted') throw error;
    return explained(error);
  }
}

/** The branch is there by now: what is missing is told beside it. */
function explained(error: ClientError): Session {
  const { status } = error.facts;
  if (status === 404) return { remark: 'Its session is not kept any more: the branch is all there is.' };
  if (status === 401 || status === 403) {
    const hint = 'Log in with the key that the server was started with, or use --no-session.';
    return {
      problem: new ClientError(error.code, "The session takes the owner's key; the branch is checked out.", {
        ...error.facts,
        hint,
      }),
    };
  }
  return { problem: error };
}

const PLACED: Record<Placed, string> = {
  new: 'The session is in',
  renewed: 'The session was brought up to date in',
  same: 'The session was there already, in',
  'newer here': 'The session has gone on here since, in',
};

interface Done {
  readonly task: TaskView;
  readonly branch: string;
  readonly done: CheckedOut;
  readonly session: Session | undefined;
}

function outcome(deps: Deps, { task, branch, done, session }: Done): Outcome {
  const placed = session && 'placed' in session ? placedLines(deps, session, done.folder) : NOTHING_PLACED;
  const remarks = [...done.remarks, ...(session && 'remark' in session ? [session.remark] : [])];
  const { folder, remote } = done;
  return {
    json: { task_id: task.id, branch, remote, folder, ...placed.json },
    lines: [`🌿 Branch ${branch} of task #${task.id}, from ${safeLine(remote)}`, ...placed.lines],
    ...(remarks.length > 0 && { remark: remarks.join(' ') }),
    ...(session && 'problem' in session && { failure: session.problem }),
  };
}

const NOTHING_PLACED = { json: { session_id: null, session_file: null, resume: null }, lines: [] };

function placedLines(
  { host, io }: Deps,
  { id, file, placed }: Extract<Session, { placed: Placed }>,
  folder: string,
) {
  const resume = `claude --resume ${id}`;
  const command = folder === host.cwd() ? resume : `cd ${quotedPath(folder)} && ${resume}`;
  return {
    json: { session_id: id, session_file: file, resume: command },
    lines: [`💾 ${PLACED[placed]} ${safeLine(file)}`, '', `Go on with:  ${io.paint.bold(safeLine(command))}`],
  };
}

function quotedPath(folder: string): string {
  return /^[\w@%+=:,./-]+$/.test(folder) ? folder : `'${folder.replaceAll("'", String.raw`'\''`)}'`;
}
