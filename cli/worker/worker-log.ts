/**
 * What the worker tells whoever runs it: JSON lines for a service's journal, plain lines on a terminal. On the error
 * stream, so that the result of `--once` stays alone on the other. No secret gets in.
 */
import { safeJson, safeLine } from '../text.ts';

export type LogFacts = Readonly<Record<string, unknown>>;

export interface WorkerLog {
  info(text: string, facts?: LogFacts): void;
  warn(text: string, facts?: LogFacts): void;
}

export interface LogDeps {
  readonly isJson: boolean;
  readonly now: () => Date;
  readonly redact: (text: string) => string;
  readonly write: (line: string) => void;
}

export function createWorkerLog({ isJson, now, redact, write }: LogDeps): WorkerLog {
  const tell =
    (level: 'info' | 'warn') =>
    (text: string, facts: LogFacts = {}) => {
      const time = now().toISOString();
      if (isJson) write(redact(safeJson({ time, level, msg: text, ...facts })));
      else write(redact(humanLine({ time, level, text }, facts)));
    };
  return { info: tell('info'), warn: tell('warn') };
}

interface Line {
  readonly time: string;
  readonly level: 'info' | 'warn';
  readonly text: string;
}

/** Of the facts only what people look for; the others are for programs. */
const SHOWN = ['error', 'project', 'verdict', 'branch'] as const;

function humanLine({ time, level, text }: Line, facts: LogFacts): string {
  const { task_id: task } = facts;
  const about = typeof task === 'number' ? ` #${task}` : '';
  const shown = SHOWN.map((name) => facts[name]).filter((fact) => typeof fact === 'string' && fact !== '');
  const more = shown.length === 0 ? '' : `: ${shown.join(' · ')}`;
  return safeLine(`${time.slice(11, 19)}${level === 'warn' ? ' ⚠️' : ''}${about} ${text}${more}`);
}

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
