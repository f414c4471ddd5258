import { CreateTask } from '../../src/contract/task.ts';
import type { Given, Outcome } from '../command.ts';
import type { Deps } from '../deps.ts';
import { usageError } from '../errors.ts';
import { anyNumber, commaList, text, wordOrStdin } from '../given.ts';

export async function run(deps: Deps, { words, options }: Given): Promise<Outcome> {
  const wishes = wishesIn(options);
  const description = await wordOrStdin(words[0], deps.io);
  const wish = CreateTask.safeParse({ description, ...wishes });
  if (!wish.success) throw usageError(wish.error.issues[0]?.message ?? 'That is not a task.');
  const answer = await deps.api().createTask(wish.data);
  const isForWorkers = answer.task.project !== null;
  return {
    json: answer,
    lines: [`📋 Task #${answer.task_id} queued`],
    ...(isForWorkers && { remark: `See "claude-task-client watch ${answer.task_id}".` }),
  };
}

/** What was said of it; a server that knows less than this client is told no more than that. */
function wishesIn(options: Given['options']): Record<string, unknown> {
  const all = {
    priority: text(options['priority']),
    target: text(options['target']),
    project: text(options['project']),
    requires: commaList(options['requires']),
    model: text(options['model']),
    max_cost_usd: anyNumber('--max-cost', options['maxCost']),
    max_tokens: anyNumber('--max-tokens', options['maxTokens']),
    max_turns: anyNumber('--max-turns', options['maxTurns']),
    max_minutes: anyNumber('--max-minutes', options['maxMinutes']),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
