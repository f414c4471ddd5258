/**
 * What stands in a thread and changes in place: the button of the run that goes on, the list of what it has to do,
 * what it has been doing for long, the buttons of an end, and questions until they are answered.
 */
import type { Store } from '../../core/ports.ts';
import { isFinished } from '../../core/task.ts';
import type { ThreadStep } from '../../core/thread-ports.ts';
import { questionCard } from './question-card.ts';
import { runCard, todoCard } from './thread-cards.ts';
import type { Draft, Running } from './thread-draft.ts';
import { questionOf, SLOTS } from './thread-memo.ts';

/** What takes less is not worth a word. */
const LONG_MS = 10_000;
/** How often the time that something takes is told. */
const EVERY_MS = 30_000;

export interface LastingDeps {
  readonly store: Pick<Store, 'question'>;
}

export async function drawLasting(draft: Draft, { store }: LastingDeps): Promise<ThreadStep> {
  const { task, work } = draft.scene;
  const isAllTold = draft.to() >= work.lastSeq;
  const isRunning = task.status === 'in_progress';
  if (isAllTold && isRunning) showRun(draft, work.runs);
  stripButtons(draft);
  // Its claim was taken back: the next run has the same number, and a card of its own.
  if (draft.memo().run > work.runs) draft.remember({ run: work.runs });
  await closeQuestions(draft, store);
  if (isAllTold) showTodo(draft);
  const running = isAllTold && isRunning ? runningNow(draft) : null;
  if (running !== null && !draft.isWorking()) draft.work([]);
  draft.showWork(running);
  return draft.done(isRunning ? untilNext(draft) : null);
}

/** A run that has its card already needs no other. */
export function showRun(draft: Draft, run: number): void {
  const { run: shown, canStop } = draft.memo();
  if (run <= shown) return;
  const { task, work } = draft.scene;
  const isNewest = run === work.runs;
  if (canStop) draft.edit(SLOTS.run, { takesButtons: true });
  draft.send(runCard(task, { number: run, isNewest }), { slot: SLOTS.run });
  draft.remember({ run, canStop: isNewest && task.status === 'in_progress' });
}

export function stripButtons(draft: Draft): void {
  const { task } = draft.scene;
  const { canStop, canFollowUp } = draft.memo();
  if (canStop && task.status !== 'in_progress') {
    draft.edit(SLOTS.run, { takesButtons: true });
    draft.remember({ canStop: false });
  }
  if (canFollowUp && !isFinished(task)) {
    draft.edit(SLOTS.end, { takesButtons: true });
    draft.remember({ canFollowUp: false });
  }
}

/** Those that are asked in this place: each shows its answer where it stands. */
export async function closeQuestions(
  draft: Draft,
  store: LastingDeps['store'],
  isAside = false,
): Promise<void> {
  for (const slot of Object.keys(draft.scene.slots)) {
    const id = questionOf(slot);
    if (id === null) continue;
    const question = await store.question(id);
    if (question?.status === 'open') continue;
    if (question !== null) draft.edit(slot, questionCard(draft.scene.task, question, { isAside }));
    draft.leave(slot);
  }
}

/** Each run has a list of its own: what it does now does not change what stands far above. */
function showTodo(draft: Draft): void {
  const { work, slots } = draft.scene;
  if (work.todo.length === 0) return;
  const shown = JSON.stringify(work.todo);
  const { todo } = draft.memo();
  if (todo?.shown === shown) return;
  const stands = todo?.run === work.runs && SLOTS.todo in slots;
  if (stands) draft.edit(SLOTS.todo, todoCard(work.todo));
  else draft.send(todoCard(work.todo), { slot: SLOTS.todo });
  draft.remember({ todo: { run: work.runs, shown } });
}

function runningNow({ scene: { work, now } }: Draft): Running | null {
  const { activity } = work;
  if (activity === null) return null;
  const elapsedMs = now.getTime() - activity.startedAt.getTime();
  if (elapsedMs < LONG_MS) return null;
  const told = Math.floor(elapsedMs / EVERY_MS) * EVERY_MS;
  return { activity, elapsedMs: told === 0 ? null : told };
}

function untilNext({ scene: { work, now } }: Draft): number | null {
  if (work.activity === null) return null;
  const elapsedMs = Math.max(0, now.getTime() - work.activity.startedAt.getTime());
  return elapsedMs < LONG_MS ? LONG_MS - elapsedMs : EVERY_MS - (elapsedMs % EVERY_MS);
}
