/** Writes down who asked what when, and what came of it. */
import { givenBy, resolve, type Command, type Given } from '../command.ts';
import type { Answer } from '../model/explain.ts';
import type { Operation } from '../linearize.ts';

export interface Call {
  /** Unlike every other call's. */
  readonly name: string;
  readonly command: Command;
  /** Null when nobody knows. */
  readonly answer: Answer | null;
}

export type Recorder = ReturnType<typeof createRecorder>;

export function createRecorder() {
  const given: Given[] = [];
  const calls: Operation<Call>[] = [];
  let now = 0;
  let names = 0;
  return {
    calls,
    /** What was called so far, and from now on something new. */
    take: () => calls.splice(0),
    learn(answer: Answer): void {
      const claimed = givenBy(answer.body);
      if (claimed !== null && !given.some(({ leaseId }) => leaseId === claimed.leaseId)) given.push(claimed);
    },
    /** The call as it is sent, and what to call when it was answered, or never will be. */
    begin(wanted: Command) {
      const command = resolve(wanted, given);
      const name = `request-${(names += 1)}`;
      const called = (now += 1);
      return {
        name,
        command,
        end: (answer: Answer | null): void => {
          const answered = answer === null ? null : (now += 1);
          calls.push({ what: { name, command, answer }, called, answered });
          if (answer !== null) this.learn(answer);
        },
      };
    },
  };
}
