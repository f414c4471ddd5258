/**
 * After each run nothing of it lives. Whole where the machine has control groups to give; else best effort by four
 * signs together, since a process can shed any one of them: its group, a marker variable, its descent as seen while
 * the run went on, and its working folder. On macOS only group and descent can be seen.
 */
import path from 'node:path';
import { openRunGroup, type RunGroup } from './cgroup.ts';
import { ownChildren } from './own-children.ts';
import { folderOf, readProc, readProcesses, type ProcessRow, type ProcessTable } from './process-table.ts';

export const MARK_VARIABLE = 'ATHENA_RUN_MARK';

export interface SweepDeps {
  readonly platform: NodeJS.Platform;
  readonly sleep: (ms: number) => Promise<void>;
  /** Milliseconds of a clock that nobody sets. */
  readonly elapsed: () => number;
  /** Null: as if there were no control groups. */
  readonly group?: (name: string) => RunGroup | undefined;
}

export interface RunMark {
  /** Random, of letters, digits and "-"; in the run's environment as `ATHENA_RUN_MARK`. */
  readonly mark: string;
  /** The run's folder; what works in it belongs to the run. */
  readonly folder: string;
}

export interface Swept {
  /** Empty: all are gone. Else no new run may start. */
  readonly living: readonly number[];
}

export interface Sweeper {
  /** A process that the run was started with. To be called as soon as there is one. */
  add(pid: number): void;
  /** Looks who descends from whom. To be called every half second or so while the run lives. */
  look(): Promise<void>;
  /** SIGTERM, then SIGKILL after `graceMs`, again and again until nobody is found or `patienceMs` are over. */
  sweep(times?: Partial<typeof TIMES>): Promise<Swept>;
}

const TIMES = { graceMs: 500, patienceMs: 10_000 };
const PAUSE_MS = 20;

/** Also for a run of a worker that is gone: then there is nobody to add, and mark and folder must do. */
export function createSweeper(run: RunMark, deps: SweepDeps): Sweeper {
  const group = (deps.group ?? openRunGroup)(run.mark);
  /** Seen to belong to the run: number and start. */
  const known = new Map<number, string | undefined>();
  const look = async () => {
    const table = await readProcesses(deps.platform);
    forget(known, table);
    const found = membersOf(table, { run, known, group });
    for (const { pid, started } of found) {
      known.set(pid, started);
      group?.adopt(pid);
    }
    return found.map(({ pid }) => pid);
  };
  return {
    add(pid) {
      known.set(pid, undefined);
      group?.adopt(pid);
    },
    look: async () => {
      await look();
    },
    async sweep(times) {
      const { graceMs, patienceMs } = { ...TIMES, ...times };
      const begun = deps.elapsed();
      const told = new Set<number>();
      for (;;) {
        const living = await look();
        const takenMs = deps.elapsed() - begun;
        if (living.length === 0) group?.remove();
        if (living.length === 0 || takenMs >= patienceMs) return { living };
        const signal = takenMs >= graceMs ? 'SIGKILL' : 'SIGTERM';
        if (signal === 'SIGKILL') group?.kill();
        for (const pid of living) tell(pid, signal, told);
        await deps.sleep(PAUSE_MS);
      }
    },
  };
}

/** A number that a later process was given is nobody's any more. */
function forget(known: Map<number, string | undefined>, table: ProcessTable): void {
  for (const [pid, started] of known) {
    const row = table.get(pid);
    if (row === undefined || (started !== undefined && started !== row.started)) known.delete(pid);
  }
}

interface Signs {
  readonly run: RunMark;
  readonly known: ReadonlyMap<number, string | undefined>;
  readonly group: RunGroup | undefined;
}

function membersOf(table: ProcessTable, { run, known, group }: Signs): ProcessRow[] {
  const spared = sparedOf(table);
  const grouped = new Set(group?.pids());
  const rows = [...table.values()].filter(({ pid }) => !spared.has(pid));
  const members = new Set(
    rows
      .filter((row) => known.has(row.pid) || grouped.has(row.pid) || isMarked(row, run))
      .map(({ pid }) => pid),
  );
  // The worker's own group is no sign: a run has one of its own, or shares it by mistake.
  const ownGroup = table.get(process.pid)?.group;
  const groups = new Set(
    rows.filter(({ pid, group: id }) => members.has(pid) && id !== ownGroup).map((row) => row.group),
  );
  for (let size = -1; size !== members.size;) {
    size = members.size;
    for (const row of rows) {
      if (members.has(row.parent) || groups.has(row.group)) members.add(row.pid);
    }
  }
  return rows.filter(({ pid }) => members.has(pid));
}

/** This process, all above it, and the git that it runs, whatever folder they work in. */
function sparedOf(table: ProcessTable): ReadonlySet<number> {
  const spared = new Set([0, 1, ...ownChildren(table)]);
  for (let pid = process.pid; pid > 1 && !spared.has(pid); pid = table.get(pid)?.parent ?? 0) spared.add(pid);
  return spared;
}

/** Read from `/proc`; elsewhere there is none, and nothing is found. */
function isMarked({ pid }: ProcessRow, { mark, folder }: RunMark): boolean {
  const cwd = folderOf(pid);
  if (cwd !== undefined && (cwd === folder || cwd.startsWith(folder + path.sep))) return true;
  const environment = readProc(pid, 'environ');
  return (
    environment !== undefined &&
    environment.toString('latin1').split('\0').includes(`${MARK_VARIABLE}=${mark}`)
  );
}

/** SIGTERM once: a program that tidies up on it is not to be interrupted in that. */
function tell(pid: number, signal: 'SIGTERM' | 'SIGKILL', told: Set<number>): void {
  if (signal === 'SIGTERM' && told.has(pid)) return;
  told.add(pid);
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone, or may not be signalled: then it is found again and named.
  }
}
