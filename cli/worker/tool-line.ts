/** One call of a tool in one line, and how it went. */
import { cleanOutput } from './output-text.ts';
import { cutMiddle, headOf } from './cut.ts';

const LONGEST_TITLE = 200;
const LONGEST_OUTPUT = 1_000;
/** The field that says the most, for each tool that has one. */
const TELLING = [
  'command',
  'file_path',
  'notebook_path',
  'pattern',
  'url',
  'query',
  'description',
  'subject',
];
/** Their output is the content of files, which would fill the thread. */
const QUIET = new Set(['Read', 'Edit', 'Write', 'NotebookEdit', 'Glob', 'Grep', 'WebFetch', 'WebSearch']);

export interface ToolResult {
  readonly text: string;
  readonly isError: boolean;
  readonly tookMs: number;
}

/** Files are named as they are from the run's folder: everybody reads this, and where a worker keeps its runs says nothing. */
export function toolTitle(tool: string, input: unknown, folder: string): string {
  const fields: Readonly<Record<string, unknown>> =
    typeof input === 'object' && input !== null ? { ...input } : {};
  const telling = TELLING.map((name) => fields[name]).find((value) => typeof value === 'string');
  const [line = ''] = cleanOutput(typeof telling === 'string' ? telling.replaceAll(`${folder}/`, '') : '')
    .trim()
    .split('\n');
  const title = line === '' ? tool : `${tool}: ${line}`;
  return title.length <= LONGEST_TITLE ? title : `${headOf(title, LONGEST_TITLE - 1)}…`;
}

/** `Bash: npm test · exit 1 · 3.2 s`, then the output. */
export function toolText(tool: string, title: string, { text, isError, tookMs }: ToolResult): string {
  const code = /^Exit code (\d+)\n?/.exec(text);
  const isStopped = isError && CUT_OFF.test(text);
  const outcome = isStopped ? 'stopped' : outcomeOf(tool, isError, code?.[1]);
  const line = [title, outcome, secondsOf(tookMs)].join(' · ');
  if (isStopped) return line;
  if (QUIET.has(tool) && !isError) return line;
  const output = cutMiddle(cleanOutput(code === null ? text : text.slice(code[0].length)), LONGEST_OUTPUT);
  return output.trim() === '' ? line : `${line}\n${output}`;
}

/** What the program tells its model of a call that was interrupted. */
const CUT_OFF = /^The user doesn't want to (?:proceed|take)[^\n]* STOP what you are doing/;

function outcomeOf(tool: string, isError: boolean, code: string | undefined): string {
  if (code !== undefined) return `exit ${code}`;
  if (isError) return 'failed';
  return tool === 'Bash' ? 'exit 0' : 'ok';
}

function secondsOf(tookMs: number): string {
  return tookMs < 60_000 ? `${(tookMs / 1_000).toFixed(1)} s` : `${Math.round(tookMs / 60_000)} min`;
}
