/**
 * The options of a session, for code that nobody watches. Each is set on purpose: what the package would choose by
 * itself runs hooks of the branch, expands `@file` in a stranger's text, or takes whatever model is the newest.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Brief } from './executor.ts';
import type { CanUseTool, SdkOptions, SpawnClaude } from './claude-sdk.ts';
import { sandboxOf } from './claude-sandbox.ts';
import type { ModelProxy } from './model-proxy.ts';
import type { Credential } from './model-request.ts';
import { smaller } from './run-budget.ts';

/** The offer is the restriction: what is not in it does not exist for the model. */
const TOOLS = [
  'Agent',
  'AskUserQuestion',
  'Bash',
  'Edit',
  'Glob',
  'Grep',
  'NotebookEdit',
  'Read',
  'TaskCreate',
  'TaskList',
  'TaskUpdate',
  'WebFetch',
  'WebSearch',
  'Write',
];

/** About three minutes of waiting; then the queue waits better than a process that is kept for it. */
const MAX_RETRIES = '8';

export interface SessionWays {
  readonly model: string;
  readonly proxy: Pick<ModelProxy, 'url' | 'token'>;
  readonly credential: Pick<Credential, 'kind'>;
  readonly canUseTool: CanUseTool;
  readonly spawn: SpawnClaude;
  /** A variable that marks every process of the run. */
  readonly marker: { readonly name: string; readonly value: string };
}

export function sessionOptions(brief: Brief, ways: SessionWays): SdkOptions {
  const { project, folders, left, resume, rules, projectConfig = null, attachments = null } = brief;
  const turns = smaller(project.turnsPerRun, left.turns);
  return {
    model: ways.model,
    cwd: folders.tree,
    // Read without asking.
    ...(attachments !== null && { additionalDirectories: [attachments] }),
    env: sessionEnv(brief, ways),
    tools: TOOLS,
    allowedTools: [...project.allow, ...rules],
    disallowedTools: [...project.deny],
    // Never the bypass: with `full` the callback allows, so that `deny` still holds.
    permissionMode: project.permissions === 'edit' ? 'acceptEdits' : 'default',
    canUseTool: ways.canUseTool,
    // The branch's texts are read: CLAUDE.md, .claude/CLAUDE.md and .claude/rules/*.md. Its settings, hooks, skills and
    // servers are looked for in an empty folder, or in one with those of the base.
    settingSources: ['project'],
    projectConfigRoot: projectConfig ?? noProjectFolder(folders.config),
    mcpServers: project.mcpServers,
    strictMcpConfig: projectConfig === null,
    // A text from a chat is data: `@file` and `/command` in it are only words.
    verbatimPrompts: true,
    systemPrompt: { type: 'preset', preset: 'claude_code', append: aboutTheRun(brief) },
    spawnClaudeCodeProcess: ways.spawn,
    ...(turns !== null && { maxTurns: Math.max(1, turns) }),
    // A resumed session starts a fresh allowance, so this is what is left of the task's.
    ...(left.costUsd !== null && { maxBudgetUsd: Math.max(0.000_001, left.costUsd) }),
    ...(resume !== null && { resume: resume.sessionId }),
    ...(project.sandbox && sandboxOf(brief)),
  };
}

/** Replaces the environment: nothing of the worker's is in it. The token opens this run's proxy and nothing else. */
function sessionEnv(
  { env, folders }: Brief,
  { proxy, credential, marker, model }: SessionWays,
): Record<string, string> {
  return {
    ...env,
    ...pastProxies(env),
    [marker.name]: marker.value,
    CLAUDE_CONFIG_DIR: folders.config,
    ANTHROPIC_BASE_URL: proxy.url,
    [credential.kind === 'key' ? 'ANTHROPIC_API_KEY' : 'CLAUDE_CODE_OAUTH_TOKEN']: proxy.token,
    // The proxy serves one model; whoever asks for a short name gets it.
    ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
    ANTHROPIC_DEFAULT_SONNET_MODEL: model,
    ANTHROPIC_DEFAULT_OPUS_MODEL: model,
    CLAUDE_CODE_SUBAGENT_MODEL: model,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1',
    CLAUDE_CODE_STARTUP_FAILURE_RESULTS: '1',
    CLAUDE_CODE_MAX_RETRIES: MAX_RETRIES,
  };
}

/** A project may need a proxy for what its commands fetch; the model is on the loopback, and its token stays there. */
function pastProxies(env: Brief['env']): Record<string, string> {
  const names = Object.keys(env).filter((name) => /^(http|https|all|no)_proxy$/i.test(name));
  if (names.length === 0) return {};
  const spared = [env['NO_PROXY'] ?? env['no_proxy'] ?? '', '127.0.0.1', 'localhost', '::1'];
  const list = spared.filter(Boolean).join(',');
  return { NO_PROXY: list, no_proxy: list };
}

function noProjectFolder(config: string): string {
  const folder = path.join(config, 'no-project');
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true, mode: 0o500 });
  return folder;
}

/** A session that is resumed keeps the words that it began with, so nothing of one run alone is among them. */
function aboutTheRun({ taskId, branch }: Brief): string {
  return [
    `You work on task ${taskId} of a queue, in a clone of its own on the branch ${branch}.`,
    'Your folder is the working directory; where an earlier run of this task worked is gone, with the same files now here.',
    'Nobody watches while you work. Ask with AskUserQuestion only when you cannot decide by yourself: an answer may',
    'take hours. You may commit; do not push and do not change branches: what is left in the folder at the end is',
    'committed and pushed for you. End with a short summary of what you did and what is left to do.',
  ].join('\n');
}
