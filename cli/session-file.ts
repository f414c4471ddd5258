/**
 * A session's transcript, put where Claude Code looks for it. A file that is there already is replaced only by one
 * that begins with it; one that has gone on since is left alone; any other is somebody else's.
 */
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { badAnswer } from './http.ts';
import { ClientError, codeOf } from './errors.ts';
import type { Host } from './deps.ts';
import { safeLine } from './text.ts';

const MEBIBYTE = 1024 * 1024;
/** 16 MiB of text packed are seldom more; a file made to burst would be. */
const LARGEST_SESSION_BYTES = 256 * MEBIBYTE;

/** `~/.claude/projects/-home-me-notes/<session>.jsonl` */
export function sessionFile(
  { env, home }: Pick<Host, 'env' | 'home'>,
  folder: string,
  session: string,
): string {
  const base = env['CLAUDE_CONFIG_DIR'] || path.join(home, '.claude');
  return path.join(base, 'projects', folder.replace(/[^A-Za-z0-9]/g, '-'), `${session}.jsonl`);
}

/** It becomes the name of a file. */
export function isSessionId(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(text);
}

export async function unpackSession(packed: Buffer): Promise<Buffer> {
  try {
    const text = await promisify(gunzip)(packed, { maxOutputLength: LARGEST_SESSION_BYTES });
    const [first = ''] = text.toString('utf8', 0, 64 * 1024).trimStart();
    if (first === '{') return text;
  } catch {
    // Whatever zlib says of it, it is not what was asked for.
  }
  throw badAnswer('The server sent no transcript that can be unpacked.');
}

export type Placed = 'new' | 'renewed' | 'same' | 'newer here';

export function placeSession(file: string, transcript: Buffer): Placed {
  const there = readBytes(file);
  if (there !== undefined) {
    if (there.equals(transcript)) return 'same';
    if (startsWith(there, transcript)) return 'newer here';
    if (!startsWith(transcript, there)) throw isAnothers(file);
  }
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    fs.writeFileSync(temporary, transcript, { flag: 'wx', mode: 0o600 });
    // A link is never made over a file that has appeared meanwhile.
    if (there === undefined) fs.linkSync(temporary, file);
    else fs.renameSync(temporary, file);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw isAnothers(file);
    throw new ClientError(
      'state_folder',
      `${safeLine(file)} cannot be written (${codeOf(error) || 'unknown'}).`,
      {
        hint: 'Make its folder writable; the branch is checked out.',
      },
    );
  } finally {
    fs.rmSync(temporary, { force: true });
  }
  return there === undefined ? 'new' : 'renewed';
}

function readBytes(file: string): Buffer | undefined {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new ClientError(
      'state_folder',
      `${safeLine(file)} cannot be read (${codeOf(error) || 'unknown'}).`,
    );
  }
}

function startsWith(whole: Buffer, part: Buffer): boolean {
  return whole.length >= part.length && whole.subarray(0, part.length).equals(part);
}

function isAnothers(file: string): ClientError {
  return new ClientError('session_exists', `Another session lies at ${safeLine(file)}; it was left alone.`, {
    hint: 'Move it away, and run it again.',
  });
}
