import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStage, type Stage } from './stage.ts';

const SOMEBODY = '123456789012345678';
const NASTY: Record<string, string> = {
  mentions: `@everyone @here <@${SOMEBODY}> <@&${SOMEBODY}> <#${SOMEBODY}>`,
  markdown: '**bold** `code` ```fence never closed\n# big\n> quote ||spoiler|| [link](https://evil.example)',
  emoji: '👩‍💻'.repeat(500),
  surrogates: `half a pair \uD83D and \uDE00 the other ${'\uD83D'.repeat(300)}`,
  invisible: '\u200B\u200B \u2060\uFEFF',
  spaces: ' \n\t \n x \n',
  'right to left': '\u202Eevil\u202C ‮ שלום',
  'one word': 'x'.repeat(4_000),
  lines: 'line\n'.repeat(800).slice(0, 4_000),
  backticks: '`'.repeat(3_999),
  controls: 'a\u0001b\u0007c\u001B[31md',
  json: '{"content":"@everyone","embeds":[]}\\',
};

describe('texts from people and agents', () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await openStage();
  });

  afterEach(async () => {
    await stage.close();
    expect(stage.twin.violations).toEqual([]);
    expect(stage.logged('discord refused a message')).toEqual([]);
  });

  async function everythingWith(text: string) {
    const { store, tasks, relay } = stage;
    const name =
      text
        .replace(/\p{Cc}/gu, ' ')
        .slice(0, 100)
        .trim() || 'x';
    const task = await store.decide(tasks.submit({ description: text, submittedBy: name, target: name }));
    const claim = () => store.decide(tasks.claim(task.id, { instanceId: name, instanceName: name }));
    await relay.run();
    await claim();
    await store.decide(tasks.setStatus(task.id, {}, { notes: text }));
    await relay.run();
    await store.decide(tasks.release(task.id, {}, { reason: text.slice(0, 500), retryInMs: 60_000 }));
    await relay.run();
    await claim();
    await store.decide(tasks.fail(task.id, {}, { error: text, retry: true, retryInMs: 0 }));
    await relay.run();
    await claim();
    await store.decide(tasks.fail(task.id, {}, { error: text, retry: false, retryInMs: 0 }));
    await relay.run();
    await store.decide(tasks.requeue(task.id, {}));
    await claim();
    await store.decide(tasks.complete(task.id, {}, text.repeat(4).slice(0, 16_000)));
    await relay.run();
    const more = await store.decide(tasks.submit({ description: text }));
    await store.decide(tasks.cancel(more.id, {}, text.slice(0, 500)));
    await relay.run();
  }

  test.each(Object.entries(NASTY))('%s: shown, refused nowhere, pinging nobody', async (_name, text) => {
    await everythingWith(text);
    const alice = stage.twin.user('alice');
    for (const command of ['queue', 'status', 'done']) await alice.slash(command).message();
    const choices = await alice.autocomplete('cancel', { name: 'task_id', typed: '' }).choices();
    expect(choices.length).toBeLessThanOrEqual(25);
    expect(stage.twin.pings).toEqual([]);
    expect(stage.texts().length).toBeGreaterThan(7);
  });

  test('a hostile /task pings nobody, and its submitter once at the end', async () => {
    const alice = stage.twin.user('alice');
    await alice.slash('task', { description: NASTY['mentions']! }).message();
    await stage.relay.run();
    await stage.store.decide(stage.tasks.claim(1, { instanceId: 'mac' }));
    await stage.store.decide(stage.tasks.complete(1, {}, `${NASTY['mentions']!} ${alice.mention}`));
    await stage.relay.run();
    expect(stage.twin.pings).toMatchObject([{ users: [alice.id], roles: [], everyone: false }]);
  });

  test('long notes are shortened at a word and say where the whole is', async () => {
    const notes = 'word '.repeat(3_200).trim();
    await stage.store.decide(stage.tasks.submit({ description: 'x' }));
    await stage.store.decide(stage.tasks.claim(1, { instanceId: 'mac' }));
    await stage.store.decide(stage.tasks.complete(1, {}, notes));
    await stage.relay.run();
    const shown = stage.twin.channel('claude-tasks').messages.at(-1)?.embeds[0]?.description;
    expect(shown).toMatch(/word\n… \(shortened; all of it: `claude-task-client show 1`\)$/);
  });

  test('whatever the text, nothing is refused and nobody is pinged', async () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 4_000 });
    const mixed = fc
      .array(fc.oneof(text, fc.constantFrom(...Object.values(NASTY))), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.join('').replaceAll('\u0000', '').slice(0, 4_000) || 'x');
    await fc.assert(fc.asyncProperty(mixed, everythingWith), { numRuns: 8 });
    expect(stage.twin.pings).toEqual([]);
  });
});
