/**
 * May the model do this? What rules and modes leave open comes here, is put to people, and is held until they answer.
 * Nobody in time: the call is denied in the one way that ends the turn without another request and keeps the calls
 * beside it, so that the session can go on once the answer is there.
 */
import { isDeepStrictEqual } from 'node:util';
import { placeless } from './call-places.ts';
import type { Answered, Brief, Decided, Question, RunFolders, Watcher } from './executor.ts';
import { choicesOf, withAnswers, type Choice } from './claude-choices.ts';
import type { CanUseTool, PermissionAnswer, PermissionAsked, PermissionUpdate } from './claude-sdk.ts';
import { deniedBy } from './claude-denials.ts';
import { cutMiddle } from './cut.ts';
import { toolTitle } from './tool-line.ts';

/** Of what is written to a file: the whole of it is in the branch, for everybody to see. */
const LONGEST_CONTENT = 3_000;
const WRITES = ['Write', 'Edit', 'NotebookEdit'];
const LEFT = 'Interrupted before somebody answered.';
const PARKED = 'There is no answer yet: the task is parked until somebody answers.';

export interface PermissionWays {
  readonly watcher: Pick<Watcher, 'ask' | 'heard'>;
  /** Around each wait for people, which is no idleness. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Nobody answered: the run is to end. Inside: a subagent had asked. */
  readonly park: (isInside: boolean) => void;
  /** It is to end anyway. */
  readonly isEnding: () => boolean;
}

export function createPermissions(brief: Brief, ways: PermissionWays): CanUseTool {
  const decided = [...brief.decided];
  const { ask, unanswered } = createAsker(ways);

  async function choose(input: Input, asked: PermissionAsked, choices: readonly Choice[]) {
    const given: Given[] = [];
    // One after the other: a later question often depends on the answer before.
    for (const { question, text } of choices) {
      const key = `${asked.toolUseID}:${question.key}`;
      const answered = await ask({ ...question, key }, asked);
      if (answered === null) return unanswered(asked, given);
      given.push({ key, text, said: answerText(answered, question) });
    }
    ways.watcher.heard(given.map(({ key }) => key));
    const answers = given.map(({ text, said }): [string, string] => [text, said]);
    return { behavior: 'allow', updatedInput: withAnswers(input, answers) } as const;
  }

  async function decide(tool: string, input: Input, asked: PermissionAsked): Promise<PermissionAnswer> {
    if (tool === 'AskUserQuestion') return choose(input, asked, choicesOf(input));
    const { permissions, deny: denied } = brief.project;
    const rule = tool === 'Bash' && permissions !== 'ask' ? deniedBy(denied, input['command']) : undefined;
    if (rule !== undefined) return deny(`The rules of this project refuse it: ${rule}`);
    const earlier = takeDecided(decided, { tool, input }, brief.folders);
    if (earlier !== undefined) return earlier.allowed ? allow(input) : deny('A person refused this.');
    if (permissions === 'full') return allow(input);
    const update = updateOf(asked, tool, input);
    const answered = await ask(toQuestion({ tool, input, asked, folders: brief.folders }, update), asked);
    if (answered === null) return unanswered(asked);
    ways.watcher.heard([asked.toolUseID]);
    return toAnswer(answered, input, update);
  }

  return async (tool, input, asked) => {
    try {
      return await decide(tool, input, asked);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return deny(`This could not be put to anybody, and is not allowed: ${why}`);
    }
  };
}

