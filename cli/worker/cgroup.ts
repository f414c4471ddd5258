/**
 * A control group (version 2) for each run, where this process may make one: whatever the run starts is born into it
 * and cannot leave it, and all of it dies at one word. That is so in a systemd unit with `Delegate=yes`, in most
 * containers, and as root.
 */
import fs from 'node:fs';
import path from 'node:path';

export interface RunGroup {
  /** Moves a process in; what it starts from then on follows. False: it is gone already. */
  adopt(pid: number): boolean;
  pids(): number[];
  /** At once, with SIGKILL. */
  kill(): void;
  /** When it is empty. */
  remove(): void;
}

/** `name` is the run's mark: a later worker finds the group by it. Undefined: there are none here. */
export function openRunGroup(name: string, root = delegatedRoot()): RunGroup | undefined {
  if (root === undefined) return undefined;
  const folder = path.join(root, `athena-run-${name}`);
  try {
    fs.mkdirSync(folder, { recursive: true });
    // Linux before 5.14 has groups, but not the word that kills one.
    fs.accessSync(path.join(folder, 'cgroup.kill'), fs.constants.W_OK);
  } catch {
    removeFolder(folder);
    return undefined;
  }
  return {
    adopt: (pid) => write(path.join(folder, 'cgroup.procs'), String(pid)),
    pids: () => numbersIn(path.join(folder, 'cgroup.procs')),
    kill: () => {
      write(path.join(folder, 'cgroup.kill'), '1');
    },
    remove: () => {
      removeFolder(folder);
    },
  };
}

/** The group that this process is in, when it may make others inside of it. */
function delegatedRoot(): string | undefined {
  try {
    const own = /^0::(\/.*)$/m.exec(fs.readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
    const mount = fs.readFileSync('/proc/self/mounts', 'utf8').match(/^\S+ (\S+) cgroup2 /m)?.[1];
    if (own === undefined || mount === undefined) return undefined;
    const folder = path.join(mount, own);
    fs.accessSync(path.join(folder, 'cgroup.procs'), fs.constants.W_OK);
    return folder;
  } catch {
    return undefined;
  }
}

function write(file: string, text: string): boolean {
  try {
    fs.writeFileSync(file, text);
    return true;
  } catch {
    return false;
  }
}

function numbersIn(file: string): number[] {
  try {
    return fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function removeFolder(folder: string): void {
  try {
    fs.rmdirSync(folder);
  } catch {
    // Never made, or somebody in it takes a moment to end: the next worker's sweep removes it.
  }
}
