/**
 * Reads the usage out of an answer of the Messages API while it passes by: from the events of a stream, or from
 * the one JSON object of an answer in one piece. Nothing is held but the line that is being read.
 */
import { NO_USAGE, type Usage } from './model-prices.ts';

/** Longer lines are large blocks of text or tool input, which hold no usage. */
const LONGEST_LINE = 262_144;
const LARGEST_JSON = 16 * 1024 * 1024;

export interface AnswerReading {
  readonly model: string | null;
  readonly usage: Usage;
  /** The usage is final: the answer said why it stopped. */
  readonly isWhole: boolean;
  /** It said something at all. */
  readonly hasBegun: boolean;
}

export interface AnswerReader {
  add(chunk: Uint8Array): void;
  end(): void;
  reading(): AnswerReading;
}

export function createAnswerReader(isStream: boolean, onChange: () => void): AnswerReader {
  let reading: AnswerReading = { model: null, usage: NO_USAGE, isWhole: false, hasBegun: false };
  const see = (event: ApiEvent) => {
    const next = after(reading, event);
    if (next === reading) return;
    reading = next;
    onChange();
  };
  const reader = isStream ? createLines(see) : createWhole(see);
  return { ...reader, reading: () => reading };
}

interface ApiUsage {
  readonly input_tokens?: number | null;
  readonly output_tokens?: number | null;
  readonly cache_read_input_tokens?: number | null;
  readonly cache_creation_input_tokens?: number | null;
  readonly cache_creation?: { readonly ephemeral_1h_input_tokens?: number | null } | null;
}

interface ApiEvent {
  readonly type?: string;
  readonly model?: string;
  readonly usage?: ApiUsage;
  readonly message?: { readonly model?: string; readonly usage?: ApiUsage };
  readonly delta?: { readonly stop_reason?: string | null };
}

function after(reading: AnswerReading, event: ApiEvent): AnswerReading {
  switch (event.type ?? '') {
    case 'message_start':
      return begun(event.message);
    case 'message_delta': {
      const isWhole = reading.isWhole || typeof event.delta?.stop_reason === 'string';
      return { ...reading, usage: merged(reading.usage, event.usage), isWhole };
    }
    case 'message':
      return { ...begun(event), isWhole: true };
    default:
      return reading;
  }
}

function begun(message: ApiEvent['message']): AnswerReading {
  const usage = merged(NO_USAGE, message?.usage);
  return { model: message?.model ?? null, usage, isWhole: false, hasBegun: true };
}

/** Counts in a stream are totals so far: a later one replaces the earlier, one that is not named stays. */
function merged(before: Usage, usage: ApiUsage = {}): Usage {
  const written = usage.cache_creation_input_tokens;
  const long = usage.cache_creation?.ephemeral_1h_input_tokens;
  const cacheWriteLong = long ?? before.cacheWriteLong;
  return {
    input: usage.input_tokens ?? before.input,
    output: usage.output_tokens ?? before.output,
    cacheRead: usage.cache_read_input_tokens ?? before.cacheRead,
    cacheWrite: typeof written === 'number' ? Math.max(0, written - cacheWriteLong) : before.cacheWrite,
    cacheWriteLong,
  };
}

type Feed = Pick<AnswerReader, 'add' | 'end'>;

function createLines(see: (event: ApiEvent) => void): Feed {
  const decoder = new TextDecoder('utf-8');
  let line = '';
  let isTooLong = false;

  function add(text: string): void {
    const [first = '', ...rest] = text.split('\n');
    grow(first);
    for (const next of rest) {
      if (!isTooLong) look(line);
      line = '';
      isTooLong = false;
      grow(next);
    }
  }

  function grow(text: string): void {
    isTooLong ||= line.length + text.length > LONGEST_LINE;
    line = isTooLong ? '' : line + text;
  }

  function look(complete: string): void {
    if (/^data:.*"message_(start|delta)"/.test(complete)) parse(complete.slice(5), see);
  }

  return {
    add(chunk) {
      add(decoder.decode(chunk, { stream: true }));
    },
    end() {
      add('\n');
    },
  };
}

function createWhole(see: (event: ApiEvent) => void): Feed {
  const chunks: Uint8Array[] = [];
  let size = 0;
  return {
    add(chunk) {
      size += chunk.length;
      if (size <= LARGEST_JSON) chunks.push(chunk);
    },
    end() {
      if (size <= LARGEST_JSON) parse(Buffer.concat(chunks).toString('utf8'), see);
    },
  };
}

function parse(text: string, see: (event: ApiEvent) => void): void {
  try {
    const event: unknown = JSON.parse(text);
    if (typeof event === 'object' && event !== null) see(event);
  } catch {
    // Cut or malformed: whoever asked notices, here there is nothing to count.
  }
}
