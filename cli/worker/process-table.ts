/** Which processes there are, on Linux from `/proc`, elsewhere from `ps`. A process that is dead and only not yet
 * collected does not count. */
import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { promisify } from 'node:util';

export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** With the number it tells a process from a later one that was given the same number. */
  readonly started: string;
}

export type ProcessTable = ReadonlyMap<number, ProcessRow>;

export async function readProcesses(platform: NodeJS.Platform): Promise<ProcessTable> {
  const rows = platform === 'linux' ? fromProc() : await fromPs();
  return new Map(rows.map((row) => [row.pid, row]));
}

/** For whoever must not let a process do anything in between. */
export function processesNow(): ProcessRow[] {
  if (process.platform === 'linux') return fromProc();
  return toRows(execFileSync('ps', PS_ARGUMENTS, { ...PS_OPTIONS, encoding: 'utf8' }));
}

function fromProc(): ProcessRow[] {
  const names = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return names.flatMap((name) => {
    const stat = readProc(name, 'stat')?.toString('latin1');
    // The second field is the program's name in brackets and may hold anything: count from its end.
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
    const [state, parent, group] = fields;
    if (state === undefined || ['Z', 'X'].includes(state)) return [];
    return [{ pid: Number(name), parent: Number(parent), group: Number(group), started: fields[19] ?? '' }];
  });
}

const PS_ARGUMENTS = ['-axo', 'pid=,ppid=,pgid=,stat=,lstart='];
const PS_OPTIONS = { env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' }, maxBuffer: 16 * 1024 * 1024 };

async function fromPs(): Promise<ProcessRow[]> {
  const { stdout } = await promisify(execFile)('ps', PS_ARGUMENTS, PS_OPTIONS);
  return toRows(stdout);
}

function toRows(text: string): ProcessRow[] {
  return text.split('\n').flatMap((line) => {
    const [, pid, parent, group, state = '', started = ''] =
      /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line) ?? [];
    if (pid === undefined || state.startsWith('Z')) return [];
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), started }];
  });
}

/** Undefined where it is gone, or somebody else's. */
export function readProc(pid: string | number, file: 'stat' | 'environ' | 'cgroup'): Buffer | undefined {
  try {
    return fs.readFileSync(`/proc/${pid}/${file}`);
  } catch {
    return undefined;
  }
}

export function folderOf(pid: number): string | undefined {
  try {
    return fs.readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}
