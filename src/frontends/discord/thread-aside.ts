/**
 * What is told in the notification channel of a task that has no thread: its questions, and an end that the channel
 * had left to the thread. All else is in the task's own messages for whoever looks.
 */
import type { FrontEndMemory, Store } from '../../core/ports.ts';
import type { RunMessage } from '../../core/run.ts';
import { isFinished } from '../../core/task.ts';
import type { ThreadScene, ThreadStep } from '../../core/thread-ports.ts';
import { questionCard } from './question-card.ts';
import { LEFT_TO_THREAD } from './quiet-end.ts';
import { createDraft, type Draft } from './thread-draft.ts';
import { endCard } from './thread-end.ts';
import { closeQuestions, stripButtons } from './thread-lasting.ts';
import { questionSlot, SLOTS } from './thread-memo.ts';

/** How soon to look again whether the channel's own line has been told. */
const SOON_MS = 1_000;

export interface AsideDeps {
  readonly store: Pick<Store, 'question'>;
  readonly memory: Pick<FrontEndMemory, 'link'>;
  readonly isAnnounced: () => Promise<boolean>;
}

export async function drawAside(scene: ThreadScene, deps: AsideDeps): Promise<ThreadStep> {
  const draft = createDraft(scene);
  const news = scene.elsewhere.isOpen ? [] : scene.messages;
  const end = news.findLast(({ kind }) => kind === 'result');
  const mustWait = end !== undefined && !(await deps.isAnnounced());
  for (const message of news) {
    if (mustWait && message.kind === 'result') break;
    if (message.kind === 'question') await ask(message, draft, deps);
    if (message === end) await tellEnd(message, draft, deps);
    draft.toldUpTo(message.seq);
  }
  stripButtons(draft);
  await closeQuestions(draft, deps.store, true);
  return draft.done(mustWait ? SOON_MS : null);
}

async function ask({ data, run, seq }: RunMessage, draft: Draft, { store }: AsideDeps): Promise<void> {
  const question = data?.question_id === undefined ? null : await store.question(data.question_id);
  if (question?.status !== 'open') return;
  const card = questionCard(draft.scene.task, question, { isReminder: run === null, isAside: true });
  draft.send(card, { slot: questionSlot(question.id, seq) });
}

/** Only of an end that the channel has told without a sound nobody has heard. */
async function tellEnd(message: RunMessage, draft: Draft, { memory }: AsideDeps): Promise<void> {
  const { task } = draft.scene;
  if ((await memory.link(task.id, LEFT_TO_THREAD)) === null) return;
  if (draft.memo().canFollowUp) draft.edit(SLOTS.end, { takesButtons: true });
  draft.send(endCard(task, message), { slot: SLOTS.end });
  draft.remember({ canFollowUp: isFinished(task) });
}
