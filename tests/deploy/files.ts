import { readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../..');

export function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** The lines that mean something: neither empty nor a comment. */
export function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'));
}

export interface Setting {
  readonly name: string;
  readonly value: string;
  /** Commented out: named, but left to its default. */
  readonly isOff: boolean;
}

/** The settings of an env file, those that are commented out included. Prose never looks like `#NAME=`. */
export function settingsOf(text: string): Setting[] {
  return [...text.matchAll(/^(#?)([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, hash, name, value]) => ({
    name: name!,
    value: value!,
    isOff: hash === '#',
  }));
}

export interface Instruction {
  readonly word: string;
  readonly rest: string;
}

/** A Dockerfile as instructions: comments dropped, continued lines joined. */
export function instructionsOf(dockerfile: string): Instruction[] {
  const text = linesOf(dockerfile).join('\n').replaceAll('\\\n', ' ');
  return text.split('\n').map((line) => {
    const [, word, rest] = /^(\w+)\s+(.*)$/.exec(line.trim())!;
    return { word: word!, rest: rest! };
  });
}
