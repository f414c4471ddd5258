/** One process of the command executor: a group of its own, its prompt on stdin, its output told as texts. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { RunClock } from './clock.ts';
import { createErrorTail } from './error-tail.ts';
import { createOutputText } from './output-text.ts';
import { signalGroup } from './processes.ts';

/** Told to end, then this long, then killed. */
const TERM_MS = 450;
/** A process that left the group may hold the pipes open for ever. */
const PIPES_MS = 100;

export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
}

export interface LaunchEvents {
  text(text: string): void;
  alive(): void;
}

export type Exit =
  | { readonly kind: 'code'; readonly code: number; readonly error: string }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'unstartable'; readonly error: NodeJS.ErrnoException };

export interface Launched {
  readonly pid: number | undefined;
  /** Resolves when it runs, or never will. */
  readonly started: Promise<boolean>;
  readonly exit: Promise<Exit>;
  /** Asks the group to end and kills it within 500 ms. */
  end(): void;
}

export function launch(what: Launch, events: LaunchEvents, clock: RunClock): Launched {
  const { program, args, cwd, env } = what;
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const output = createOutputText(clock, (text) => {
    events.text(text);
  });
  const errors = createErrorTail();
  child.stdout.on('data', (chunk: Buffer) => {
    events.alive();
    output.add(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    events.alive();
    errors.add(chunk);
  });
  // Who does not read the prompt closes the pipe early, and that is no error.
  child.stdin.on('error', () => {});
  child.stdin.end(what.stdin);

  const { pid } = child;
  const exit = new Promise<Exit>((resolve) => {
    child.once('error', (error) => {
      if (pid === undefined) resolve({ kind: 'unstartable', error });
    });
    child.once('exit', (code, signal) => {
      if (pid !== undefined) signalGroup(pid, 'SIGKILL');
      const callOff = clock.after(PIPES_MS, () => {
        child.stdout.destroy();
        child.stderr.destroy();
      });
      child.once('close', () => {
        callOff();
        output.end();
        if (signal !== null) resolve({ kind: 'signal', signal });
        else resolve({ kind: 'code', code: code ?? 1, error: errors.text() });
      });
    });
  });
  return {
    pid,
    started: startOf(child),
    exit,
    end: once(() => {
      endGroup(pid, exit, clock);
    }),
  };
}

function startOf(child: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    child.once('spawn', () => {
      resolve(true);
    });
    child.once('error', () => {
      resolve(false);
    });
  });
}

function endGroup(pid: number | undefined, exit: Promise<Exit>, clock: RunClock): void {
  if (pid === undefined) return;
  signalGroup(pid, 'SIGTERM');
  const callOff = clock.after(TERM_MS, () => {
    signalGroup(pid, 'SIGKILL');
  });
  void exit.then(callOff);
}

function once(run: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) run();
    isDone = true;
  };
}
