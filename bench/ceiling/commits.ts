/** The two ways to make a request durable: a commit each, or one for all of one turn of the event loop. */
import type Database from 'better-sqlite3';

/** `answer` is called after COMMIT. Any failure ends the process: a ceiling has nothing to recover. */
export type Commit = (run: () => string, answer: (body: string) => void) => void;

export const COMMIT_MODES = ['each', 'group'] as const;
export type CommitMode = (typeof COMMIT_MODES)[number];

export function createCommit(db: Database.Database, mode: CommitMode): Commit {
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  if (mode === 'each') {
    return (run, answer) => {
      begin.run();
      const body = run();
      commit.run();
      answer(body);
    };
  }

  let waiting: { run: () => string; answer: (body: string) => void }[] = [];
  function flush(): void {
    const group = waiting;
    waiting = [];
    begin.run();
    const bodies = group.map((piece) => piece.run());
    commit.run();
    group.forEach((piece, i) => {
      piece.answer(bodies[i]!);
    });
  }
  return (run, answer) => {
    if (waiting.push({ run, answer }) === 1) setImmediate(flush);
  };
}
