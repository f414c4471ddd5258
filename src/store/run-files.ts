/**
 * Transcripts and attachments in a folder beside the database. Each is written under another name, made durable and
 * then renamed, so that a name always stands for a whole file; nobody but the server's account may read them.
 */
import { randomBytes } from 'node:crypto';
import { createReadStream, existsSync, renameSync, rmSync } from 'node:fs';
import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { DomainError, TransientError } from '../core/errors.ts';
import { LARGEST_ATTACHMENT_BYTES, type FileContent, type RunFiles } from '../core/run-files.ts';
import { harmlessName, harmlessType } from './file-names.ts';
import { syncFolderOf } from './durable.ts';
import { IN_MEMORY, withoutLinks } from './database.ts';

export interface RunFilesOptions {
  /** Of the database. */
  readonly path: string;
  readonly largestTranscriptBytes: number;
}

const TRANSCRIPT = /^(\d+)\.jsonl\.gz$/;
const PART = '.part';
const NO_SPACE_RETRY_MS = 60_000;

export function createRunFiles({ path, largestTranscriptBytes }: RunFilesOptions): RunFiles {
  const root = folderBeside(path);
  const transcripts = join(root, 'transcripts');
  const attachments = join(root, 'attachments');
  const transcriptOf = (taskId: number) => join(transcripts, `${taskId}.jsonl.gz`);
  // Names come from our own rows, and are looked at all the same: a file is never sought elsewhere.
  const attachmentOf = (file: string) => join(attachments, basename(file));

  return {
    hasTranscript: (taskId) => existsSync(transcriptOf(taskId)),

    async putTranscript({ taskId, content, mayReplace }) {
      const most = largestTranscriptBytes;
      const part = await writePart(transcripts, content, { most, what: 'transcript' });
      try {
        await mayReplace();
        renameSync(part.path, transcriptOf(taskId));
      } catch (error) {
        rmSync(part.path, { force: true });
        throw error;
      }
      syncFolderOf(transcriptOf(taskId));
      return part.bytes;
    },

    async keep({ name, type, content }) {
      const most = LARGEST_ATTACHMENT_BYTES;
      const part = await writePart(attachments, content, { most, what: 'attachment' });
      const file = randomBytes(16).toString('hex');
      renameSync(part.path, attachmentOf(file));
      syncFolderOf(attachmentOf(file));
      return { name: harmlessName(name), type: harmlessType(type), bytes: part.bytes, file };
    },

    transcript: (taskId) => read(transcriptOf(taskId)),
    attachment: (file) => read(attachmentOf(file)),
    ...createFileLists({ transcripts, attachments }),
    dropAttachment: (file) => rm(attachmentOf(file), { force: true }),
    dropTranscript: (taskId) => rm(transcriptOf(taskId), { force: true }),
  };
}

/** What lies there, and what an interrupted write left. */
function createFileLists({ transcripts, attachments }: { transcripts: string; attachments: string }) {
  return {
    attachments: async () => (await list(attachments)).filter((name) => !name.endsWith(PART)),
    isOlder: async (file: string, time: Date) => (await ageOf(join(attachments, basename(file)))) < time,

    transcripts: async () =>
      (await list(transcripts)).flatMap((name) => {
        const id = TRANSCRIPT.exec(name)?.[1];
        return id === undefined ? [] : [Number(id)];
      }),

    async tidy() {
      for (const folder of [transcripts, attachments]) {
        const parts = (await list(folder)).filter((name) => name.endsWith(PART));
        for (const name of parts) await rm(join(folder, name), { force: true });
      }
    },
  };
}

/** A database in memory has its files in a folder that goes with the machine's temporary ones. */
function folderBeside(path: string): string {
  if (path === IN_MEMORY) return join(tmpdir(), `athena-files-${randomBytes(8).toString('hex')}`);
  return `${withoutLinks(path)}-files`;
}

interface Bound {
  readonly most: number;
  readonly what: 'transcript' | 'attachment';
}

async function writePart(folder: string, content: AsyncIterable<Uint8Array>, bound: Bound) {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${randomBytes(8).toString('hex')}${PART}`);
  const file = await open(path, 'wx', 0o600);
  try {
    const bytes = await copy(content, file, bound);
    await file.sync();
    await file.close();
    return { path, bytes };
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(path, { force: true });
    throw asFileError(error);
  }
}

async function copy(
  content: AsyncIterable<Uint8Array>,
  file: FileHandle,
  { most, what }: Bound,
): Promise<number> {
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.byteLength;
    if (bytes > most) throw new TooLarge(`The ${what} must not be larger than ${most / 1024 / 1024} MiB.`);
    await file.writeFile(chunk);
  }
  return bytes;
}

class TooLarge extends DomainError {
  constructor(message: string) {
    super('invalid_input', message);
  }
}

/** A full disk passes; what was there before is still whole. */
function asFileError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  const retryAfterMs = NO_SPACE_RETRY_MS;
  return new TransientError('The disk of the server is full.', { retryAfterMs, cause: error });
}

async function read(path: string): Promise<FileContent | null> {
  try {
    const { size } = await stat(path);
    const content = Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>;
    return { bytes: size, content };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** One that has just gone counts as new. */
async function ageOf(path: string): Promise<Date> {
  try {
    return (await stat(path)).mtime;
  } catch (error) {
    if (isMissing(error)) return new Date(8.64e15);
    throw error;
  }
}

const isMissing = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT';
