/** What a session says, as a watcher wants to hear it: complete texts, tools with their outcome, the list of to-dos. */
import type { RunClock } from './clock.ts';
import type { Watcher } from './executor.ts';
import type { SdkBlock, SdkMessage } from './claude-sdk.ts';
import { noticeOf } from './claude-notices.ts';
import { cutEnd, LONGEST_TEXT } from './cut.ts';
import { cleanOutput } from './output-text.ts';
import { createTodos, isTodo } from './todo-list.ts';
import { toolText, toolTitle } from './tool-line.ts';

interface Call {
  readonly tool: string;
  readonly title: string;
  readonly input: unknown;
  readonly startedAt: Date;
  readonly startedMs: number;
}

export interface NarratorParts {
  readonly watcher: Watcher;
  readonly clock: RunClock;
  /** Where the run works. */
  readonly folder: string;
}

export interface Narrator {
  see(message: SdkMessage): void;
}

function createCalls({ watcher, clock, folder }: NarratorParts) {
  const calls = new Map<string, Call>();
  const todos = createTodos(watcher);

  function begin(id: string, tool: string, input: unknown): void {
    const title = toolTitle(tool, input, folder);
    calls.set(id, { tool, title, input, startedAt: clock.now(), startedMs: clock.monotonicMs() });
    show();
  }

  function finish(id: string, block: SdkBlock): void {
    const call = calls.get(id);
    if (call === undefined) return;
    calls.delete(id);
    const result = {
      text: textOf(block.content),
      isError: block.is_error === true,
      tookMs: clock.monotonicMs() - call.startedMs,
    };
    if (!todos.see(call.tool, call.input, result.text)) {
      watcher.message({ kind: 'tool', text: toolText(call.tool, call.title, result) });
    }
    show();
  }

  function show(): void {
    const last = [...calls.values()].filter(({ tool }) => !isTodo(tool)).at(-1);
    watcher.activity(last === undefined ? null : { text: last.title, startedAt: last.startedAt });
  }

  return { begin, finish };
}

export function createNarrator(parts: NarratorParts): Narrator {
  const { watcher } = parts;
  const calls = createCalls(parts);
  let sessionId: string | null = null;

  /** What the program says of a failed request itself, the end of the run says better. */
  function text(said: string, isFailure: boolean): void {
    const clean = cutEnd(cleanOutput(said).trim(), LONGEST_TEXT);
    const own = OWN_REFUSAL.exec(clean)?.[1];
    if (own !== undefined) watcher.message({ kind: 'notice', text: own });
    else if (clean !== '' && !isFailure) watcher.message({ kind: 'text', text: clean });
  }

  function session(id: string | undefined): void {
    if (sessionId !== null || id === undefined) return;
    sessionId = id;
    watcher.session(id);
  }

  const heard: Readonly<Record<string, (block: SdkBlock, isFailure: boolean) => void>> = {
    'assistant text': (block, isFailure) => {
      text(block.text ?? '', isFailure);
    },
    'assistant tool_use': (block) => {
      calls.begin(block.id ?? '', block.name ?? '', block.input);
    },
    'user tool_result': (block) => {
      calls.finish(block.tool_use_id ?? '', block);
    },
  };
  return {
    see(seen) {
      const { type, subtype, session_id, parent_tool_use_id, message } = seen;
      if (type === 'system' && subtype === 'init') session(session_id);
      const notice = noticeOf(seen);
      if (notice !== null)
        watcher.message({ kind: 'notice', text: cutEnd(cleanOutput(notice), LONGEST_TEXT) });
      // What a subagent does is its own business; its report is the outcome of the call that started it.
      if (typeof parent_tool_use_id === 'string') return;
      for (const block of blocksOf(message?.content)) {
        heard[`${type} ${block.type ?? ''}`]?.(block, seen.error !== undefined);
      }
    },
  };
}

/** What the program makes of a request that our own proxy refused. */
const OWN_REFUSAL = /^(?:[A-Z][^\n"]*\. )?API Error: 403 Athena: ([^\n]+)$/;

function blocksOf(content: string | readonly SdkBlock[] | undefined): readonly SdkBlock[] {
  return Array.isArray(content) ? (content as readonly SdkBlock[]) : [];
}

/** Text, or a list of blocks of which some are text. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  const texts = (content as readonly SdkBlock[]).map(({ text }) => text ?? '');
  return texts.filter((text) => text !== '').join('\n');
}
