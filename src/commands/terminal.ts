/** What a command is given of the world: where to write, whom to ask, what was set. */
import type { Clock } from '../core/ports.ts';

export interface Terminal {
  readonly out: (text: string) => void;
  /** Talk, progress and errors: standard output is for what was asked for. */
  readonly err: (text: string) => void;
  /** Whether somebody watches standard error. */
  readonly isWatched: boolean;
  readonly hasColours: boolean;
  /** Whether somebody sits there who can be asked. */
  readonly canAsk: boolean;
  ask(question: string): Promise<string>;
  /** Ctrl-C or a polite end from now on; the returned function takes it back. */
  onInterrupt(run: () => void): () => void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the command was given. */
  readonly folder: string;
  readonly clock: Clock;
}

export const EXIT = { done: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/** Somebody asked for the end; what had begun is undone. */
export class Interrupted extends Error {
  constructor() {
    super('Interrupted; nothing was changed.');
    this.name = 'Interrupted';
  }
}
