/** The transcript of a run's session: to the server with each save, and back for the run that goes on with it. */
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { LARGEST_TRANSCRIPT_BYTES } from '../../src/contract/endpoints.ts';
import { findTranscript, holdsConversation } from './claude-transcript.ts';
import type { RunFolders } from './executor.ts';
import { lossIn, type LiveRun } from './live-run.ts';
import { markOf } from './run-prompt.ts';
import type { LeftSession } from './runs-of-tasks.ts';
import { FOR_EXTRAS } from './worker-api.ts';
import { errorText } from './worker-log.ts';

/** So much text is packed in a moment, and is longer than what a session can be resumed with. */
const LARGEST_TEXT = 256 * 1024 * 1024;

export interface TranscriptKeeper {
  /** What has not changed is not sent again. Never rejects: a run does not hang on it. */
  keep(): Promise<void>;
  /** Nothing of the run lives any more: it is sent after the loss of the lease, too. The server knows whether it is wanted. */
  keepLast(): Promise<void>;
  /** A later run begins a new session. Never rejects. */
  drop(): Promise<void>;
}

export function createTranscriptKeeper(run: LiveRun, folders: RunFolders): TranscriptKeeper {
  const { kit, claim, watcher, stopper } = run;
  const whileHeld = AbortSignal.any([stopper.lost, kit.hurry]);
  let sent = 0;
  let last: Promise<void> = Promise.resolve();
  let isNoted = false;
  let isDropped = false;
  const tell = (text: string) => {
    if (!isNoted) run.poster.add({ kind: 'notice', text });
    isNoted = true;
  };
  async function put(file: string, size: number, signal: AbortSignal): Promise<void> {
    const packed = size > LARGEST_TEXT ? undefined : await pack(file, kit.redact);
    const at = { taskId: claim.task.id, leaseId: claim.lease.lease_id, signal };
    if (packed !== undefined) {
      await kit.files.putTranscript(at, packed).catch((error: unknown) => {
        const sessionId = watcher.sessionId();
        if (lossIn(error) !== undefined && sessionId !== null) run.place.leave({ sessionId, packed });
        throw error;
      });
    } else {
      tell('The transcript is too large to be kept: a later run begins a new session.');
      // An older one would be resumed as if nothing had come after it.
      await kit.files.dropTranscript(at);
    }
  }

  async function send(signal: AbortSignal): Promise<void> {
    const file = findTranscript(folders, watcher.sessionId());
    if (file === null || isDropped) return;
    try {
      const stat = fs.statSync(file);
      if (sent === stat.mtimeMs) return;
      const isTold = watcher.totalsBody().turns > 0;
      await put(file, stat.size, signal);
      sent = stat.mtimeMs;
      if (isTold) watcher.sessionTold(markOf(claim.task.description));
    } catch (error) {
      kit.log.warn('the transcript was not kept', { task_id: claim.task.id, error: errorText(error) });
    }
  }

  // One after the other: an older one must not arrive last.
  const inTurn = (signal: AbortSignal) => (last = last.then(() => send(signal)));
  return {
    keep: () => inTurn(whileHeld),
    keepLast: () => inTurn(kit.hurry),
    drop() {
      isDropped = true;
      return (last = last.then(() => drop(run, whileHeld)));
    },
  };
}

async function drop({ kit, claim }: LiveRun, signal: AbortSignal): Promise<void> {
  const { task, lease } = claim;
  try {
    await kit.files.dropTranscript({ taskId: task.id, leaseId: lease.lease_id, signal });
  } catch (error) {
    kit.log.warn('the transcript was not dropped', { task_id: task.id, error: errorText(error) });
  }
}

/** Undefined: too large even when packed. */
async function pack(file: string, redact: (text: string) => string): Promise<Buffer | undefined> {
  const text = await fs.promises.readFile(file, 'utf8');
  // A line that is being written is no line yet.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const packed = await promisify(gzip)(redact(whole));
  return packed.length > LARGEST_TRANSCRIPT_BYTES ? undefined : packed;
}

/** What a session is resumed with; null: it begins afresh, and the run's log says why. */
export async function fetchTranscript(
  run: LiveRun,
  root: string,
): Promise<{ sessionId: string; transcript: string } | null> {
  const { claim, stopper } = run;
  if (run.project.executor !== 'claude') return null;
  const left = run.place.inherited();
  const sessionId = left?.sessionId ?? claim.run.session_id;
  if (sessionId === null) return null;
  const afresh = (why: string) => {
    run.poster.add({ kind: 'notice', text: `A new session begins: ${why}.` });
    return null;
  };
  const isThere = left !== null || claim.run.has_transcript;
  if (!isThere) return afresh('the earlier one was not kept');
  try {
    const packed = await packedOf(run, left);
    const text = await promisify(gunzip)(packed, { maxOutputLength: LARGEST_TEXT });
    if (!holdsConversation(text.toString('utf8'), sessionId))
      return afresh('what was kept of the earlier one holds no conversation that this worker knows');
    const transcript = path.join(root, 'transcript.jsonl');
    fs.writeFileSync(transcript, text, { mode: 0o600 });
    return { sessionId, transcript };
  } catch (error) {
    if (stopper.signal.aborted) return null;
    return afresh(`the earlier one cannot be read (${errorText(error)})`);
  }
}

function packedOf({ kit, claim, stopper }: LiveRun, left: LeftSession | null): Promise<Buffer> {
  if (left !== null) return Promise.resolve(left.packed);
  const { signal } = stopper;
  const at = { taskId: claim.task.id, leaseId: claim.lease.lease_id, signal, patience: FOR_EXTRAS };
  return kit.files.transcript(at);
}
