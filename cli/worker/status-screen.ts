/** On a terminal: one line for each run, below what has been logged, kept up to date in place. */
import type { Output } from '../streams.ts';
import { safeLine } from '../text.ts';
import { fit } from '../width.ts';
import type { RunClock } from './clock.ts';

export interface ScreenRun {
  readonly title: string;
  readonly usedMs: () => number;
  readonly costUsd: () => number;
  readonly activity: () => string | null;
}

export interface StatusScreen {
  /** A line that stays. */
  readonly print: (line: string) => void;
  /** Returns what takes it away. */
  show(run: ScreenRun): () => void;
}

const EVERY_MS = 1_000;
const COLUMNS = 80;

export function createStatusScreen(out: Output, clock: RunClock): StatusScreen {
  const runs = new Set<ScreenRun>();
  let drawn = 0;
  let callOff = () => {};

  function erase(): string {
    const up = drawn === 0 ? '' : `\u001b[${drawn}A\u001b[J`;
    drawn = 0;
    return up;
  }

  function draw(before: string): void {
    const lines = [...runs].map((run) => fit(lineOf(run), (out.columns ?? COLUMNS) - 1));
    out.write(`${erase()}${before}${lines.map((line) => `${line}\n`).join('')}`);
    drawn = lines.length;
    callOff();
    if (lines.length > 0) {
      callOff = clock.after(EVERY_MS, () => {
        draw('');
      });
    }
  }

  return {
    print: (line) => {
      draw(`${line}\n`);
    },
    show(run) {
      runs.add(run);
      draw('');
      return () => {
        runs.delete(run);
        draw('');
      };
    },
  };
}

function lineOf({ title, usedMs, costUsd, activity }: ScreenRun): string {
  const seconds = Math.floor(usedMs() / 1000);
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  const cost = costUsd() > 0 ? [`$${costUsd().toFixed(2)}`] : [];
  return safeLine(['▶ ' + title, time, ...cost, activity() ?? ''].filter((part) => part !== '').join(' · '));
}
