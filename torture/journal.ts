/**
 * What was asked for and what became of it: the oracle's evidence. Each operation carries a token (`op17`)
 * inside a text that it leaves in the trail, so that every event can be traced to who caused it. Kept in
 * memory, and in a file of JSON Lines for whoever has to find out what happened.
 */
import { appendFileSync } from 'node:fs';

export const OP_KINDS = [
  'add',
  'claim',
  'heartbeat',
  'complete',
  'fail',
  'release',
  'cancel',
  'requeue',
  'priority',
  'edit',
  'notes',
  'pause',
  'resume',
] as const;
export type OpKind = (typeof OP_KINDS)[number];

/**
 * `acknowledged`: answered with a success. `refused`: answered, and nothing happened. `unknown`: never
 * answered for sure, so it may have happened once.
 */
export type Outcome = 'open' | 'acknowledged' | 'refused' | 'unknown';

export interface Wish {
  readonly kind: OpKind;
  readonly via: 'http' | 'cli' | 'discord';
  /** As the trail names whoever asks. */
  readonly actor: string;
  readonly taskId?: number;
  /** The lease that the call proves itself with. */
  readonly leaseId?: string;
  /** The description of a new or edited task. */
  readonly text?: string;
  /** Sent with an idempotency key, and with the same one again until it is answered. */
  readonly isKeyed?: boolean;
}

export interface Op extends Wish {
  readonly token: string;
  readonly sentAt: number;
  tries: number;
  outcome: Outcome;
  answeredAt: number | null;
  /** Status and error code of the last answer, or the exit code of the client. */
  said: string;
  /** What the answer named. */
  answeredTask: number | null;
  answeredLease: string | null;
}

export interface Settled {
  readonly outcome: Exclude<Outcome, 'open'>;
  readonly said: string;
  readonly taskId?: number | undefined;
  readonly leaseId?: string | undefined;
}

export interface Journal {
  readonly ops: readonly Op[];
  readonly file: string;
  /** The wish may need its own token: for its text. */
  open(wish: (token: string) => Wish): Op;
  settle(op: Op, settled: Settled): void;
  note(what: string, facts?: object): void;
  /** Milliseconds since the run began. */
  now(): number;
}

export function createJournal(file: string): Journal {
  const ops: Op[] = [];
  const beganAt = performance.now();
  const now = () => Math.round(performance.now() - beganAt);
  const write = (line: object) => {
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  };
  return {
    ops,
    file,
    now,
    open(wish) {
      const token = `op${ops.length + 1}`;
      const op: Op = {
        ...wish(token),
        token,
        sentAt: now(),
        tries: 0,
        outcome: 'open',
        answeredAt: null,
        said: '',
        answeredTask: null,
        answeredLease: null,
      };
      ops.push(op);
      write({
        at: op.sentAt,
        sent: token,
        kind: op.kind,
        via: op.via,
        actor: op.actor,
        task: op.taskId,
        lease: op.leaseId,
      });
      return op;
    },
    settle(op, { outcome, said, taskId, leaseId }) {
      op.outcome = outcome;
      op.said = said;
      op.answeredAt = now();
      op.answeredTask = taskId ?? null;
      op.answeredLease = leaseId ?? null;
      write({
        at: op.answeredAt,
        op: op.token,
        outcome,
        said,
        tries: op.tries,
        task: taskId,
        lease: leaseId,
      });
    },
    note(what, facts = {}) {
      write({ at: now(), what, ...facts });
    },
  };
}

const TOKEN = /\bop\d+\b/;

export function tokenIn(text: string | null | undefined): string | null {
  return TOKEN.exec(text ?? '')?.[0] ?? null;
}
