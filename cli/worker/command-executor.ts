/**
 * Runs any program as a task: the prompt on its stdin, its stdout as texts, its exit code as the ending. A program
 * cannot be talked to while it runs, so replies start it anew once it is through (or at once, where they interrupt),
 * with the text, what it said last and the replies. It knows no sessions, no money and no questions.
 */
import { systemClock, type RunClock } from './clock.ts';
import { launch, type Exit, type Launched } from './command-process.ts';
import { NO_TOTALS, type Brief, type Ended, type Ending, type Executor } from './executor.ts';
import type { Reply, Running, Watcher } from './executor.ts';
import { idleDetail, startIdleTimer } from './idle-timer.ts';

/** `EX_TEMPFAIL`: the program says "not now". */
const NOT_NOW = 75;
/** A process that not even SIGKILL ends hangs in the kernel; the run does not wait for it. */
const UNKILLABLE_MS = 650;

export function createCommandExecutor(clock: RunClock = systemClock): Executor {
  return { name: 'command', start: (brief, watcher) => startCommand(brief, watcher, clock) };
}

function startCommand(brief: Brief, watcher: Watcher, clock: RunClock): Running {
  const waiting: Reply[] = [];
  let cause: Ending | null = null;
  let callOff = () => {};
  const program = createProgram(brief, watcher, clock);
  const idle = startIdleTimer(clock, brief.project.idleMs, () => {
    end({ kind: 'failed', detail: idleDetail(brief.project.idleMs) });
  });
  program.onAlive(() => {
    idle.touch();
  });

  function end(why: Ending): void {
    if (cause !== null && why.kind !== 'stopped') return;
    if (cause === null) callOff = clock.after(UNKILLABLE_MS, program.abandon);
    cause = why;
    program.end();
  }

  async function drive(): Promise<Ending> {
    if (brief.project.command.length === 0) return missing('No command is set for this project.');
    for (let replies: readonly Reply[] = []; ; replies = waiting.splice(0)) {
      const exit = await program.run(replies);
      if (cause !== null) return cause;
      const isInterrupted = waiting.some((reply) => reply.now) && exit.kind !== 'unstartable';
      const ending = toEnding(exit, program.said(), brief);
      if (waiting.length === 0 || !(isInterrupted || ending.kind === 'done')) return ending;
    }
  }

  const ended = drive()
    .catch((error: unknown): Ending => missing(String(error)))
    .then((ending): Ended => {
      idle.stop();
      callOff();
      return { ending, totals: NO_TOTALS, sessionId: null };
    });
  return {
    ended,
    pids: program.pids,
    reply(reply) {
      waiting.push(reply);
      if (reply.now) program.end();
    },
    stop() {
      end({ kind: 'stopped' });
    },
  };
}

/** The program of a run, one process after the other. */
interface Program {
  run(replies: readonly Reply[]): Promise<Exit>;
  end(): void;
  /** Nobody waits for the process any longer. */
  readonly abandon: () => void;
  onAlive(touch: () => void): void;
  said(): string;
  readonly pids: () => readonly number[];
}

function createProgram(brief: Brief, watcher: Watcher, clock: RunClock): Program {
  let current: Launched | null = null;
  let said = '';
  const heard: Reply[] = [];
  let touch = () => {};
  let abandon = () => {};
  const abandoned = new Promise<Exit>((resolve) => {
    abandon = () => {
      resolve({ kind: 'signal', signal: 'SIGKILL' });
    };
  });
  const events = {
    text(text: string) {
      said = text;
      watcher.message({ kind: 'text', text });
    },
    alive() {
      touch();
    },
  };
  return {
    async run(replies) {
      const [program = '', ...args] = brief.project.command;
      heard.push(...replies);
      const stdin = promptOf(brief, said, heard);
      const news = replies.length === 0 ? (brief.replies ?? []) : replies.map(({ number }) => number);
      touch();
      current = launch({ program, args, cwd: brief.folders.tree, env: envOf(brief), stdin }, events, clock);
      if (await current.started) for (const number of news) watcher.tookIn(number);
      return Promise.race([current.exit, abandoned]);
    },
    end() {
      current?.end();
    },
    abandon,
    onAlive(to) {
      touch = to;
    },
    said: () => said,
    pids: () => (current?.pid === undefined ? [] : [current.pid]),
  };
}

function envOf(brief: Brief): Record<string, string> {
  const told = { ATHENA_TASK_ID: `${brief.taskId}`, ATHENA_RUN: `${brief.run}`, ATHENA_BRANCH: brief.branch };
  return { ...brief.env, ...told };
}

function promptOf(brief: Brief, said: string, replies: readonly Reply[]): string {
  if (replies.length === 0) return brief.prompt;
  const spoken = replies.map((reply) => `Reply from ${reply.author}:\n${reply.text}`);
  const earlier = said === '' ? [] : [`What was said at the end of the run before:\n${said}`];
  return [brief.prompt, ...earlier, ...spoken].join('\n\n');
}

function toEnding(exit: Exit, said: string, brief: Brief): Ending {
  const [program = ''] = brief.project.command;
  switch (exit.kind) {
    case 'unstartable':
      return missing(`${program} cannot be started: ${startError(exit.error)}.`);
    case 'signal':
      return { kind: 'crashed', detail: `${program} was killed by ${exit.signal}.` };
    case 'code':
      return codeEnding(exit, said, program);
  }
}

function codeEnding(exit: Extract<Exit, { kind: 'code' }>, said: string, program: string): Ending {
  if (exit.code === 0) return { kind: 'done', summary: said };
  const why = exit.error === '' ? '' : `: ${exit.error}`;
  if (exit.code === NOT_NOW) return { kind: 'overload', detail: `${program} says "not now"${why}` };
  return { kind: 'failed', detail: `${program} ended with exit code ${exit.code}${why}` };
}

function missing(detail: string): Ending {
  return {
    kind: 'fault',
    fault: 'binary',
    detail: `${detail} Check "command" of the project in worker.yaml.`,
  };
}

function startError(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'there is no such program on the PATH of a run';
  return error.code === 'EACCES' ? 'it is not executable' : error.message;
}
