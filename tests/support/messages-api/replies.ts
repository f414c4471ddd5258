/** What the stand-in can answer, written as a scenario reads. */
export interface ApiUsage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly cache_creation_input_tokens: number;
}

export type Block =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'thinking'; readonly thinking: string }
  | { readonly type: 'tool_use'; readonly name: string; readonly input: unknown; readonly id?: string };

export interface Message {
  readonly kind: 'message';
  readonly blocks: readonly Block[];
  readonly usage: Partial<ApiUsage>;
  readonly stopReason: string | null;
  /** `whole`; `cut`: the connection breaks after the blocks; `stalled`: it stays open and silent. */
  readonly end: 'whole' | 'cut' | 'stalled';
  /** Waits for this before the first byte of the blocks. */
  readonly after?: Promise<void>;
}

export interface Refused {
  readonly kind: 'refused';
  readonly status: number;
  readonly type: string;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Bytes that are no event stream, or none at all. */
export type Broken = { readonly kind: 'raw'; readonly text: string } | { readonly kind: 'reset' };

export type Answer = Message | Refused | Broken;

export const DEFAULT_USAGE: ApiUsage = {
  input_tokens: 100,
  output_tokens: 20,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
};

export function say(text: string, usage: Partial<ApiUsage> = {}): Message {
  return answer([{ type: 'text', text }], { usage });
}

export function use(name: string, input: unknown, usage: Partial<ApiUsage> = {}): Message {
  return answer([{ type: 'tool_use', name, input }], { usage });
}

export function bash(command: string, more: object = {}): Message {
  return use('Bash', { command, description: 'Runs it', ...more });
}

export function answer(blocks: readonly Block[], over: Partial<Message> = {}): Message {
  const isTool = blocks.some((block) => block.type === 'tool_use');
  return {
    kind: 'message',
    blocks,
    usage: {},
    stopReason: isTool ? 'tool_use' : 'end_turn',
    end: 'whole',
    ...over,
  };
}

export function refuse(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Refused {
  return { kind: 'refused', status, type: TYPES[status] ?? 'api_error', message, headers };
}

const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};
