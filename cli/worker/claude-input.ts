/** What people say to a session: the prompt first, replies as they come. Which of it has reached the model is noted. */
import { randomUUID } from 'node:crypto';
import type { Brief, Reply } from './executor.ts';
import type { SdkInput, SdkMessage } from './claude-sdk.ts';

export interface ClaudeInput {
  readonly stream: AsyncIterable<SdkInput>;
  /** Expected from now on; it goes out with `send`. */
  announce(reply: Reply): void;
  send(reply: Reply): void;
  /** Notices which inputs the session has begun to work on. */
  see(message: SdkMessage): void;
  /** The model has answered, so it has seen the prompt and the replies in it. */
  answered(): void;
  /** A reply is on its way that the model has not seen. */
  isWaiting(): boolean;
  /** Nothing more is said: the session ends after what goes on. */
  close(): void;
}

export function createInput(
  { prompt, replies = [] }: Pick<Brief, 'prompt' | 'replies'>,
  onTaken: (replyNumber: number) => void,
): ClaudeInput {
  const unanswered = [...replies];
  const queue: SdkInput[] = [toInput(prompt)];
  const waiting = new Map<number, string | null>();
  let isClosed = false;
  let wake = () => {};

  async function* stream(): AsyncGenerator<SdkInput> {
    for (;;) {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) yield next;
      if (isClosed) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  function send(reply: Reply): void {
    if (isClosed) return;
    const input = toInput(`Reply from ${reply.author}:\n${reply.text}`);
    waiting.set(reply.number, input.uuid);
    queue.push(input);
    wake();
  }

  return {
    stream: stream(),
    announce(reply) {
      if (!isClosed) waiting.set(reply.number, null);
    },
    send,
    see({ type, command_uuid, state }) {
      if (type !== 'command_lifecycle' || state !== 'started') return;
      for (const [number, uuid] of waiting) {
        if (uuid !== command_uuid) continue;
        waiting.delete(number);
        onTaken(number);
      }
    },
    answered() {
      for (const number of unanswered.splice(0)) onTaken(number);
    },
    isWaiting: () => waiting.size > 0,
    close() {
      isClosed = true;
      wake();
    },
  };
}

function toInput(content: string): SdkInput {
  return { type: 'user', uuid: randomUUID(), message: { role: 'user', content }, parent_tool_use_id: null };
}
