/** Every command there is. A new one is a file beside this and a line here. */
import type { RESTPostAPIApplicationCommandsJSONBody } from 'discord.js';
import { athena } from './athena.ts';
import { cancel } from './cancel.ts';
import type { Command } from './command.ts';
import { done } from './done.ts';
import { priority } from './priority.ts';
import { queueAsTask } from './queue-as-task.ts';
import { queue } from './queue.ts';
import { reply } from './reply.ts';
import { status } from './status.ts';
import { task } from './task.ts';
import { usage } from './usage.ts';

export const COMMANDS: readonly Command[] = [
  task,
  queue,
  status,
  done,
  priority,
  cancel,
  reply,
  usage,
  athena,
  queueAsTask,
];

/** Only in servers: never offered in direct messages. */
export function definitions(): RESTPostAPIApplicationCommandsJSONBody[] {
  return COMMANDS.map(({ definition }) => ({ ...definition, contexts: [0], integration_types: [0] }));
}
