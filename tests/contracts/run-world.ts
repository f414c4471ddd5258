/** Runs with sensible facts, of which a test names only those that it is about. */
import type { RunStart } from '../../src/core/run-begin.ts';
import type { Batch } from '../../src/core/run-messages.ts';
import { NO_TOTALS, type RunMessage, type RunReport, type RunTotals } from '../../src/core/run.ts';
import type { Asked } from '../../src/core/asked-question.ts';
import { submit, type StoreWorld } from './store-world.ts';

export interface Running {
  readonly id: number;
  readonly leaseId: string;
  readonly run: RunStart;
}

export async function begin(world: StoreWorld, id: number, instanceId = 'w-1'): Promise<Running> {
  const claim = await world.run(world.tasks.claim(id, { instanceId, session: 's', account: 'acc' }));
  if (claim.run === null) throw new Error('the claim began no run');
  return { id, leaseId: claim.leaseId, run: claim.run };
}

/** A new task that a worker runs. */
export async function running(
  world: StoreWorld,
  wanted: Parameters<typeof submit>[1] = {},
): Promise<Running> {
  return begin(world, (await submit(world, wanted)).id);
}

export function totals(facts: Partial<RunTotals> = {}): RunTotals {
  return {
    ...NO_TOTALS,
    costUsd: 0.5,
    inputTokens: 100,
    outputTokens: 10,
    turns: 2,
    durationMs: 1500,
    ...facts,
  };
}

export function report(facts: Partial<RunReport> = {}): RunReport {
  return {
    outcome: 'done',
    summary: 'It works.',
    branch: 'claude/1-x',
    commit: 'abc',
    base: 'base',
    filesChanged: 2,
    insertions: 3,
    deletions: 1,
    sessionId: 'session-1',
    model: 'model-1',
    totals: totals(),
    lastReply: 0,
    ...facts,
  };
}

export function say(
  world: StoreWorld,
  of: Running,
  batch: Partial<Batch> & { texts?: readonly string[] } = {},
) {
  const { texts = [], ...rest } = batch;
  const messages = texts.map((text) => ({ kind: 'text' as const, text, at: null }));
  return world.run(
    world.runs.postMessages(of.id, { leaseId: of.leaseId }, { first: 1, messages, totals: null, ...rest }),
  );
}

export async function told(world: StoreWorld, id: number): Promise<readonly RunMessage[]> {
  return (await world.store.messages(id, 0, 500)).messages;
}

export async function kindsOf(world: StoreWorld, id: number): Promise<string[]> {
  return (await told(world, id)).map(({ kind, run }) => `${run ?? '-'} ${kind}`);
}

export function ask(world: StoreWorld, of: Running, asked: Partial<Asked> = {}) {
  const whole: Asked = {
    key: 'q-1',
    kind: 'permission',
    title: 'Run npm test?',
    detail: 'Bash: npm test',
    options: null,
    rule: null,
    call: null,
    isBudget: false,
    budget: null,
    ...asked,
  };
  return world.run(world.runs.ask(of.id, { leaseId: of.leaseId }, whole));
}

export function answer(world: StoreWorld, id: number, option: string | null, text: string | null = null) {
  return world.run(world.runs.answer(id, { actor: 'discord:7', name: 'Ada' }, { option, text }));
}

export function reply(world: StoreWorld, id: number, text: string, now = false) {
  return world.run(world.runs.reply(id, { actor: 'discord:7', name: 'Ada' }, { text, now }));
}

/** Past the end of every lease. */
export async function loseAll(world: StoreWorld): Promise<void> {
  world.clock.advance(121 * 60_000);
  await world.run(world.sweeps.expireLeases());
}
