import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStage, type Stage } from './stage.ts';

describe('/queue', () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await openStage();
  });

  afterEach(async () => {
    await stage.close();
    expect(stage.twin.violations).toEqual([]);
  });

  const alice = () => stage.twin.user('alice');
  const submit = (description: string, more: object = {}) =>
    stage.store.decide(stage.tasks.submit({ description, ...more }));

  test('is seen by all, and says that nothing waits', async () => {
    const page = await alice().slash('queue').message();
    expect(page.isEphemeral).toBe(false);
    expect(page.text).toContain('Nothing is being worked on.');
    expect(page.text).toContain('Nothing waits.');
    expect(page.controls.map(({ label }) => label)).toEqual(['Refresh', 'Pause']);
  });

  test('says why the first ones wait', async () => {
    const look = async () => (await alice().slash('queue').message()).text;
    await submit('Deploy');
    expect(await look()).toContain('no instance is online');
    await submit('Second', { priority: 'high' });
    await stage.store.decide(stage.tasks.claimNext({ instanceId: 'macbook' }));
    expect(await look()).toContain('macbook is busy');
    expect(await look()).toMatch(/🔄 \*\*#2\*\* Second · macbook/);
    await submit('For one', { target: 'nas', priority: 'high' });
    expect(await look()).toContain('nas was never seen');
    await stage.store.decide(stage.tasks.pause('Maintenance'));
    expect(await look()).toContain('⏸️ **Paused**: Maintenance');
    expect(await look()).toContain('the queue is paused');
  });

  test('a button pauses and resumes, and the trail says who pressed it', async () => {
    const page = await alice().slash('queue').message();
    await alice().clickButton(page, 'Pause').answer();
    await stage.twin.waitFor(() => page.text.includes('Paused'));
    expect((await stage.store.counts()).queue.paused).toBe(true);
    await alice().clickButton(page, 'Resume').answer();
    await stage.twin.waitFor(() => !page.text.includes('Paused'));
    expect((await stage.store.counts()).queue.paused).toBe(false);
    const { events } = await stage.store.adminEvents({ limit: 10 });
    const actor = `discord:${alice().id}`;
    expect(events).toMatchObject([
      { action: 'queue_resumed', actor },
      { action: 'queue_paused', actor },
    ]);
  });

  test('a page shows all of its tasks, however long their names are', async () => {
    for (let count = 1; count <= 12; count += 1) {
      await submit(`${'*long*'.repeat(30)} ${count}`, { target: `machine-${'_x'.repeat(30)}` });
    }
    const page = (await alice().slash('queue').message()).text;
    for (let id = 1; id <= 10; id += 1) expect(page).toContain(`**#${id}**`);
    expect(page).not.toContain('more');
  });

  test('pages through long lists, also after a restart', async () => {
    for (let count = 1; count <= 25; count += 1) await submit(`Task number ${count}`);
    const page = await alice().slash('queue').message();
    expect(page.text).toContain('Page 1 of 3');
    expect(page.text).toContain('Task number 10');
    expect(page.text).not.toContain('Task number 11');
    await alice().clickButton(page, 'More ▶').answer();
    await stage.twin.waitFor(() => page.text.includes('Page 2 of 3'));
    expect(page.text).toContain('Task number 11');
    stage = await stage.restart();
    await alice().clickButton(page, 'More ▶').answer();
    await stage.twin.waitFor(() => page.text.includes('Page 3 of 3'));
    expect(page.text).toContain('Task number 25');
    expect(page.controls.find(({ label }) => label === 'More ▶')?.disabled).toBe(true);
    await alice().clickButton(page, '◀ Back').answer();
    await stage.twin.waitFor(() => page.text.includes('Page 2 of 3'));
  });

  test('a page that has vanished shows the last one', async () => {
    for (let count = 1; count <= 12; count += 1) await submit(`Task number ${count}`);
    const page = await alice().slash('queue').message();
    for (let id = 1; id <= 5; id += 1) await stage.store.decide(stage.tasks.cancel(id, {}));
    await alice().clickButton(page, 'More ▶').answer();
    await stage.twin.waitFor(() => page.text.includes('Waiting (7)'));
    expect(page.text).toContain('Task number 12');
  });

  test('pages beyond what one read gives', async () => {
    const works = Array.from({ length: 415 }, (_, index) => submit(`Task number ${index + 1}`));
    await Promise.all(works);
    const page = await alice().slash('queue').message();
    alice().clickButton(page, 'page-on:41', { evenIfGone: true });
    await stage.twin.waitFor(() => page.text.includes('Page 42 of 42'));
    expect(page.text).toContain('Task number 415');
    expect(page.text).not.toContain('Task number 410\n');
  });

  test('holds within the limits with the longest titles and names', async () => {
    const nasty = `${'𝕏'.repeat(50)} *_~|<@123456789012345678>`.repeat(20).slice(0, 4_000);
    for (let count = 0; count < 24; count += 1) await submit(nasty, { target: 'n'.repeat(100) });
    for (let count = 1; count <= 12; count += 1) {
      const by = { instanceId: `i${count}`, instanceName: '_'.repeat(100) };
      await stage.store.decide(stage.tasks.claim(count, by));
    }
    const page = await alice().slash('queue').message();
    expect(page.embeds[0]!.description!.length).toBeLessThanOrEqual(4_096);
    expect(page.embeds[0]!.description).toContain('#22');
    await alice().slash('status').message();
    await alice().slash('done').message();
  });
});
