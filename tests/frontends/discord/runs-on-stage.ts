/** Runs on the stage of the front end, and messages of the bot with their buttons. */
import type { Asked } from '../../../src/core/asked-question.ts';
import type { ButtonRow } from '../../../src/frontends/discord/outgoing.ts';
import { answerButtons } from '../../../src/frontends/discord/run-buttons.ts';
import type { RunReport } from '../../../src/core/run.ts';
import { ask, begin, report, type Running } from '../../contracts/run-world.ts';
import type { StoreWorld } from '../../contracts/store-world.ts';
import { newRest } from '../../support/discord-twin/fixture.ts';
import type { TwinMessage } from '../../support/discord-twin/index.ts';
import type { Stage } from './stage.ts';

/** The store's own world, as far as runs need it. */
function worldOf({ store, tasks, runs, clock }: Stage): StoreWorld {
  const run: StoreWorld['run'] = (work) => store.decide(work);
  return { store, tasks, runs, clock, run } as StoreWorld;
}

export function running(stage: Stage, taskId = 1): Promise<Running> {
  return begin(worldOf(stage), taskId);
}

/** Completed by its run. */
export async function finished(stage: Stage, { id, leaseId }: Running, facts: Partial<RunReport> = {}) {
  await stage.store.decide(stage.tasks.complete(id, { leaseId }, { report: report(facts) }));
}

/** A message of the bot with these buttons. */
export async function post(stage: Stage, rows: readonly ButtonRow[], channel = 'claude-tasks') {
  const body = { content: 'Buttons', components: rows };
  const route = `/channels/${stage.twin.channel(channel).id}/messages` as const;
  const { id } = (await newRest(stage.twin).post(route, { body })) as { id: string };
  return stage.twin.message(id);
}

/** A question of a run, on a message of its own. */
export async function asked(stage: Stage, of: Running, facts: Partial<Asked> = {}): Promise<TwinMessage> {
  return post(stage, answerButtons(await ask(worldOf(stage), of, facts)));
}
