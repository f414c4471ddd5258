/** One run in folders of its own, and everything it told, for tests of executors. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Activity, Answered, Brief, Question, RunMessage } from '../../../cli/worker/executor.ts';
import type { TodoItem, Totals, Watcher } from '../../../cli/worker/executor.ts';
import type { ProjectSettings } from '../../../cli/worker/settings.ts';
import { createBell, type Bell } from '../discord-twin/bell.ts';

export interface RunFolder {
  readonly root: string;
  readonly folders: Brief['folders'];
  remove(): void;
}

export function makeRunFolder(): RunFolder {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'athena-run-')));
  const folder = (name: string) => {
    const made = path.join(root, name);
    fs.mkdirSync(made);
    return made;
  };
  const folders = {
    tree: folder('tree'),
    home: folder('home'),
    temp: folder('temp'),
    config: folder('config'),
  };
  return {
    root,
    folders,
    remove: () => {
      fs.rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
}

export function projectSettings(over: Partial<ProjectSettings> = {}): ProjectSettings {
  return {
    name: 'notes',
    repo: '/nowhere',
    base: 'main',
    setup: null,
    setupMs: 60_000,
    idleMs: 600_000,
    turnsPerRun: null,
    executor: 'command',
    command: [],
    model: null,
    permissions: 'ask',
    allow: [],
    deny: [],
    allowRoot: false,
    projectSettings: false,
    mcpServers: {},
    env: { pass: [], set: {} },
    push: false,
    sandbox: false,
    ...over,
  };
}

export function briefOf(folder: RunFolder, over: Partial<Brief> = {}): Brief {
  const { home, temp } = folder.folders;
  return {
    taskId: 7,
    run: 2,
    branch: 'claude/7-deploy',
    prompt: 'Deploy the monitoring stack.',
    project: projectSettings(),
    model: null,
    folders: folder.folders,
    env: { PATH: process.env['PATH'] ?? '', HOME: home, TMPDIR: temp, LANG: 'C.UTF-8' },
    resume: null,
    left: { costUsd: null, tokens: null, turns: null, minutes: null },
    rules: [],
    decided: [],
    ...over,
  };
}

export interface RecordedWatcher extends Watcher {
  readonly bell: Bell;
  readonly messages: readonly RunMessage[];
  readonly activities: readonly (Activity | null)[];
  readonly todos: readonly (readonly TodoItem[])[];
  readonly told: readonly Totals[];
  readonly sessions: readonly string[];
  readonly questions: readonly Question[];
  readonly taken: readonly number[];
  texts(): string[];
}

export function recordWatcher(
  answer: (question: Question) => Promise<Answered | null> = () => Promise.resolve(null),
): RecordedWatcher {
  const messages: RunMessage[] = [];
  const activities: (Activity | null)[] = [];
  const todos: (readonly TodoItem[])[] = [];
  const told: Totals[] = [];
  const sessions: string[] = [];
  const questions: Question[] = [];
  const taken: number[] = [];
  const bell = createBell(() => JSON.stringify({ messages, questions, taken }, null, 1).slice(0, 8_000));
  const keep =
    <T>(list: T[]) =>
    (item: T) => {
      list.push(item);
      bell.ring();
    };
  return {
    bell,
    messages,
    activities,
    todos,
    told,
    sessions,
    questions,
    taken,
    texts: () => messages.filter(({ kind }) => kind === 'text').map(({ text }) => text),
    message: keep(messages),
    activity: keep(activities),
    todo: keep(todos),
    totals: keep(told),
    session: keep(sessions),
    ask: (question) => {
      keep(questions)(question);
      return answer(question);
    },
    heard() {},
    tookIn: keep(taken),
  };
}
