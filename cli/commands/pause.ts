import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { text } from '../given.ts';
import { safeLine } from '../text.ts';

export async function run(deps: Deps, { options }: Given): Promise<Outcome> {
  const answer = await deps.api().pauseQueue(text(options['reason']));
  const why = answer.reason ? `: ${safeLine(answer.reason)}` : '';
  return { json: answer, lines: [`⏸️ The queue is paused${why}`] };
}
