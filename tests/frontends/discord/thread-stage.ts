/** The stage with a worker's run on it, and the real thread relay that tells of it. */
import { createThreadRelay, type ThreadRelay } from '../../../src/background/thread-relay.ts';
import { createInstanceService } from '../../../src/core/instance-service.ts';
import { createRunService } from '../../../src/core/run-service.ts';
import type { Batch, ReportedMessage } from '../../../src/core/run-messages.ts';
import { createSweepService } from '../../../src/core/sweep-service.ts';
import type { TwinMessage } from '../../support/discord-twin/index.ts';
import { begin, type Running } from '../../contracts/run-world.ts';
import type { StoreWorld } from '../../contracts/store-world.ts';
import { eventually, openStage, type Stage, type StageOptions } from './stage.ts';

export interface ThreadStage {
  readonly stage: Stage;
  readonly world: StoreWorld;
  /** Alice asks for a task in Discord, and its card stands. */
  submit(description?: string): Promise<number>;
  /** The same, and a worker begins a run of it. */
  run(description?: string): Promise<Running>;
  report(of: Running, messages: readonly Said[], more?: Partial<Batch>): Promise<void>;
  /** Lets time pass until the thread of every such task shows all there is. */
  settle(...ids: readonly number[]): Promise<void>;
  /** What stands in the thread of a task. */
  thread(id: number): Promise<readonly TwinMessage[]>;
  /** The process ends as by a kill, and another one begins after this time. */
  restart(awayMs?: number): Promise<void>;
  /** For one that starts later. */
  startRelay(): Promise<void>;
  close(): Promise<void>;
}

export type Said = string | Pick<ReportedMessage, 'kind' | 'text'>;

export async function openThreadStage(
  options: StageOptions & { readonly relayStartsLater?: boolean } = {},
): Promise<ThreadStage> {
  const at = { stage: await openStage(options) };
  const { clock, store, tasks } = at.stage;
  const runs = createRunService({ clock });
  const world: StoreWorld = {
    store,
    clock,
    tasks,
    runs,
    instances: createInstanceService({ clock }),
    sweeps: createSweepService({ clock }),
    run: (work) => store.decide(work),
  };
  const told = new Map<string, number>();
  const relayOf = ({ frontEnd }: Stage): ThreadRelay => {
    const logger = quiet(at.stage);
    const relay = createThreadRelay({
      store,
      runs,
      threads: frontEnd.threads,
      isAnnounced: () => at.stage.relay.isUpToDate(),
      clock,
      logger,
    });
    if (options.relayStartsLater !== true) relay.start();
    return relay;
  };
  let relay = relayOf(at.stage);

  async function submit(description = 'Deploy new monitoring stack'): Promise<number> {
    const card = await at.stage.twin.user('alice').slash('task', { description }).message();
    await at.stage.relay.run();
    return Number(/Task ID: #(\d+)/.exec(card.text)?.[1]);
  }

  async function position(id: number) {
    const found = await store.threads('discord').position(id);
    return found === null
      ? null
      : { ...found, plan: (JSON.parse(found.state) as { plan?: unknown }).plan ?? null };
  }

  async function isSettled(id: number): Promise<boolean> {
    const [now, work] = await Promise.all([position(id), store.taskWork(id)]);
    return now !== null && (now.isClosed || (now.seq === work?.lastSeq && now.plan === null));
  }

  return {
    get stage() {
      return at.stage;
    },
    world,
    submit,
    run: async (description) => begin(world, await submit(description)),
    async report(of, messages, more = {}) {
      const first = (told.get(of.leaseId) ?? 0) + 1;
      told.set(of.leaseId, first + messages.length - 1);
      const whole = messages.map((one) =>
        typeof one === 'string' ? ({ kind: 'text', text: one } as const) : one,
      );
      await world.run(
        runs.postMessages(
          of.id,
          { leaseId: of.leaseId },
          { first, messages: whole.map((one) => ({ ...one, at: null })), totals: null, ...more },
        ),
      );
    },
    async settle(...ids) {
      // One pause at least: what was said since the last turn is told by the next. Then nothing is asked any more.
      const from = clock.monotonicMs();
      let quietFor = 0;
      let asked = 0;
      await eventually(async () => {
        clock.advance(20);
        const all = await Promise.all(ids.map(isSettled));
        const { requestCount } = at.stage.twin;
        quietFor = all.every(Boolean) && requestCount === asked ? quietFor + 1 : 0;
        asked = requestCount;
        return quietFor > 80 && clock.monotonicMs() - from > 2_500;
      });
    },
    async thread(id) {
      const threadId = (await position(id))?.threadId;
      return threadId == null ? [] : at.stage.twin.channel(threadId).messages;
    },
    async restart(awayMs = 0) {
      const stopped = relay.stop();
      at.stage = await at.stage.restart();
      await stopped;
      clock.advance(awayMs);
      relay = relayOf(at.stage);
    },
    async startRelay() {
      relay.start();
      await eventually(async () => (await store.memory('discord').value('threads_begun')) !== null);
    },
    async close() {
      const stopped = relay.stop();
      await at.stage.close();
      await stopped;
    },
  };
}

/** Its lines stand among those of the stage. */
function quiet({ log }: Stage) {
  const lines = log as { level: string; message: string; details: object }[];
  const add = (level: string) => (details: object, message: string) =>
    void lines.push({ level, message, details });
  return { debug: add('debug'), info: add('info'), warn: add('warn'), error: add('error') };
}