/** Puts questions to people, and knows what becomes of the call where nobody answers. */
function createAsker(ways: PermissionWays) {
  /** A turn that is interrupted while the run lives on has left its question behind. */
  const isLeft = ({ signal }: PermissionAsked) => signal.aborted && !ways.isEnding();

  async function ask(question: Question, asked: PermissionAsked): Promise<Answered | null> {
    const left = new AbortController();
    const leave = () => {
      if (isLeft(asked)) left.abort();
    };
    asked.signal.addEventListener('abort', leave);
    ways.pause();
    try {
      return await ways.watcher.ask(question, left.signal);
    } finally {
      asked.signal.removeEventListener('abort', leave);
      ways.resume();
    }
  }

  /** What was answered before stays unheard where the run parks: the next one is told it. */
  function unanswered(asked: PermissionAsked, before: readonly Given[] = []): PermissionAnswer {
    if (isLeft(asked)) {
      ways.watcher.heard(before.map(({ key }) => key));
      return deny([LEFT, ...before.map(({ text, said }) => `${text}: ${said}`)].join('\n'));
    }
    ways.park(asked.agentID !== undefined);
    return { behavior: 'deny', message: PARKED, interrupt: true };
  }

  return { ask, unanswered };
}

/** An answer to one question of several. */
interface Given {
  readonly key: string;
  readonly text: string;
  readonly said: string;
}

type Input = Readonly<Record<string, unknown>>;

interface Call {
  readonly tool: string;
  readonly input: Input;
  readonly asked: PermissionAsked;
  readonly folders: RunFolders;
}

function takeDecided(
  decided: Decided[],
  { tool, input }: Pick<Call, 'tool' | 'input'>,
  folders: RunFolders,
): Decided | undefined {
  const call = placeless(input, folders);
  const at = decided.findIndex(
    (one) => one.tool === tool && isDeepStrictEqual(placeless(one.input, folders), call),
  );
  return at === -1 ? undefined : decided.splice(at, 1)[0];
}

/** What `Allow for this task` stores; a command of several parts is never allowed by the rule for its first one. */
function updateOf({ suggestions, suppressAlwaysAllowRule }: PermissionAsked, tool: string, input: Input) {
  if (suppressAlwaysAllowRule === true || (tool === 'Bash' && isCompound(input['command']))) return null;
  const adds = (suggestions ?? []).filter(
    ({ type, behavior }) => type === 'addRules' && behavior === 'allow',
  );
  const [update] = adds;
  return adds.length === 1 && update?.rules?.length === 1 ? update : null;
}

function isCompound(command: unknown): boolean {
  return typeof command !== 'string' || /[;&|<>\n`]|\$\(/.test(command.trim());
}

function toQuestion({ tool, input, asked, folders }: Call, update: PermissionUpdate | null): Question {
  const rule = ruleOf(update);
  const options = [
    { id: 'allow_once', label: 'Allow once' },
    ...(rule === null ? [] : [{ id: 'allow_task', label: 'Allow for this task' }]),
    { id: 'deny', label: 'Deny' },
  ];
  const command = input['command'];
  const shown = typeof command === 'string' ? command : JSON.stringify(input, null, 2);
  return {
    key: asked.toolUseID,
    kind: 'permission',
    title: toolTitle(tool, input, folders.tree),
    detail: WRITES.includes(tool) ? cutMiddle(shown, LONGEST_CONTENT) : shown,
    options,
    rule,
    call: { tool, input: placeless(input, folders) },
  };
}

/** In Claude Code's own syntax. */
function ruleOf(update: PermissionUpdate | null): string | null {
  const rule = update?.rules?.[0];
  if (rule === undefined) return null;
  return rule.ruleContent === undefined ? rule.toolName : `${rule.toolName}(${rule.ruleContent})`;
}

function toAnswer({ option, text, by }: Answered, input: Input, update: PermissionUpdate | null) {
  if (option === 'allow_once') return allow(input);
  if (option !== 'allow_task') return deny(`${by} refused this${text === null ? '.' : `: ${text}`}`);
  if (update === null) return allow(input);
  return { ...allow(input), updatedPermissions: [{ ...update, destination: 'session' }] };
}

function allow(updatedInput: Input) {
  return { behavior: 'allow', updatedInput } as const;
}

function deny(message: string) {
  return { behavior: 'deny', message } as const;
}

function answerText({ option, text }: Answered, { options }: Question): string {
  const label = options.find(({ id }) => id === option)?.label ?? option;
  return [label, text].filter((part) => part !== null).join(': ');
}
