/**
 * The process of a session: a group of its own, and everything that came out of it. Commands that the model runs get
 * sessions of their own and outlive their parent, so they are found by the marker in their environment and by descent.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createErrorTail } from './error-tail.ts';
import { carriersOf, descendantsOf, killFound, signalGroup } from './processes.ts';
import type { SpawnClaude } from './claude-sdk.ts';

/** A process can start another while it is being ended, so it is looked again until none is left. */
const MOST_PASSES = 8;

export interface ClaudeProcess {
  readonly spawn: SpawnClaude;
  pids(): readonly number[];
  /** Asks it to end; its commands are told by it. */
  term(): void;
  /** Ends it and all that it started. */
  readonly kill: () => void;
  /** The end of what it wrote to stderr. */
  errors(): string;
}

export function createClaudeProcess(marker: string): ClaudeProcess {
  let child: ChildProcess | null = null;
  const errors = createErrorTail();
  const pid = () => child?.pid;
  return {
    spawn({ command, args, cwd, env }) {
      const made = spawn(command, [...args], { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
      made.stderr.on('data', (chunk: Buffer) => {
        errors.add(chunk);
      });
      made.stdin.on('error', () => {});
      child = made;
      return made;
    },
    pids: () => (pid() === undefined ? [] : [pid() ?? 0]),
    term() {
      const leader = pid();
      if (leader !== undefined && isRunning(child)) signalGroup(leader, 'SIGTERM');
    },
    kill() {
      const leader = pid();
      if (leader === undefined) return;
      // Before the parent dies: afterwards nobody knows whose children they were.
      const family = isRunning(child) ? descendantsOf(leader) : [];
      if (isRunning(child)) signalGroup(leader, 'SIGKILL');
      killFound(family);
      for (let pass = 0; pass < MOST_PASSES; pass += 1) {
        const left = carriersOf(marker);
        if (left.length === 0) return;
        killFound(left);
      }
    },
    errors: () => errors.text(),
  };
}

function isRunning(child: ChildProcess | null): boolean {
  return child !== null && child.exitCode === null && child.signalCode === null;
}
