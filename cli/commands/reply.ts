import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { taskId, wordOrStdin } from '../given.ts';
import { safeLine } from '../text.ts';

export async function run(deps: Deps, { words, options }: Given): Promise<Outcome> {
  const id = taskId(words[0]);
  const text = await wordOrStdin(words[1], deps.io);
  const isNow = options['now'] === true;
  const answer = await deps.api().reply(id, { text, ...(isNow && { now: true }) });
  return {
    json: answer,
    lines: [`💬 Reply ${answer.reply_id} to task #${id}: ${whatBecomesOfIt(answer.delivery, isNow)}`],
    remark: `See "claude-task-client watch ${id}".`,
  };
}

/** A newer server may know more ways. */
function whatBecomesOfIt(delivery: string, isNow: boolean): string {
  if (delivery === 'now') return isNow ? 'it interrupts the run' : 'the run hears it at its next step';
  if (delivery === 'next_run') return 'it goes along with the next run';
  if (delivery === 'follow_up') return 'the task goes on with it';
  return safeLine(delivery);
}
