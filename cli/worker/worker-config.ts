/**
 * `worker.yaml` as settings, or every problem in it at once with its line and field. Wrong is also what only looks
 * harmless: an unknown field, a field that is there twice, a project that nobody defines.
 */
import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { z } from 'zod';
import { ClientError, codeOf } from '../errors.ts';
import { configFolder, type Place } from '../folders.ts';
import { closest } from './closest.ts';
import { addressProblem } from './repository-address.ts';
import type { WorkerSettings } from './settings.ts';
import { toSettings, type Machine } from './to-settings.ts';
import { fileSchema, PROJECT_NAME, variable, type WorkerFile } from './worker-schema.ts';
import { knownFields } from './worker-fields.ts';
import { parseYaml, type FieldPath, type ParsedYaml, type Problem } from './worker-yaml.ts';

export type { Machine } from './to-settings.ts';
export type { Problem } from './worker-yaml.ts';

const LARGEST_FILE = 1024 * 1024;

export function workerConfigFile(place: Place): string {
  return path.join(configFolder(place), 'worker.yaml');
}

export function thisMachine(place: Pick<Place, 'home'> & { readonly hostname: string }): Machine {
  const constrained = process.constrainedMemory();
  return {
    hostname: place.hostname,
    home: place.home,
    cores: os.availableParallelism(),
    // Without a limit the system answers with a number larger than any memory, or 0.
    memoryBytes: constrained > 0 ? Math.min(constrained, os.totalmem()) : os.totalmem(),
    isRoot: process.getuid?.() === 0,
  };
}

export interface Checked {
  readonly settings: WorkerSettings | undefined;
  /** In the order of the lines. */
  readonly problems: readonly Problem[];
}

export function checkWorkerConfig(text: string, file: string, machine: Machine): Checked {
  const yaml = parseYaml(text);
  if (yaml.problems.length > 0) return { settings: undefined, problems: yaml.problems };
  const parsed = fileSchema.safeParse(yaml.value ?? {});
  const issues = parsed.success ? [] : parsed.error.issues.flatMap((issue) => toProblems(issue, yaml));
  const more = crossProblems(parsed.success ? parsed.data : yaml.value, yaml, machine);
  const problems = [...issues, ...more].sort((one, other) => one.line - other.line);
  if (!parsed.success || problems.length > 0) return { settings: undefined, problems };
  return { settings: toSettings(parsed.data, path.dirname(path.resolve(file)), machine), problems };
}

export function checkWorkerFile(file: string, machine: Machine): Checked {
  return checkWorkerConfig(readFile(file), file, machine);
}

export function loadWorkerConfig(file: string, machine: Machine): WorkerSettings {
  const { settings, problems } = checkWorkerFile(file, machine);
  if (settings !== undefined) return settings;
  const hint = 'Correct it, then look again with "claude-task-client work check".';
  throw new ClientError('bad_config', formatProblems(file, problems), {
    hint,
    details: { problems },
  });
}

/** One line for each: `worker.yaml:14 projects.notes.model must be ...`. */
export function formatProblems(file: string, problems: readonly Problem[]): string {
  return problems.map((one) => formatProblem(file, one)).join('\n');
}

export function formatProblem(file: string, { line, field, text }: Problem): string {
  return `${path.basename(file)}:${line} ${field === '' ? '' : `${field} `}${text}`;
}

function readFile(file: string): string {
  try {
    if (fs.statSync(file).size <= LARGEST_FILE) return decode(fs.readFileSync(file), file);
  } catch (error) {
    if (error instanceof ClientError) throw error;
    const isMissing = codeOf(error) === 'ENOENT';
    const hint = isMissing
      ? 'Write one (the README shows a sample), or name another with --config.'
      : undefined;
    const why = isMissing ? 'does not exist' : `cannot be read (${codeOf(error)})`;
    throw new ClientError('bad_config', `The file ${file} ${why}.`, { hint });
  }
  throw new ClientError('bad_config', `The file ${file} is larger than 1 MiB: it is no worker.yaml.`);
}

