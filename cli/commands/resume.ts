import type { Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';

export async function run(deps: Deps): Promise<Outcome> {
  const answer = await deps.api().resumeQueue();
  return { json: answer, lines: ['▶️ The queue goes on'] };
}
