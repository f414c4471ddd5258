import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiKeyError, findApiKey } from '../../src/api-key.ts';
import { SAMPLE_API_KEY } from '../../src/contract/endpoints.ts';
import { recordingLogger } from '../support/logger.ts';

let folder: string;
let logger: ReturnType<typeof recordingLogger>;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-key-'));
  logger = recordingLogger();
});
afterEach(() => {
  fs.chmodSync(folder, 0o700);
  fs.rmSync(folder, { recursive: true });
});

const file = () => path.join(folder, 'api-key');
const find = (configured: string | null = null) =>
  findApiKey({ configured, databasePath: path.join(folder, 'tasks.db'), logger });
const warnings = () => logger.lines.filter(({ level }) => level === 'warn');

describe('without API_KEY', () => {
  it('a random key is made beside the database, for its owner alone, and used from then on', () => {
    const key = find();
    expect(key).toMatch(/^[\w-]{43}$/);
    expect(fs.readFileSync(file(), 'utf8')).toBe(`${key}\n`);
    expect(fs.statSync(file()).mode & 0o777).toBe(0o600);
    expect(find()).toBe(key);
    const [made, ...more] = logger.lines;
    expect([made?.details, more]).toEqual([{ file: file() }, []]);
    expect(JSON.stringify(logger.lines)).not.toContain(key);
  });

  it('two servers make two keys, never a built-in one', () => {
    const key = find();
    fs.rmSync(file());
    expect(find()).not.toBe(key);
    expect(key).not.toBe(SAMPLE_API_KEY);
  });

  it('a file that others may read is closed to them', () => {
    fs.writeFileSync(file(), 'a-key-made-by-a-person\n', { mode: 0o644 });
    expect(find()).toBe('a-key-made-by-a-person');
    expect(fs.statSync(file()).mode & 0o777).toBe(0o600);
  });

  it.each([
    '',
    '\n',
    'short',
    'two words that are long',
    'schlüssel-schlüssel',
    'a\u0000'.repeat(20),
    'x'.repeat(501),
  ])('a file that holds no usable key (%j) is refused by name, and left as it is', (content) => {
    fs.writeFileSync(file(), content);
    expect(() => find()).toThrow(ApiKeyError);
    expect(() => find()).toThrow(file());
    if (content.trim() !== '') expect(messageOf(find)).not.toContain(content.trim());
    expect(fs.readFileSync(file(), 'utf8')).toBe(content);
  });

  it('something else in its place is refused', () => {
    fs.mkdirSync(file());
    expect(() => find()).toThrow(/key file .*api-key.* cannot be used/);
  });

  it('the sample key in the file is warned of as well', () => {
    fs.writeFileSync(file(), SAMPLE_API_KEY);
    expect(find()).toBe(SAMPLE_API_KEY);
    expect(warnings()).toHaveLength(1);
  });
});

describe('with API_KEY', () => {
  it('no file is made or read', () => {
    fs.writeFileSync(file(), 'garbled key');
    expect(find('my-own-key-of-some-length')).toBe('my-own-key-of-some-length');
    fs.rmSync(file());
    expect(find('my-own-key-of-some-length')).toBe('my-own-key-of-some-length');
    expect(fs.existsSync(file())).toBe(false);
    expect(warnings()).toEqual([]);
  });

  it('the published sample key is taken with a loud warning', () => {
    expect(find(SAMPLE_API_KEY)).toBe(SAMPLE_API_KEY);
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]?.message).toContain('sample key');
  });

  it('one that can be guessed is taken with a warning that shows nothing of it', () => {
    expect(find('x'.repeat(15))).toBe('x'.repeat(15));
    expect(find('y'.repeat(16))).toBe('y'.repeat(16));
    expect(warnings().map(({ message }) => message)).toEqual([expect.stringMatching(/short enough.*16/)]);
    expect(JSON.stringify(warnings())).not.toContain('xxx');
  });
});

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  return '';
}
