/** Files that come with a task, from Discord into the folder of its runs. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDiscordTwin, type DiscordTwin } from '../support/discord-twin/index.ts';
import { bash, say } from '../support/messages-api/replies.ts';
import { openStage, type Stage } from '../support/worker/stage.ts';
import { IS_MISSING } from './world.ts';

/** The smallest picture that there is. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);
let twin: DiscordTwin;
let stage: Stage;

beforeEach(async () => {
  twin = createDiscordTwin();
  await twin.start();
  stage = await openStage({ DISCORD_TOKEN: twin.token, DISCORD_API_URL: twin.url });
  await twin.waitForBot({ timeoutMs: 30_000 });
});

afterEach(async () => {
  await stage.close();
  await twin.stop();
});

/** The model copies what the prompt names into the clone. */
const copies = (to: string) => ({
  when: /attachments\/1-/,
  then: ({ last }: { last: string }) => {
    const [file] = /\/\S+\/attachments\/1-\S+/.exec(last) ?? [];
    return bash(`cp ${file ?? 'nothing'} ${to}; echo copied`);
  },
});

describe.skipIf(IS_MISSING)('a file that comes with a task', () => {
  it('lies beside the clone of each run, byte for byte, and in no commit unless the run puts it there', async () => {
    stage.model.script({ when: /copied/, then: say('Copied it.') }, copies('copy.png'));
    const file = { name: 'a pixel.png', type: 'image/png', content: PIXEL };
    await twin
      .user('alice')
      .slash('task', { description: 'Copy the picture', project: 'notes', file })
      .message({ timeoutMs: 30_000 });

    expect(await stage.worker('first').once()).toMatchObject({ code: 0 });

    const { result } = await stage.task(1);
    expect(result).toMatchObject({ outcome: 'done', files_changed: 1 });
    expect(stage.bytes('claude/1-copy-the-picture', 'copy.png')).toEqual(PIXEL);

    // A later run, on another machine, is told where it lies there.
    stage.model.script({ when: /copied/, then: say('Copied it again.') }, copies('again.png'));
    await stage.reply(1, 'Copy it again');
    expect(await stage.worker('second').once()).toMatchObject({ code: 0 });
    expect(stage.bytes('claude/1-copy-the-picture', 'again.png')).toEqual(PIXEL);
  });

  it('a message that is queued as a task brings its files', async () => {
    stage.model.script({ when: /copied/, then: say('Copied it.') }, copies('copy.txt'));
    const alice = twin.user('alice');
    const message = alice.say('Copy the list', {
      channel: 'claude-tasks',
      files: [{ name: 'list.txt', type: 'text/plain', content: Buffer.from('milk\nbread\n') }],
    });
    const form = await alice.messageCommand('Queue as task', message).modal({ timeoutMs: 30_000 });
    await alice.submitModal(form).message({ timeoutMs: 30_000 });

    expect(await stage.worker('first', { file: ['default_project: notes'] }).once()).toMatchObject({
      code: 0,
    });

    expect((await stage.task(1)).result).toMatchObject({ outcome: 'done' });
    expect(stage.show('claude/1-copy-the-list', 'copy.txt')).toBe('milk\nbread');
  });
});
