/**
 * A YAML text as plain values, with the line of each field for whoever has something to say about it. A value is
 * never repeated in a message: it may be a secret.
 */
import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type YAMLError,
} from 'yaml';

export type FieldPath = readonly (string | number)[];

export interface Problem {
  /** 1 is the first. */
  readonly line: number;
  /** `projects.notes.model`; empty: the file as a whole. */
  readonly field: string;
  /** Goes on where the field's name ends: `must be ...`. */
  readonly text: string;
}

export interface ParsedYaml {
  /** What could be read, even where there are problems. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** The line on which the deepest part of the path that is there begins. */
  lineOf(path: FieldPath): number;
}

export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter();
  const document = parseDocument(text.replace(/^\ufeff/, ''), {
    lineCounter: lines,
    prettyErrors: false,
    version: '1.2',
  });
  const lineAt = (offset: number) => lines.linePos(offset).line || 1;
  const findings = [...document.errors, ...document.warnings];
  const { value, bad } = valueOf(document);
  const aliases = bad === undefined ? [] : [{ line: lineAt(bad), field: '', text: ALIASES }];
  const said = findings.map((error) => ({
    line: lineAt(error.pos[0]),
    field: '',
    text: sentence(error, text),
  }));
  return {
    value,
    problems: said.length > 0 ? said : aliases,
    lineOf: (path) => lineAt(offsetOf(document, path)),
  };
}

const ALIASES = 'has an alias ("*...") without its anchor ("&..."), or too many of them';

interface Read {
  readonly value: unknown;
  /** Where aliases lead nowhere, or explode. */
  readonly bad?: number;
}

function valueOf(document: Document): Read {
  let bad: number | undefined;
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document) === undefined) bad ??= startOf(alias) ?? 0;
    },
  });
  if (bad !== undefined) return { value: null, bad };
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) as unknown };
  } catch {
    return { value: null, bad: 0 };
  }
}

/** The parser's sentences are free of values, but some need the word that they are about. */
function sentence(error: YAMLError, text: string): string {
  if (error.code === 'DUPLICATE_KEY') {
    const key = /^[\w-]+/.exec(text.slice(error.pos[0]))?.[0] ?? 'a field';
    return `${key} is there twice: keep one of them`;
  }
  if (error.code === 'TAB_AS_INDENT') return 'is indented with a tab: YAML wants blanks';
  if (error.code === 'MULTIPLE_DOCS') return 'holds more than one document: remove the line "---"';
  if (error.code === 'TAG_RESOLVE_FAILED') return 'uses a tag ("!...") that means nothing here';
  return `is no valid YAML here (${error.code.toLowerCase().replaceAll('_', ' ')})`;
}

function offsetOf(document: Document, path: FieldPath): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (pair === undefined) return offset;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(step)];
      offset = startOf(item) ?? offset;
      node = item;
    } else return offset;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined;
  return Array.isArray(node.range) ? (node.range[0] as number) : undefined;
}
