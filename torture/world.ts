/** What every actor and every fault of a run shares. */
import type { DiscordTwin } from '../tests/support/discord-twin/index.ts';
import type { Board } from './load/board.ts';
import type { Journal } from './journal.ts';
import type { Keeper } from './keeper.ts';
import type { Options } from './options.ts';
import type { Proxy } from './proxy.ts';
import type { Dice } from './random.ts';
import type { Tally } from './tally.ts';

export interface World {
  readonly options: Options;
  readonly folder: string;
  readonly database: string;
  readonly journal: Journal;
  readonly keeper: Keeper;
  readonly proxy: Proxy;
  readonly twin: DiscordTwin;
  readonly board: Board;
  /** Faults by name. */
  readonly faults: Tally;
  /** What is wrong already, before the oracle looks. */
  readonly findings: string[];
  /** Aborted when no new operation is to begin. */
  readonly calm: AbortSignal;
  /** Aborted when nobody waits for answers any more. */
  readonly over: AbortSignal;
  dice(name: string): Dice;
}

export const LEASE_MS = 3000;
export const CHANNEL = 'claude-tasks';
