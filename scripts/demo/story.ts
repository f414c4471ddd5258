/** The story: a task, a question, an end; then one more wish in the same thread. */
import { git } from '../../tests/support/git-server.ts';
import type { TwinChannel, TwinMessage } from '../../tests/support/discord-twin/index.ts';
import { FOLLOW_UP, TASK } from './model.ts';
import type { Screen } from './screen.ts';
import type { Stage } from './stage.ts';

const PATIENCE = { timeoutMs: 180_000 };

export async function play(stage: Stage, screen: Screen): Promise<void> {
  const { twin, repository } = stage;
  const you = twin.user('you');

  screen.title(`/task description: ${TASK}  project: notes`);
  const card = await you.slash('task', { description: TASK, project: 'notes' }).message(PATIENCE);
  const thread = await openThread(stage, card);
  screen.note(`The worker "homelab" took it, and the thread "${thread.name}" opened on its card.`);

  const question = await twin.waitFor(() => asking(thread), { ...PATIENCE, what: 'the question' });
  screen.title('Claude asks before it runs a command');
  screen.place(thread.name, thread.messages, twin);
  screen.note('\n  -> you press "Allow for this task"');
  you.clickButton(question, 'Allow for this task');
  await twin.waitFor(() => ends(thread) === 1, { ...PATIENCE, what: 'the end' });

  screen.title(`/reply task_id: 1  text: ${FOLLOW_UP}`);
  const reply = await you.slash('reply', { task_id: '1', text: FOLLOW_UP }).message(PATIENCE);
  screen.note(`  ${reply.text.split('\n').join('\n  ')}`);
  await twin.waitFor(() => ends(thread) === 2, { ...PATIENCE, what: 'the second end' });

  const isSettled = () => count(thread, 'Stop') === 0 && count(thread, 'Follow up') === 1;
  await twin.waitFor(isSettled, { ...PATIENCE, what: 'the old buttons to go' });
  screen.title('The thread');
  screen.place(thread.name, thread.messages, twin);
  screen.title('The channel');
  screen.place('#claude-tasks', twin.channel('claude-tasks').messages, twin);

  const branch = git(repository, 'for-each-ref', '--format=%(refname:short)', 'refs/heads/claude');
  screen.title(`git log ${branch}`);
  screen.output(git(repository, 'log', '--stat', '--format=%h %an: %s%n%n%b', `main..${branch}`));
  screen.title(`git show ${branch}:README.md`);
  screen.output(git(repository, 'show', `${branch}:README.md`));
  screen.note(`\n"!" is a message that pinged you: ${twin.pings.length} in all.`);
}

async function openThread({ twin }: Stage, card: TwinMessage): Promise<TwinChannel> {
  const id = await twin.waitFor(() => card.threadId, { ...PATIENCE, what: 'the thread' });
  return twin.channel(id);
}

function asking({ messages }: TwinChannel): TwinMessage | undefined {
  return messages.find(({ controls }) => controls.some(({ label }) => label === 'Allow for this task'));
}

/** How many messages have a button of that name. */
function count({ messages }: TwinChannel, button: string): number {
  return messages.filter(({ controls }) => controls.some(({ label }) => label === button)).length;
}

/** Each end stands in a message with a way to go on. */
function ends({ history, messages }: TwinChannel): number {
  const isEnd = (message: TwinMessage) =>
    message.versions.some(({ components }) => JSON.stringify(components).includes('Follow up'));
  return (messages.length > 0 ? history : []).filter(isEnd).length;
}
