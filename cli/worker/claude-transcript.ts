/**
 * Where a session's transcript lies: one file of JSON lines under the configuration folder, in a folder that is named
 * after the working directory. That file alone is enough to go on with the session, on another machine too.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { RunFolders } from './executor.ts';

const SESSION_ID = /^[A-Za-z0-9-]{1,64}$/;

/** Puts an earlier transcript where the session will look for it. */
export function placeTranscript(folders: RunFolders, sessionId: string, from: string): void {
  if (!SESSION_ID.test(sessionId)) throw new Error('The session id of the earlier run is not one.');
  const folder = path.join(projectsOf(folders), folders.tree.replace(/[^A-Za-z0-9]/g, '-'));
  const to = path.join(folder, `${sessionId}.jsonl`);
  if (path.resolve(from) === to) return;
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  fs.copyFileSync(from, to);
}

/** Looked for rather than computed: long names of folders are shortened. */
export function findTranscript(folders: RunFolders, sessionId: string | null): string | null {
  if (sessionId === null || !SESSION_ID.test(sessionId)) return null;
  const root = projectsOf(folders);
  const found = namesIn(root)
    .map((name) => path.join(root, name, `${sessionId}.jsonl`))
    .flatMap((file) => {
      const facts = factsOf(file);
      return facts?.isFile() === true ? [{ file, at: facts.mtimeMs }] : [];
    });
  return found.sort((one, other) => other.at - one.at)[0]?.file ?? null;
}

/** At least one line that somebody said in this session: what holds none is refused, or goes on as if nothing had been. */
export function holdsConversation(transcript: string, sessionId: string): boolean {
  return transcript.split('\n').some((line) => isSaid(line, sessionId));
}

function isSaid(line: string, sessionId: string): boolean {
  try {
    const said = JSON.parse(line) as { type?: unknown; sessionId?: unknown; message?: unknown } | null;
    if (said?.type !== 'user' && said?.type !== 'assistant') return false;
    return said.sessionId === sessionId && typeof said.message === 'object' && said.message !== null;
  } catch {
    return false;
  }
}

function projectsOf({ config }: RunFolders): string {
  return path.join(config, 'projects');
}

/** The run owns these folders: there may be anything, a plain file or a loop of links where a folder should be. */
function factsOf(file: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(file);
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}
