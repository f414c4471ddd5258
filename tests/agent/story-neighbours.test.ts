/** Two runs of one worker at the same time: neither sees anything of the other. */
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bash, say } from '../support/messages-api/replies.ts';
import { openStage, type Stage } from '../support/worker/stage.ts';
import { IS_MISSING } from './world.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});

afterEach(() => stage.close());

const add = (description: string) => stage.server().api.add(description, { project: 'notes' });
const isCompleted = ({ status }: { status: string }) => status === 'completed';

describe.skipIf(IS_MISSING)('two runs side by side on one worker', () => {
  it('each has its own folder, session, messages and branch', async () => {
    stage.model.script(
      { when: /Write (\w+)$/m, then: (request) => bash(meet(/Write (\w+)$/m.exec(request.last)?.[1] ?? '')) },
      { when: /met (\w+)/, then: (request) => say(`Wrote ${/met (\w+)/.exec(request.last)?.[1] ?? ''}.`) },
    );
    await add('Write apples');
    await add('Write pears');
    stage.worker('lab', { file: ['concurrency: 2'] }).start();

    const [one, two] = await Promise.all([1, 2].map((id) => stage.untilTask(id, isCompleted)));

    expect(one?.result).toMatchObject({
      branch: 'claude/1-write-apples',
      files_changed: 1,
      summary: 'Wrote apples.',
    });
    expect(two?.result).toMatchObject({
      branch: 'claude/2-write-pears',
      files_changed: 1,
      summary: 'Wrote pears.',
    });
    expect(one?.result?.session_id).not.toBe(two?.result?.session_id);
    expect(stage.show('claude/1-write-apples', 'apples.txt')).toBe('apples');
    expect(stage.show('claude/2-write-pears', 'pears.txt')).toBe('pears');
    const texts = async (id: number) => (await stage.messages(id)).map(({ text }) => text).join('\n');
    expect(await texts(1)).not.toContain('pears');
    expect(await texts(2)).not.toContain('apples');
  });

  /** Neither goes on before the other has begun: they meet in a folder that both see. */
  const meet = (word: string) => {
    const folder = path.join(stage.folder, 'meeting');
    const both = `[ "$(ls ${folder} | wc -l)" -eq 2 ]`;
    const come = `mkdir -p ${folder}; touch ${folder}/$$`;
    return `echo ${word} > ${word}.txt; ${come}; until ${both}; do sleep 0.1; done; echo met ${word}`;
  };
});
