/**
 * The port behind which a run happens: one attempt at a task in a folder of its own. An executor starts it, tells
 * what it does as it goes, asks people through `ask`, takes replies in, and ends it at once when told to. It says how
 * the run ended and why; what that means for the task is judged elsewhere (`verdict`). It knows nothing of the server,
 * of git, or of the worker's credentials. Every implementation passes `tests/contracts/executor.contract.ts`.
 */
import type { Budget, ProjectSettings } from './settings.ts';

export interface Brief {
  readonly taskId: number;
  /** 1, 2, 3 ... over the task's life. */
  readonly run: number;
  readonly branch: string;
  /** The task's text, and what came with it: replies, answers, what was done before. */
  readonly prompt: string;
  /** Numbers of the replies that are part of it: taken in once it has reached the run. Left out: none. */
  readonly replies?: readonly number[];
  readonly project: ProjectSettings;
  /** A full id; null for executors without a model. */
  readonly model: string | null;
  readonly folders: RunFolders;
  /** Where `.claude` and `.mcp.json` of the project are to be read from; nowhere where it is missing or null. */
  readonly projectConfig?: string | null;
  /** The folder with the files that came with the task; null or left out: none came. */
  readonly attachments?: string | null;
  /** The whole environment of whatever the run starts, HOME and TMPDIR included. Nothing else of the worker's gets in. */
  readonly env: Readonly<Record<string, string>>;
  /** Session to go on with; its transcript lies at `transcript`. Null: start afresh. */
  readonly resume: { readonly sessionId: string; readonly transcript: string } | null;
  /**
   * With a sandbox: what its commands may read though it lies in a home folder (what the clone borrows), and what they
   * may not though others may (all else of the worker).
   */
  readonly fences?: { readonly open: readonly string[]; readonly closed: readonly string[] };
  /** What is left of the task's budget. */
  readonly left: Budget;
  /** Rules that people have allowed for this task, in Claude Code's syntax. */
  readonly rules: readonly string[];
  /** Calls that people have answered while nobody ran: an allowed one is allowed once, matched by tool and input. */
  readonly decided: readonly Decided[];
}

/** Absolute paths. The run owns all of them; nobody else writes there while it lives. */
export interface RunFolders {
  /** The clone that is worked in. */
  readonly tree: string;
  readonly home: string;
  readonly temp: string;
  /** CLAUDE_CONFIG_DIR, or whatever the executor keeps between the runs of a task. */
  readonly config: string;
}

export interface Decided {
  readonly tool: string;
  readonly input: unknown;
  readonly allowed: boolean;
}

export type MessageKind = 'text' | 'tool' | 'notice';

/** One complete thing that a run reports. A `tool` text is one line, then at most 1,000 characters of output. */
export interface RunMessage {
  readonly kind: MessageKind;
  readonly text: string;
}

/** What runs right now, for whoever watches: told as it changes, never kept. */
export interface Activity {
  readonly text: string;
  readonly startedAt: Date;
}

export interface TodoItem {
  readonly text: string;
  readonly status: 'pending' | 'in_progress' | 'completed';
}

/** Of this run alone, from its start. */
export interface Totals {
  readonly costUsd: number;
  /** The price of a model was guessed, or an answer was cut off before its usage was told. */
  readonly costEstimated: boolean;
  /** With cache reads and writes, subagents included. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Answers of the model. */
  readonly turns: number;
}

export const NO_TOTALS: Totals = {
  costUsd: 0,
  costEstimated: false,
  inputTokens: 0,
  outputTokens: 0,
  turns: 0,
};

export interface Question {
  /** The same for the same question of the same run. */
  readonly key: string;
  readonly kind: 'permission' | 'choice' | 'text';
  readonly title: string;
  readonly detail: string;
  readonly options: readonly { readonly id: string; readonly label: string }[];
  /** What `Allow for this task` would allow; null where it is not offered. */
  readonly rule: string | null;
  /** The call that waits, so that a later run can match it. */
  readonly call: { readonly tool: string; readonly input: unknown } | null;
}

export interface Answered {
  readonly option: string | null;
  readonly text: string | null;
  readonly by: string;
}

/** What an executor calls while it runs. None but `ask` throws or makes it wait. */
export interface Watcher {
  message(message: RunMessage): void;
  activity(now: Activity | null): void;
  todo(items: readonly TodoItem[]): void;
  totals(totals: Totals): void;
  /** As soon as it is known; told once. */
  session(id: string): void;
  /**
   * Null: nobody answered in time, and the run is to end as `parked`. Rejects where the question was not taken: nobody
   * will ever answer it, and the run goes on without. Once `left` is aborted the run goes on without the answer, too.
   */
  ask(question: Question, left?: AbortSignal): Promise<Answered | null>;
  /** The call that waited has been answered with what people said to these questions. */
  heard(keys: readonly string[]): void;
  /** Called once for each reply when it has reached the run. */
  tookIn(replyNumber: number): void;
}

export interface Reply {
  readonly number: number;
  readonly text: string;
  /** Who wrote it, for the label that the run sees. */
  readonly author: string;
  /** Interrupts what is going on instead of waiting for the next tool boundary. */
  readonly now: boolean;
}

/** Why a run ended, as the executor saw it. */
export type Ending =
  | { readonly kind: 'done'; readonly summary: string }
  /** A question was not answered in time. */
  | { readonly kind: 'parked' }
  /** The budget that is named ran out. */
  | { readonly kind: 'budget'; readonly which: keyof Budget }
  /** It wanted more when all runs of this worker together had used up the day. */
  | { readonly kind: 'daily' }
  /** The account has nothing left until then. */
  | { readonly kind: 'quota'; readonly until: Date; readonly detail: string }
  /** Overloaded, unreachable, or answering with 5xx after all retries; or the program said "not now". */
  | { readonly kind: 'overload'; readonly detail: string }
  /** A session that is over has grown to what the API does not take: only a new one can go on with the task. */
  | { readonly kind: 'failed'; readonly detail: string; readonly isSessionOver?: true }
  /** The model refused, or the run came to the limit of turns of one run: repeating it would not help. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** It died, or was killed by somebody else. */
  | { readonly kind: 'crashed'; readonly detail: string }
  /** Something of this machine is wrong: no other task would fare better here. */
  | {
      readonly kind: 'fault';
      readonly fault: 'key' | 'billing' | 'model' | 'binary';
      readonly detail: string;
    }
  /** `stop` was called before it ended by itself. */
  | { readonly kind: 'stopped' };

export interface Ended {
  readonly ending: Ending;
  readonly totals: Totals;
  readonly sessionId: string | null;
}

export interface Running {
  /** Resolves when the run has ended, whatever the way. Never rejects. */
  readonly ended: Promise<Ended>;
  /** Process ids that belong to the run and are known, for whoever sweeps after it. */
  pids(): readonly number[];
  reply(reply: Reply): void;
  /**
   * Ends it: within 700 ms the run's own processes have been told to end and then killed, and no request of it to the
   * model is open. Repeating it is harmless. `ended` resolves with `stopped`.
   */
  stop(): void;
}

export interface Executor {
  readonly name: 'claude' | 'command';
  start(brief: Brief, watcher: Watcher): Running;
}
