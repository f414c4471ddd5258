import { isGiven, isObject, type JsonObject } from '../json.ts';
import { refuse } from '../refusals.ts';

/** Collects what is wrong with a body, by dotted path, and refuses it in Discord's nested form (50035). */
export interface Form {
  fail(path: string, code: string, message: string): void;
  /** A text within its bounds. Lengths are counted in UTF-16 units, the strictest reading of "characters". */
  text(path: string, value: unknown, bounds: TextBounds): void;
  /** A whole number within its bounds. */
  integer(path: string, value: unknown, bounds: { min: number; max: number }): void;
  list(path: string, value: unknown, bounds: { min?: number; max: number; required?: boolean }): unknown[];
  refuseIfWrong(): void;
}

interface TextBounds {
  min?: number;
  max: number;
  required?: boolean;
  /** Whitespace alone counts as nothing (Discord trims it away). */
  trim?: boolean;
}

export function createForm(): Form {
  const problems: { path: string; code: string; message: string }[] = [];
  const fail = (path: string, code: string, message: string): void => {
    problems.push({ path, code, message });
  };
  return {
    fail,
    text(path, value, bounds) {
      if (!isGiven(value)) {
        if (bounds.required === true) fail(path, 'BASE_TYPE_REQUIRED', 'This field is required');
        return;
      }
      if (typeof value !== 'string') {
        fail(path, 'STRING_TYPE_CONVERT', 'Could not interpret as string.');
        return;
      }
      checkLength(bounds.trim === true ? value.trim().length : value.length, bounds, (code, message) => {
        fail(path, code, message);
      });
    },
    integer(path, value, bounds) {
      if (!isGiven(value)) return;
      const isWithin = Number.isInteger(value) && Number(value) >= bounds.min && Number(value) <= bounds.max;
      if (!isWithin) fail(path, 'NUMBER_TYPE_RANGE', `int value should be ${bounds.min} to ${bounds.max}.`);
    },
    list(path, value, bounds) {
      if (!isGiven(value)) {
        if (bounds.required === true) fail(path, 'BASE_TYPE_REQUIRED', 'This field is required');
        return [];
      }
      if (!Array.isArray(value)) {
        fail(path, 'LIST_TYPE_CONVERT', 'Only iterables may be used in a ListType');
        return [];
      }
      const count = value.length;
      if (count > bounds.max || count < (bounds.min ?? 0)) {
        fail(path, 'BASE_TYPE_BAD_LENGTH', `Must be between ${bounds.min ?? 0} and ${bounds.max} in length.`);
      }
      return value as unknown[];
    },
    refuseIfWrong() {
      if (problems.length === 0) return;
      const errors: JsonObject = {};
      for (const problem of problems) place(errors, problem);
      refuse('invalidForm', errors);
    },
  };
}

function checkLength(
  length: number,
  bounds: TextBounds,
  fail: (code: string, message: string) => void,
): void {
  const min = bounds.min ?? 0;
  if (length === 0 && bounds.required === true) {
    fail('BASE_TYPE_REQUIRED', 'This field is required');
  } else if (min > 0 && (length < min || length > bounds.max)) {
    fail('BASE_TYPE_BAD_LENGTH', `Must be between ${min} and ${bounds.max} in length.`);
  } else if (length > bounds.max) {
    fail('BASE_TYPE_MAX_LENGTH', `Must be ${bounds.max} or fewer in length.`);
  }
}

function place(errors: JsonObject, problem: { path: string; code: string; message: string }): void {
  let node = errors;
  for (const key of problem.path.split('.')) {
    const next = node[key];
    const child: JsonObject = isObject(next) ? next : {};
    node[key] = child;
    node = child;
  }
  const known = Array.isArray(node['_errors']) ? (node['_errors'] as unknown[]) : [];
  node['_errors'] = [...known, { code: problem.code, message: problem.message }];
}
