/**
 * What became of each check: one line each, a summary at the end. A skip is loud and counted, because a check
 * that did not run proves nothing.
 */
export class SkipError extends Error {}

export interface Report {
  /** Runs one check. Throwing `SkipError` skips it, any other throw fails it; gives whether it was ok. */
  check(name: string, body: () => string | Promise<string>): Promise<boolean>;
  skip(name: string, reason: string): void;
  /** Prints the summary and gives the exit code. */
  close(isStrict: boolean): number;
}

export function createReport(write: (line: string) => void): Report {
  const counts = { ok: 0, failed: 0, skipped: 0 };
  const note = (outcome: keyof typeof counts, name: string, reason: string) => {
    counts[outcome] += 1;
    write(`${outcome.padEnd(7)}  ${name}: ${reason}`);
  };
  return {
    check: async (name, body) => {
      try {
        note('ok', name, await body());
        return true;
      } catch (error) {
        note(error instanceof SkipError ? 'skipped' : 'failed', name, sentenceOf(error));
        return false;
      }
    },
    skip: (name, reason) => {
      note('skipped', name, reason);
    },
    close: (isStrict) => {
      write(`${counts.ok} ok, ${counts.failed} failed, ${counts.skipped} skipped`);
      return counts.failed > 0 || (isStrict && counts.skipped > 0) ? 1 : 0;
    },
  };
}

/** One line: the reason of a broken command is at its end. */
function sentenceOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const line = text.trim().replaceAll(/\s*\n\s*/g, ' | ');
  return line.length > 900 ? `${line.slice(0, 200)} ... ${line.slice(-690)}` : line;
}

export function demand(isTrue: boolean, sentence: string): asserts isTrue {
  if (!isTrue) throw new Error(sentence);
}
