/**
 * Where the Claude Agent SDK lies: in a folder of the worker's own, because it is large, of another licence, and needed
 * by nobody else. One version, known by the checksums that its registry had when it was tried here: another build is
 * never loaded. Its program is one file for each platform, an optional part of the same package.
 */
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { Sdk } from './claude-sdk.ts';

export const SDK_NAME = '@anthropic-ai/claude-agent-sdk';
export const SDK_VERSION = '0.3.329';

/** Of the package, and of its part for each platform that a worker runs on. */
const CHECKSUMS: Readonly<Record<string, string>> = {
  '': 'sha512-aKVIgPBmgNHBoNXUFG5eVJXudDd+amObxT6QH9b6R2yGKf4eisPZ3Ij5RSpkFHDvJvaZy8m1AJeEkbKSusTU/Q==',
  'darwin-arm64':
    'sha512-SaVFEDYHofgKftJGX8Uf5oa1wG9d2E9QAQqEpSCtiJrt7Ih82Ekn9b4ir0GufgwoOKx5IOv/CnMsXIWRl9vWrg==',
  'darwin-x64':
    'sha512-nYtGrz5oe/SK8jMKr/JArzrjEBtTqLWlRBlGu6QLXBoXd4PB5Fdj+Nh7Idnf+LD8OwWz1fqXj8zt0HTIUMSvYA==',
  'linux-arm64':
    'sha512-QvIfyMfjiYU2wkMfQ+tXTSwK76pXh/xSgdAFuqcPOiM3qgfi1kImcCIy/0wUnm9HGn0GZLXu7x0/lBu/PNHxVg==',
  'linux-arm64-musl':
    'sha512-aOf1nA8roGApMzfL/aoEMBDGi11ZKtNV7mvp6OmaU0pgC24qECBeSUdsUuQBu9Z97kf5PDCh12JhkeHVDK+4JA==',
  'linux-x64':
    'sha512-TKHcN+kOwG1Q6meOhKu9ZCJPUsXRL4dgx07R1BPgm0vREPpsSxaET5w7LuCs4pLIQgATJdqj6hjWtejDhVszNA==',
  'linux-x64-musl':
    'sha512-0j1Pu/egb7tbZk570MOd9vUVSlHvxnoA9ccDMdrAFqFGq3qb20IdHf4AvXuo9sbksKFXTx9oeEsvD4iFrL+wlA==',
};

const NEXT_STEP = 'Run "claude-task-client work setup".';

export type FoundSdk =
  | { readonly kind: 'ready'; readonly module: string; readonly program: string }
  /** `detail` is the sentence with the next step, `why` the one without. */
  | { readonly kind: 'missing'; readonly why: string; readonly detail: string };

/** Looks, and loads nothing. */
export function findSdk(folder: string, platform: string = thisPlatform()): FoundSdk {
  const installed = readInstalled(folder);
  const problem = (why: string): FoundSdk => ({ kind: 'missing', why, detail: `${why} ${NEXT_STEP}` });
  if (installed === null) return problem(`The Claude Agent SDK is not installed in ${folder}.`);
  if (!isPinned(installed, '')) return problem(`${folder} does not hold the Agent SDK ${SDK_VERSION}.`);
  const part = [platform, `${platform}-musl`].find((name) => isPinned(installed, name));
  if (part === undefined) return problem(`The Agent SDK in ${folder} has no program for ${platform}.`);
  const module = path.join(folder, 'node_modules', SDK_NAME, 'sdk.mjs');
  const program = path.join(folder, 'node_modules', `${SDK_NAME}-${part}`, 'claude');
  const lost = [module, program].find((file) => !fs.existsSync(file));
  if (lost !== undefined) return problem(`The Agent SDK is damaged: ${lost} is missing.`);
  return { kind: 'ready', module, program };
}

export interface LoadedSdk {
  readonly sdk: Sdk;
  readonly program: string;
}

/** Rejects with a sentence that says what to do. */
export async function loadSdk(folder: string): Promise<LoadedSdk> {
  const found = findSdk(folder);
  if (found.kind === 'missing') throw new Error(found.detail);
  const sdk = (await import(pathToFileURL(found.module).href)) as Sdk;
  return { sdk, program: found.program };
}

const installedSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), integrity: z.string().optional() }),
  ),
});
type Installed = z.infer<typeof installedSchema>['packages'];

/** What the package manager notes about what it has unpacked, and checked on the way. */
function readInstalled(folder: string): Installed | null {
  try {
    const text = fs.readFileSync(path.join(folder, 'node_modules', '.package-lock.json'), 'utf8');
    return installedSchema.parse(JSON.parse(text)).packages;
  } catch {
    return null;
  }
}

function isPinned(installed: Installed, part: string): boolean {
  const name = part === '' ? SDK_NAME : `${SDK_NAME}-${part}`;
  const checksum = CHECKSUMS[part];
  const entry = installed[`node_modules/${name}`];
  return checksum !== undefined && entry?.version === SDK_VERSION && entry.integrity === checksum;
}

function thisPlatform(): string {
  return `${process.platform}-${process.arch}`;
}
