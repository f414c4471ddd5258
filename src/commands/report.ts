/** The doctor's findings as a page for people. */
import type { Finding } from '../core/finding.ts';
import { countText } from './words.ts';

export interface Chapter {
  readonly title: string;
  readonly findings: readonly Finding[];
}

const SIGNS = { ok: '✓', warning: '!', problem: '✗' } as const;
const COLOURS = { ok: 32, warning: 33, problem: 31 } as const;
const BOLD = 1;
const WIDEST = 24;

export function reportText(chapters: readonly Chapter[], { hasColours }: { hasColours: boolean }): string {
  const paint = (code: number, text: string) => (hasColours ? `\u001b[${code}m${text}\u001b[0m` : text);
  const all = chapters.flatMap(({ findings }) => findings);
  const width = Math.min(WIDEST, Math.max(...all.map(({ about }) => about.length)));
  const lines = chapters.flatMap(({ title, findings }) => [
    paint(BOLD, title),
    ...findings.flatMap(({ about, state, says, todo }) => [
      `  ${paint(COLOURS[state], SIGNS[state])} ${about.padEnd(width)}  ${says}`,
      ...(todo === undefined ? [] : [`${' '.repeat(width + 6)}→ ${todo}`]),
    ]),
    '',
  ]);
  return `${lines.join('\n')}\n${verdict(all)}\n`;
}

function verdict(all: readonly Finding[]): string {
  const count = (state: Finding['state']) => all.filter((finding) => finding.state === state).length;
  const [problems, warnings] = [count('problem'), count('warning')];
  if (problems + warnings === 0) return 'All is well.';
  return `${countText(problems, 'problem')}, ${countText(warnings, 'warning')}.`;
}
