/** What every command is: data for the parser and the help, and a module that is loaded when it runs. */
import type { Deps, Host } from './deps.ts';
import type { ClientError } from './errors.ts';

export type OptionValue = string | boolean | undefined;

/** As typed: words and flags, not judged yet. */
export interface Given {
  readonly words: readonly (string | undefined)[];
  readonly options: Readonly<Record<string, OptionValue>>;
}

/** A command never writes its result itself, so that `--json` cannot be spoilt. */
export interface Outcome {
  readonly json: unknown;
  /** For people; empty prints nothing. */
  readonly lines: readonly string[];
  /** For the person at the terminal, after the result and not part of it. */
  readonly remark?: string;
  /** Done, but not all is well: told after the result, and gives the exit code. */
  readonly failure?: ClientError;
}

export type Run = (deps: Deps, given: Given) => Promise<Outcome>;

/** The commands whose code is the worker's. */
export type WorkerCommand = 'work' | 'workCheck' | 'workKept' | 'workSetup';

export interface WorkerProgram {
  readonly runs: Readonly<Record<WorkerCommand, Run>>;
}

export interface CommandSpec {
  /** Name and words, as in `claim [id]`. */
  readonly usage: string;
  readonly summary: string;
  readonly detail?: string;
  /** `many`: may be given several times, and is one comma list then. */
  readonly options?: readonly (readonly [flags: string, text: string, repeat?: 'many'])[];
  readonly examples: readonly (readonly [command: string, what: string])[];
  /** Its own commands; without one of them, it is the command itself. */
  readonly subcommands?: readonly CommandSpec[];
  load(host: Pick<Host, 'worker'>): Promise<{ readonly run: Run }>;
}
