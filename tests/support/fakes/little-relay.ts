import type { Attempt, Clock, Delivered, FrontEnd, Store } from '../../../src/core/ports.ts';
import type { TaskEvent } from '../../../src/core/event.ts';

/** The relay's side of the bargain with a front end, without its timers: one step when the test says so. */
export interface LittleRelay {
  /** Delivers the next event, if there is one. Throws what the front end throws; the next call tries again. */
  step(): Promise<boolean>;
  /** Delivers all there is. */
  run(): Promise<void>;
  /** Forgets, as a kill between sending and remembering does, what the next step leaves behind. */
  loseNextResult(): void;
  readonly inDoubtSince: Date | null;
  /** Everything that has happened was delivered. */
  isUpToDate(): Promise<boolean>;
  /** Takes no notice of what happened so far. */
  skipToNewest(): Promise<void>;
  /** Everything after the position, in one message. */
  summarize(): Promise<void>;
}

interface State {
  position: string;
  inDoubtSince: Date | null;
  decided: string | null;
  losesNext: boolean;
}

export function createLittleRelay(parts: { store: Store; frontEnd: FrontEnd; clock: Clock }): LittleRelay {
  const { store, frontEnd, clock } = parts;
  const memory = store.memory(frontEnd.name);
  const state: State = { position: '', inDoubtSince: null, decided: null, losesNext: false };

  function attempt(): Attempt {
    return {
      inDoubtSince: state.inDoubtSince,
      decided: state.decided,
      announceSend: (decided) => {
        if (state.inDoubtSince === null) state.decided = decided ?? null;
        state.inDoubtSince ??= clock.now();
        return Promise.resolve();
      },
    };
  }

  async function remember(last: TaskEvent, delivered: Delivered): Promise<void> {
    if (state.losesNext) {
      state.losesNext = false;
      throw new Error('killed');
    }
    await memory.save(delivered);
    state.position = last.position;
    state.inDoubtSince = null;
    state.decided = null;
  }

  async function start(): Promise<string> {
    if (state.position === '') state.position = (await memory.value('test_start')) ?? '0';
    return state.position;
  }

  async function step(): Promise<boolean> {
    const events = await store.eventsAfter(await start(), 100);
    const [event] = events;
    if (event === undefined) return false;
    const task = await store.task(event.taskId);
    const cardIsSuperseded = events.slice(1).some((later) => later.taskId === event.taskId);
    const delivered = await frontEnd.deliver({ event, task, cardIsSuperseded, ...attempt() });
    await remember(event, delivered);
    return true;
  }

  return {
    step,
    async run() {
      while (await step());
    },
    loseNextResult() {
      state.losesNext = true;
    },
    get inDoubtSince() {
      return state.inDoubtSince;
    },
    isUpToDate: async () => (await store.eventsAfter(await start(), 1)).length === 0,
    async skipToNewest() {
      state.position = await store.newestPosition();
    },
    async summarize() {
      const events = await store.eventsAfter(await start(), 1_000);
      const last = events.at(-1);
      if (last === undefined) return;
      const since = events[0]?.timestamp ?? clock.now();
      await remember(last, await frontEnd.summarize({ since, events, ...attempt() }));
    },
  };
}
