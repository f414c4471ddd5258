/** Many tasks, three workers, and one of them killed again and again: each task is done once, each thread is whole. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StartedClient } from '../support/client-process.ts';
import { createDiscordTwin, type DiscordTwin, type TwinMessage } from '../support/discord-twin/index.ts';
import { bash, say } from '../support/messages-api/replies.ts';
import type { ApiRequest } from '../support/messages-api/request.ts';
import { openStage, type Stage, type StageWorker } from '../support/worker/stage.ts';
import { IS_MISSING } from './world.ts';

const TASKS = 20;
const KILLS = 6;
const ALL = Array.from({ length: TASKS }, (_, index) => index + 1);
const PATIENCE_MS = 10 * 60_000;

let twin: DiscordTwin;
let stage: Stage;

beforeEach(async () => {
  twin = createDiscordTwin();
  await twin.start();
  // All kills may meet one task, and each is an attempt.
  const env = { MAX_ATTEMPTS: `${KILLS + 1}` };
  stage = await openStage({ ...env, DISCORD_TOKEN: twin.token, DISCORD_API_URL: twin.url });
  await twin.waitForBot({ timeoutMs: 30_000 });
});

afterEach(async () => {
  await stage.close();
  await twin.stop();
});

/** It takes the model two steps, and the command between them long enough for a kill. */
function script(): void {
  const numberIn = ({ all }: ApiRequest) => /Write note (\d+)\b/.exec(all)?.[1] ?? '?';
  stage.model.script(
    { when: /Note \d+ is in its file/, then: (request) => say(`Note ${numberIn(request)} is written.`) },
    {
      when: /./,
      then: (request) => {
        const number = numberIn(request);
        return bash(`echo ${number} > note-${number}.txt; sleep 0.7; echo Note ${number} is in its file`);
      },
    },
  );
}

/** Killed each time it has a run, started again at once, and in the end left alone. */
async function killAgainAndAgain(worker: StageWorker, name: string): Promise<void> {
  for (let kills = 0; kills < KILLS; kills += 1) {
    const started: StartedClient = worker.start('--concurrency', '1');
    const before = stage.model.requests.length;
    await stage.until(`a run of ${name}`, async () => {
      const running = (await stage.instance(name))?.running.length ?? 0;
      return running > 0 && stage.model.requests.length > before + (kills % 3);
    });
    started.signal('SIGKILL');
    await started.ended;
  }
  worker.start('--concurrency', '1');
}

/** What the thread on the card of a task says in words, cards left out. */
function saidIn(id: number): string {
  const said = threadOf(id).map(({ content }) => content);
  return said.filter((content) => !/^▶️|^<@|^$|^ℹ️/.test(content)).join('\n');
}

function threadOf(id: number): readonly TwinMessage[] {
  const card = twin
    .channel('claude-tasks')
    .messages.find(({ text }) => text.includes(`Task ID: #${id}\n`) || text.endsWith(`Task ID: #${id}`));
  return card?.threadId == null ? [] : twin.channel(card.threadId).messages;
}

const isEnd = ({ text }: TwinMessage) => /^✅ Done · task #\d+$/m.test(text);

describe.skipIf(IS_MISSING)('twenty tasks and three workers, one of which is killed again and again', () => {
  it(
    'does each task once, and tells each in its thread, whole and in order',
    { timeout: PATIENCE_MS },
    async () => {
      script();
      const alice = twin.user('alice');
      for (const number of ALL)
        await alice
          .slash('task', { description: `Write note ${number}`, project: 'notes' })
          .message({ timeoutMs: 30_000 });
      const steady = ['one', 'two'].map((name) => stage.worker(name));
      for (const worker of steady) worker.start('--concurrency', '1');

      await killAgainAndAgain(stage.worker('victim'), 'victim');
      await stage.until(
        'all to be completed',
        async () => {
          const tasks = await Promise.all(ALL.map((id) => stage.task(id)));
          return tasks.every(({ status }) => status === 'completed');
        },
        PATIENCE_MS,
      );
      await stage.until('all ends to be told', () =>
        Promise.resolve(ALL.every((id) => threadOf(id).some(isEnd))),
      );

      for (const id of ALL) {
        const branch = `claude/${id}-write-note-${id}`;
        expect(stage.show(branch, `note-${id}.txt`)).toBe(`${id}`);
        const thread = threadOf(id);
        expect(thread.filter(isEnd)).toHaveLength(1);
        expect(isEnd(thread.at(-1)!)).toBe(true);
        const texts = (await stage.messages(id))
          .filter(({ kind }) => kind === 'text')
          .map(({ text }) => text);
        expect(saidIn(id)).toBe(texts.join('\n'));
        expect(texts.at(-1)).toBe(`Note ${id} is written.`);
        const ends = (await stage.server().api.actions(id)).filter((action) => action === 'completed');
        expect(ends).toHaveLength(1);
      }
      const runs = await Promise.all(ALL.map(async (id) => (await stage.messages(id)).at(-1)?.run ?? 0));
      expect(runs.filter((count) => count > 1).length).toBeGreaterThan(0);
      const branches = ALL.map((id) => `refs/heads/claude/${id}-write-note-${id}`);
      expect(
        stage
          .branches()
          .filter((name) => !name.includes('-lost-'))
          .sort(),
      ).toEqual(branches.sort());
      expect(twin.pings.filter(({ users }) => users.length > 0)).toHaveLength(TASKS);
      expect(twin.violations).toEqual([]);
    },
  );
});
