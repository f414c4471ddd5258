/** The list of to-dos as it stands, put together from the calls of tools that change it. */
import type { TodoItem, Watcher } from './executor.ts';
import { cleanOutput } from './output-text.ts';

export function isTodo(tool: string): boolean {
  return /^Task(Create|Update|List)$/.test(tool);
}

type Status = TodoItem['status'];

interface TodoInput {
  readonly subject?: unknown;
  readonly taskId?: unknown;
  readonly status?: unknown;
}

export function createTodos(watcher: Watcher) {
  const items = new Map<string, TodoItem>();

  function create({ subject }: TodoInput, result: string): void {
    const id = /#(\d+)/.exec(result)?.[1];
    if (id === undefined || typeof subject !== 'string') return;
    items.set(id, { text: cleanOutput(subject), status: 'pending' });
  }

  function update({ taskId, subject, status }: TodoInput): void {
    const id = typeof taskId === 'string' ? taskId : '';
    const item = items.get(id);
    if (item === undefined) return;
    if (status === 'deleted') items.delete(id);
    else {
      items.set(id, {
        text: typeof subject === 'string' ? cleanOutput(subject) : item.text,
        status: isStatus(status) ? status : item.status,
      });
    }
  }

  return {
    /** Whether the call was about the list. */
    see(tool: string, input: unknown, result: string): boolean {
      if (!isTodo(tool)) return false;
      const fields: TodoInput = typeof input === 'object' && input !== null ? input : {};
      if (tool === 'TaskCreate') create(fields, result);
      if (tool === 'TaskUpdate') update(fields);
      if (tool !== 'TaskList') watcher.todo([...items.values()]);
      return true;
    },
  };
}

function isStatus(value: unknown): value is Status {
  return value === 'pending' || value === 'in_progress' || value === 'completed';
}
