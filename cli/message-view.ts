/**
 * Messages of a run as lines. For a terminal: words wrapped, tools dim and short, questions bright. Piped: every
 * message whole, those that are not text with their kind before them.
 */
import type { MessageView } from '../src/contract/run.ts';
import type { Io } from './io.ts';
import { safeText } from './text.ts';
import { fit, wrap } from './width.ts';

type Screen = Pick<Io, 'paint' | 'width' | 'isTerminal'>;

export interface MessageViewer {
  linesOf(message: MessageView): string[];
}

/** Of a tool's output, on a terminal: enough to see how it went. */
const MOST_OUTPUT_LINES = 8;
/** Longer lines are hard to read. */
const WIDEST_TEXT = 100;

export function createMessageViewer(screen: Screen): MessageViewer {
  let run: number | null = null;
  let before: string | undefined;
  return {
    linesOf(message) {
      const { kind, text } = message;
      const shown = safeText(text).trimEnd();
      if (!screen.isTerminal) return plainLines(kind, shown);
      const isNewRun = message.run !== null && message.run !== run;
      run = message.run ?? run;
      // Tools stand close together, everything else apart.
      const isClose = kind === 'tool' && before === 'tool' && !isNewRun;
      before = kind;
      const title = isNewRun ? ['', rule(`run ${message.run ?? ''}`, screen)] : [];
      return [...title, ...(isClose ? [] : ['']), ...brightLines(kind, shown, screen)];
    },
  };
}

function plainLines(kind: string, text: string): string[] {
  return (kind === 'text' ? text : `[${safeText(kind)}] ${text}`).split('\n');
}

function brightLines(kind: string, text: string, screen: Screen): string[] {
  const { paint } = screen;
  const columns = Math.min(screen.width, WIDEST_TEXT);
  if (kind === 'tool') return toolLines(text, screen);
  if (kind === 'text') return wrapped(text, columns);
  const [sign, colour] =
    kind === 'question'
      ? ['❓ ', (line: string) => paint.yellow(paint.bold(line))]
      : kind === 'result'
        ? ['🏁 ', paint.green]
        : ['   ', paint.dim];
  return wrapped(text, columns - 3).map((line, at) => (at === 0 ? sign : '   ') + colour(line));
}

/** `⚙ Bash: npm test · exit 1 · 3.2 s`, and the beginning of what it said. */
function toolLines(text: string, { paint, width }: Screen): string[] {
  const [first = '', ...output] = text.split('\n');
  const isLong = output.length > MOST_OUTPUT_LINES;
  const shown = isLong ? output.slice(0, MOST_OUTPUT_LINES - 1) : output;
  const more = isLong ? [`… ${output.length - shown.length} more lines`] : [];
  return [
    paint.cyan(fit(`⚙ ${first}`, width)),
    ...[...shown, ...more].map((line) => paint.dim(fit(`  │ ${line}`, width))),
  ];
}

/** What stands in a fence is left as it is: a line of code has its own ends. */
function wrapped(text: string, columns: number): string[] {
  let isCode = false;
  return text.split('\n').flatMap((line) => {
    const isFence = /^\s*(```|~~~)/.test(line);
    if (isFence) isCode = !isCode;
    return isFence || isCode ? [line] : wrap(line, columns);
  });
}

function rule(title: string, { paint, width }: Pick<Screen, 'paint' | 'width'>): string {
  const columns = Math.min(width, WIDEST_TEXT);
  return paint.dim(`── ${title} ${'─'.repeat(Math.max(0, columns - title.length - 4))}`);
}
