/**
 * Every process and folder that a run makes, so that all of it is gone afterwards: children are ended
 * one by one by their own process id, also when the run fails or is interrupted.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const START_MS = 30_000;
const GOODBYE_MS = 10_000;

export interface Child {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

export interface Launch {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Instead of the bench's own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
}

export type Processes = ReturnType<typeof createProcesses>;

export function createProcesses() {
  const folder = mkdtempSync(join(tmpdir(), 'athena-bench-'));
  const running = new Set<ChildProcess>();
  const remember = (child: ChildProcess) => {
    running.add(child);
    child.once('exit', () => running.delete(child));
    return child;
  };

  /** For when there is no time left to ask politely. */
  function killAll(): void {
    for (const child of running) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
  process.once('exit', killAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => process.exit(130));

  return {
    folder,

    /** Resolves once the server has said on its output that it listens, and where. */
    async serve({ args, env = {} }: Launch): Promise<Child> {
      const child = remember(
        spawn(process.execPath, [...args], {
          // Nothing of the caller's own settings may reach the server: a token would start Discord.
          env: { PATH: process.env.PATH ?? '', ...env },
          stdio: ['ignore', 'pipe', 'inherit'],
        }),
      );
      const port = await portOf(child);
      return { pid: child.pid!, port, stop: () => stop(child) };
    },

    /** A program of our own, in TypeScript, that is talked to by messages. */
    helper(file: URL): ChildProcess {
      return remember(fork(file, { execArgv: ['--import', 'tsx'] }));
    },

    /** The same in plain JavaScript, with arguments. */
    script(file: URL, args: readonly string[]): ChildProcess {
      return remember(fork(file, [...args], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }));
    },

    /** Any other program; what it says is not heard. */
    program({ command, args, ...how }: Program): Omit<Child, 'port'> {
      const child = remember(spawn(command, [...args], { ...how, stdio: 'ignore' }));
      return { pid: child.pid!, stop: () => stop(child) };
    },

    async stopAll(): Promise<void> {
      await Promise.all([...running].map(stop));
      killAll();
    },
  };
}

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      reject(new Error('A server did not listen in time.'));
    }, START_MS);
    child.once('exit', (code) => {
      reject(new Error(`A server ended at its start with exit code ${String(code)}.`));
    });
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const { msg, port } = JSON.parse(line) as { msg?: string; port?: number };
      if (msg !== 'listening' || port === undefined) return;
      clearTimeout(late);
      resolve(port);
    });
  });
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    const impatient = setTimeout(() => child.kill('SIGKILL'), GOODBYE_MS);
    child.once('exit', () => {
      clearTimeout(impatient);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

/** Milliseconds of processor time that a process has used so far; null where the system does not tell. */
export function cpuMsOf(pid: number): number | null {
  try {
    // Per thread in nanoseconds; the process's own total is counted in steps of 10 ms, too coarse for a slice.
    const threads = readdirSync(`/proc/${pid}/task`);
    const ns = threads.map((id) =>
      Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]),
    );
    return ns.reduce((sum, each) => sum + each, 0) / 1e6;
  } catch {
    return null;
  }
}

/** Resident memory in MB; null where the system does not tell. */
export function residentMbOf(pid: number): number | null {
  try {
    const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kb === undefined ? null : Number(kb) / 1024;
  } catch {
    return null;
  }
}

/** What a process and everything under it hold of the memory, shared pages by their share, in MB. */
export function familyMbOf(pid: number): number | null {
  try {
    const members = [pid, ...processesUnder(pid)];
    const kb = members.map((member) => Number(/^Pss:\s+(\d+)/m.exec(rollupOf(member))?.[1] ?? 0));
    return kb.reduce((sum, each) => sum + each, 0) / 1024;
  } catch {
    return null;
  }
}

function processesUnder(pid: number): number[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  const children = threads.flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [child, ...processesUnder(child)]);
}

const rollupOf = (pid: number) => readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
