/** The owner's key: given by the environment, or made at the first start and kept beside the database. */
import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { SAMPLE_API_KEY } from './contract/endpoints.ts';
import type { Logger } from './core/ports.ts';

export class ApiKeyError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ApiKeyError';
  }
}

const LEAST_LENGTH = 16;

export interface KeySource {
  readonly configured: string | null;
  readonly databasePath: string;
  readonly logger: Logger;
}

/** Throws ApiKeyError when the key file cannot be used; the message names it, never its content. */
export function findApiKey(source: KeySource): string {
  const key = source.configured ?? keyOfFile(source);
  const weakness = weaknessOf(key);
  if (weakness !== null) source.logger.warn({}, weakness);
  return key;
}

/** Why somebody else could come to know this key, or null. Never shows any of it. */
export function weaknessOf(key: string): string | null {
  if (key === SAMPLE_API_KEY)
    return 'API_KEY is the published sample key: anybody who read the documentation can use this server';
  if (key.length < LEAST_LENGTH)
    return `API_KEY is short enough to be guessed: set one of at least ${LEAST_LENGTH} random characters`;
  return null;
}

function keyOfFile({ databasePath, logger }: KeySource): string {
  const file = join(dirname(resolve(databasePath)), 'api-key');
  return readKey(file) ?? makeKey(file, logger);
}

function readKey(file: string): string | null {
  try {
    const key = readFileSync(file, 'utf8').trim();
    if (!/^[\x21-\x7e]+$/.test(key) || key.length < LEAST_LENGTH || key.length > 500) {
      throw new ApiKeyError(
        `The key file ${file} holds no usable key. Delete it to get a new one, or set API_KEY.`,
      );
    }
    chmodSync(file, 0o600);
    return key;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw asKeyError(file, error);
  }
}

function makeKey(file: string, logger: Logger): string {
  const key = randomBytes(32).toString('base64url');
  try {
    writeFileSync(file, `${key}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw asKeyError(file, error);
  }
  logger.info({ file }, 'API_KEY is not set: a new key was made; clients need the content of this file');
  return key;
}

function asKeyError(file: string, error: unknown): ApiKeyError {
  if (error instanceof ApiKeyError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new ApiKeyError(
    `The key file ${file} cannot be used: ${why}. Fix its permissions, or set API_KEY.`,
    { cause: error },
  );
}
