/**
 * The worker's secrets: taken out of its environment at start, so that nobody who may read `/proc/<pid>/environ`
 * finds them there, and known from then on only in memory. Their values are struck out of every text that leaves it.
 */
import fs from 'node:fs';
import { readProc } from './process-table.ts';
import { isSecret, tokenName } from './secret-names.ts';

export interface Secrets {
  get(name: string): string | undefined;
  /** The token for a project's repository: its own, else the one for all. */
  readonly gitToken: (project: string) => string | undefined;
  /** For values that did not come from the environment: Athena's key from the file, a project's variables. */
  know(...values: readonly string[]): void;
  readonly values: () => readonly string[];
}

export interface Taken {
  readonly secrets: Secrets;
  /** Sentences about what could not be done, for whoever runs the worker. */
  readonly warnings: readonly string[];
}

export interface TakeOptions {
  /** `process.env`, which loses them. */
  readonly env: Record<string, string | undefined>;
  /** More names that runs are given one by one (`env.pass`): kept from each other, too. */
  readonly alsoHide: readonly string[];
  readonly platform: NodeJS.Platform;
}

export function takeSecrets({ env, alsoHide, platform }: TakeOptions): Taken {
  const names = Object.keys(env).filter((name) => isSecret(name) || alsoHide.includes(name));
  const taken = new Map(
    names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const])),
  );
  for (const name of names) Reflect.deleteProperty(env, name);
  const known = new Set([...taken].filter(([name]) => isSecret(name)).map(([, value]) => value));
  const secrets: Secrets = {
    get: (name) => taken.get(name),
    gitToken: (project) => taken.get(tokenName(project)) ?? taken.get('ATHENA_GIT_TOKEN'),
    know: (...values) => {
      for (const value of values) known.add(value);
    },
    values: () => [...known],
  };
  return { secrets, warnings: taken.size === 0 ? [] : hide(new Set(names), platform) };
}

function hide(names: ReadonlySet<string>, platform: NodeJS.Platform): string[] {
  if (platform === 'darwin') {
    return [
      'On macOS the environment that this process was started with stays visible to other programs of this account (ps -E): run the worker under an account of its own.',
    ];
  }
  if (platform !== 'linux') return [];
  const isHidden = overwrite(names) && !isVisible(process.pid, names);
  const parent = isVisible(process.ppid, names);
  return [
    ...(isHidden
      ? []
      : ['The secrets stay visible in /proc/self/environ: this system does not allow it to be overwritten.']),
    ...(parent
      ? [
          `Process ${process.ppid}, which started this one, has the secrets in its own environment, where a run can read them: start the worker from a service, or with "exec".`,
        ]
      : []),
  ];
}

/** The strings that the kernel shows as `/proc/self/environ`, in this process's own memory. */
function overwrite(names: ReadonlySet<string>): boolean {
  const place = environmentBlock();
  if (place === undefined) return false;
  let memory: number | undefined;
  try {
    memory = fs.openSync('/proc/self/mem', 'r+');
    const block = Buffer.alloc(place.end - place.start);
    fs.readSync(memory, block, 0, block.length, place.start);
    for (const { from, to } of entriesOf(block, names)) {
      fs.writeSync(memory, Buffer.alloc(to - from), 0, to - from, place.start + from);
    }
    return true;
  } catch {
    return false;
  } finally {
    if (memory !== undefined) fs.closeSync(memory);
  }
}

/** env_start and env_end are the fields 50 and 51 of `stat`; the first after the program's name is the third. */
function environmentBlock(): { start: number; end: number } | undefined {
  const stat = readProc('self', 'stat')?.toString('latin1') ?? '';
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [start, end] = [Number(fields[47]), Number(fields[48])];
  const isKnown = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start > 0 && end > start;
  return isKnown ? { start, end } : undefined;
}

function entriesOf(block: Buffer, names: ReadonlySet<string>): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (let from = 0; from < block.length;) {
    const zero = block.indexOf(0, from);
    const to = zero < 0 ? block.length : zero;
    const name = block.toString('latin1', from, to).split('=')[0] ?? '';
    if (names.has(name)) found.push({ from, to });
    from = to + 1;
  }
  return found;
}

function isVisible(pid: number, names: ReadonlySet<string>): boolean {
  const entries = readProc(pid, 'environ')?.toString('latin1').split('\0') ?? [];
  return entries.some((entry) => names.has(entry.split('=')[0] ?? ''));
}
