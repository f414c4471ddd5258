/** A task from the words of a person to a pushed branch, by the real Agent SDK. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { git } from '../support/git-server.ts';
import { bash, say } from '../support/messages-api/replies.ts';
import { MODEL, openStage, trailersOf, type Stage } from '../support/worker/stage.ts';
import { IS_MISSING } from './world.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});

afterEach(() => stage.close());

describe.skipIf(IS_MISSING)('a task that Claude does', () => {
  it('becomes a branch, a result with its costs, and a whole conversation', async () => {
    stage.model.script(
      { when: /Write a note/, then: bash('echo "from the model" > note.txt; git status --short') },
      { when: /note\.txt/, then: say('Wrote the note.') },
    );
    const lab = stage.worker('lab', { apiKey: 'fake-key-that-nobody-shows' });
    lab.start();
    const added = await lab.client('add', 'Write a note', '--project', 'notes');
    expect(added).toMatchObject({ code: 0 });

    const watched = await lab.client('watch', '1');

    expect(watched).toMatchObject({ code: 0 });
    expect(watched.stdout).toContain('Wrote the note.');
    const branch = 'claude/1-write-a-note';
    const { status, result } = await stage.task(1);
    expect(status).toBe('completed');
    expect(result).toMatchObject({
      ...{ outcome: 'done', summary: 'Wrote the note.', branch, model: MODEL },
      commit: git(stage.bare, 'rev-parse', branch),
      base: git(stage.bare, 'rev-parse', 'main'),
      ...{ files_changed: 1, insertions: 1, deletions: 0 },
      ...{ input_tokens: 200, output_tokens: 40, turns: 2, cost_estimated: false },
    });
    expect(result?.cost_usd).toBeCloseTo(0.0012, 6);
    expect(result?.duration_seconds).toBeGreaterThan(0);
    expect(stage.show(branch, 'note.txt')).toBe('from the model');
    expect(stage.branches()).toEqual([`refs/heads/${branch}`]);
    expect(trailersOf(stage.bare, branch)).toEqual({
      'Athena-Task': '1',
      'Athena-Submitted-By': expect.any(String) as string,
      'Athena-Session': result?.session_id,
    });
    const messages = await stage.messages(1);
    expect(messages.map(({ run, kind }) => [run, kind])).toEqual([
      [1, 'tool'],
      [1, 'text'],
      [1, 'result'],
    ]);
    const transcript = await stage.transcript(1);
    expect(transcript).toContain('Wrote the note.');
    expect(transcript).not.toContain('fake-key-that-nobody-shows');
  });

  it('that changes nothing is completed without a branch, and says so', async () => {
    stage.model.script({ when: /Look at it/, then: say('All is well already.') });
    await stage.server().api.add('Look at it', { project: 'notes' });

    expect(await stage.worker('lab').once()).toMatchObject({ code: 0 });

    const { status, result } = await stage.task(1);
    expect(status).toBe('completed');
    expect(result).toMatchObject({ outcome: 'no_changes', summary: 'All is well already.', branch: null });
    expect(stage.branches()).toEqual([]);
  });

  it('commits by itself: its commits stay as they are, the rest is one more', async () => {
    stage.model.script(
      {
        when: /Write two notes/,
        then: bash(
          'echo one > one.txt && git add one.txt && git commit -qm "The first" && echo two > two.txt; ls',
        ),
      },
      { when: /two\.txt/, then: say('Wrote both.') },
    );
    await stage.server().api.add('Write two notes', { project: 'notes', submitted_by: 'Ada' });

    expect(await stage.worker('lab').once()).toMatchObject({ code: 0 });

    const branch = 'claude/1-write-two-notes';
    expect(git(stage.bare, 'log', '--format=%s', `main..${branch}`).split('\n')).toEqual([
      'Write two notes',
      'The first',
    ]);
    expect(trailersOf(stage.bare, branch)).toMatchObject({ 'Athena-Submitted-By': 'Ada' });
    expect((await stage.task(1)).result).toMatchObject({ outcome: 'done', files_changed: 2, insertions: 2 });
  });
});