function decode(bytes: Buffer, file: string): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  const hint = 'Convert it first, for example with iconv.';
  throw new ClientError('bad_config', `The file ${file} is not valid UTF-8 text.`, { hint });
}

function toProblems(issue: z.core.$ZodIssue, yaml: ParsedYaml): Problem[] {
  const at = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => problem(yaml, [...at, key], unknownField(key, at)));
  }
  const isMissing = at.length > 0 && valueAt(yaml.value, at) === undefined;
  // Where a table of fields was expected, the library speaks for itself.
  const text = issue.message.startsWith('Invalid input') ? 'must be fields, one on each line' : issue.message;
  return [problem(yaml, at, isMissing ? `is missing: it ${text}` : text)];
}

function unknownField(key: string, at: FieldPath): string {
  const near = closest(key, knownFields(at));
  return `is not known${near === undefined ? '' : `: did you mean ${near}?`}`;
}

function problem(yaml: ParsedYaml, at: FieldPath, text: string): Problem {
  return { line: yaml.lineOf(at), field: at.join('.'), text };
}

function valueAt(value: unknown, at: FieldPath): unknown {
  return at.reduce<unknown>((inner, step) => (isFields(inner) ? inner[step] : undefined), value);
}

function isFields(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null;
}

/** What no single field can know. Works on the raw values too, so that these are listed with all others. */
function crossProblems(value: unknown, yaml: ParsedYaml, machine: Machine): Problem[] {
  const file = isFields(value) ? (value as Partial<WorkerFile>) : {};
  const projects: Record<string, unknown> = isFields(file.projects) ? { ...file.projects } : {};
  const found = Object.entries(projects).flatMap(([name, project]) => {
    const say: Say = (field, text) => problem(yaml, ['projects', name, ...[field].flat()], text);
    const own = PROJECT_NAME.pattern.test(name) ? [] : [problem(yaml, ['projects', name], PROJECT_NAME.text)];
    return isFields(project) ? [...own, ...projectProblems(project, say, machine)] : own;
  });
  const wanted = file.default_project;
  if (typeof wanted === 'string' && !Object.hasOwn(projects, wanted)) {
    const near = closest(wanted, Object.keys(projects));
    const more = near === undefined ? '' : `: did you mean ${near}?`;
    found.push(problem(yaml, ['default_project'], `must be one of the projects${more}`));
  }
  return found;
}

type Say = (field: string | FieldPath, text: string) => Problem;

function projectProblems(project: Record<string, unknown>, say: Say, machine: Machine): Problem[] {
  const found: Problem[] = [];
  const repo = typeof project['repo'] === 'string' ? addressProblem(project['repo']) : undefined;
  if (repo !== undefined) found.push(say('repo', repo));
  const command = project['command'];
  if (project['executor'] === 'command' && (!Array.isArray(command) || command.length === 0)) {
    found.push(say('command', 'is missing: the executor "command" needs a program'));
  }
  if (project['permissions'] === 'full' && machine.isRoot && project['allow_root'] !== true) {
    found.push(say('permissions', 'must not be full as root: use another account, or set allow_root: true'));
  }
  return [...found, ...baseProblems(project, say), ...variableProblems(project, say)];
}

function baseProblems({ base, push }: Record<string, unknown>, say: Say): Problem[] {
  if (base !== 'claude' || push === false) return [];
  return [say('base', 'must not be claude: the branches of tasks, claude/..., cannot be beside it')];
}

function variableProblems(project: Record<string, unknown>, say: Say): Problem[] {
  const values = valueAt(project, ['env', 'set']);
  if (!isFields(values) || Array.isArray(values)) return [];
  return Object.keys(values).flatMap((name) => {
    const said = variable.safeParse(name).error?.issues[0]?.message;
    return said === undefined ? [] : [say(['env', 'set', name], said)];
  });
}
