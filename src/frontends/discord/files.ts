/**
 * Files that people send along. They are fetched from Discord's own network and from nowhere else, within bounds, and
 * kept beside the database before their task is submitted: a task has all of its files, or there is no task.
 */
import { DomainError, TransientError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import {
  LARGEST_ATTACHMENT_BYTES,
  MOST_ATTACHMENTS,
  type AttachmentShelf,
  type StoredFile,
} from '../../core/run-files.ts';
import { inline } from './text.ts';

/** As Discord describes it. */
export interface OfferedFile {
  readonly name: string;
  readonly type: string | null;
  readonly bytes: number;
  readonly url: string;
}

/** A text that is too long for its place. */
export interface WrittenFile {
  readonly name: string;
  readonly text: string;
}

export type GivenFile = OfferedFile | WrittenFile;

export interface FileDeps {
  readonly shelf: AttachmentShelf;
  readonly clock: Clock;
  /** Of a stand-in or a proxy, which then serves files as well. */
  readonly apiUrl?: string | undefined;
}

const HOSTS = ['cdn.discordapp.com', 'media.discordapp.net'];
/** For all files of a task together. */
const PATIENCE_MS = 30_000;
const MOST_BYTES = 25 * 1024 * 1024;
const MIB = 1024 * 1024;

const PROGRAM_TYPES =
  /^application\/(x-msdownload|x-dosexec|x-msi|x-ms-installer|x-executable|x-sharedlib|x-mach-binary|x-apple-diskimage|vnd\.android\.package-archive|vnd\.microsoft\.portable-executable)/i;
const PROGRAM_NAMES = /\.(exe|dll|msi|scr|com|cpl|apk|dmg|pkg|deb|rpm|appimage|so|dylib|jar)$/i;

/** Throws `invalid_input`, saying which file it is and what to do; then nothing was submitted. */
export async function keepFiles(deps: FileDeps, files: readonly GivenFile[]): Promise<readonly StoredFile[]> {
  if (files.length === 0) return [];
  const controller = new AbortController();
  const cancel = deps.clock.after(PATIENCE_MS, () => {
    controller.abort();
  });
  try {
    const kept: StoredFile[] = [];
    for (const file of files) kept.push(await keepOne(deps, file, controller.signal));
    return kept;
  } finally {
    cancel();
    controller.abort();
  }
}

/** What can be told before anything is fetched. Throws `invalid_input`. */
export function requireFit(files: readonly GivenFile[]): void {
  if (files.length > MOST_ATTACHMENTS) {
    throw no(`A task takes at most ${MOST_ATTACHMENTS} files; these are ${files.length}.`);
  }
  const offered = files.filter((file) => 'url' in file);
  for (const { name, type, bytes } of offered) {
    if (bytes > LARGEST_ATTACHMENT_BYTES) {
      const most = LARGEST_ATTACHMENT_BYTES / MIB;
      throw no(
        `${shown(name)} has ${Math.ceil(bytes / MIB)} MiB; a file may have ${most} MiB. Send a link instead.`,
      );
    }
    if (PROGRAM_TYPES.test(type ?? '') || PROGRAM_NAMES.test(withoutEnd(name))) {
      throw no(`${shown(name)} is a program; those are not taken along. Send its source, or a link.`);
    }
  }
  const total = offered.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total > MOST_BYTES)
    throw no(`These files have more than ${MOST_BYTES / MIB} MiB together. Send fewer.`);
}

/** Some systems leave it out of a name, and so it is when the file is kept. */
const withoutEnd = (name: string) => name.replace(/[.\s]+$/, '');

async function keepOne(deps: FileDeps, file: GivenFile, signal: AbortSignal): Promise<StoredFile> {
  if (!('url' in file)) {
    return deps.shelf.keep({ name: file.name, type: 'text/plain', content: bytesOf(file.text) });
  }
  const { name, type, bytes, url } = file;
  if (!isDiscords(url, deps.apiUrl))
    throw no(`${shown(name)} does not lie with Discord, so it is not fetched.`);
  try {
    const response = await fetch(url, {
      signal,
      redirect: 'manual',
      headers: { 'accept-encoding': 'identity' },
    });
    if (response.status !== 200 || response.body === null) throw failed(name, problemOf(response.status));
    const stored = await deps.shelf.keep({ name, type, content: response.body });
    if (stored.bytes === bytes) return stored;
    throw failed(name, `${stored.bytes} bytes came in place of ${bytes}`);
  } catch (error) {
    if (error instanceof DomainError || error instanceof TransientError) throw error;
    const why = signal.aborted ? `it took longer than ${PATIENCE_MS / 1000} s` : 'the connection broke';
    throw failed(name, why);
  }
}

function problemOf(status: number): string {
  if (status >= 300 && status < 400) return 'it leads elsewhere';
  return status === 404 || status === 410 ? 'it is there no more' : `Discord answered ${status}`;
}

function failed(name: string, why: string): DomainError {
  return no(
    `${shown(name)} could not be fetched from Discord: ${why}. Nothing was queued; please try again.`,
  );
}

/** Where it is fetched from is told by Discord; believing it blindly would let us be sent to anybody's machine. */
function isDiscords(url: string, apiUrl: string | undefined): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username } = new URL(url);
  if (username !== '') return false;
  if (apiUrl !== undefined && hostname === new URL(apiUrl).hostname) return /^https?:$/.test(protocol);
  return protocol === 'https:' && HOSTS.includes(hostname);
}

const no = (message: string) => new DomainError('invalid_input', message);
const shown = (name: string) => inline(name, 100);

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new TextEncoder().encode(text));
}
