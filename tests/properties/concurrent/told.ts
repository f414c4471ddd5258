/** A history that nothing explains, for the eye. */
import type { Operation } from '../linearize.ts';
import type { What } from './queue-calls.ts';

export function told(
  history: readonly Operation<What>[],
  longest: readonly What[],
  explained: boolean,
): string {
  const line = ({ what, called, answered }: Operation<What>) =>
    `${called}..${answered ?? ''} ${lineOf(what)}`;
  const why = explained
    ? 'every answer is explained, but not how the queue looks in the end'
    : `no order explains these answers; the longest that does:\n${longest.map((what) => `  ${lineOf(what)}`).join('\n')}`;
  return `${[...history]
    .sort((a, b) => a.called - b.called)
    .map(line)
    .join('\n')}\n${why}`;
}

function lineOf(what: What): string {
  if ('undo' in what) return `undo ${what.undo}`;
  const { name, command, answer } = what;
  const said = answer === null ? 'unknown' : JSON.stringify(answer);
  return `${name} ${JSON.stringify(command)} -> ${said}`;
}
